"""Estimators of tables beside boosted trees and a linear model, all with their defaults, on small tables.

    python benchmarks/defaults.py measure defaults.jsonl
    python benchmarks/defaults.py show defaults.jsonl [--write]
    python benchmarks/defaults.py measure drawn.jsonl --drawn 1800 2293   # tables that nobody chose

Each line of the file is a fit of four fifths of a table on two threads, measured on the last fifth; a file
goes on where it ends. All get the same frame, with categories as such. The error is the root mean squared
error over the standard deviation of the targets, or the log loss. What a library refuses is left out, and
said.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from drawn_tables import drawn
from report import machine, publish, table
from scores import log_loss, relative_error
from small_tables import KINDS, TABLES, SmallTable

THREADS = 2
_FEW = 10  # different numbers of a target that is taken for classes

Errors = Mapping[str, Mapping[str, float]]
"""The mean over seeds, by table and library."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    commands = parser.add_subparsers(required=True)
    measure = commands.add_parser("measure", help="fit the tables, and write a line for each fit")
    measure.add_argument("file", type=Path)
    measure.add_argument("--seeds", nargs="*", type=int, default=[0])
    measure.add_argument("--kinds", nargs="*", default=list(KINDS), choices=KINDS)
    measure.add_argument("--library", nargs="*", default=list(LIBRARIES), choices=LIBRARIES)
    places = ("FIRST", "LAST")
    measure.add_argument(
        "--drawn", nargs=2, type=int, metavar=places, help="in place of them, of tables in random order"
    )
    measure.set_defaults(run=measured)
    show = commands.add_parser("show", help="ranks, and errors as ratios to the best of the others")
    show.add_argument("file", type=Path)
    show.add_argument("--write", action="store_true", help="put the tables into benchmarks/README.md")
    show.set_defaults(run=shown)
    args = parser.parse_args()
    args.run(args)


def measured(args: argparse.Namespace) -> None:
    known = {(line["table"], line["seed"], line["library"]) for line in lines_of(args.file)}
    tables = list(drawn(*args.drawn)) if args.drawn else [t for t in TABLES if t.kind in args.kinds]
    for seed, small in product(args.seeds, tables):
        for library in args.library:
            if (small.name, seed, library) in known:
                continue
            try:
                error, seconds = fitted(small, library, seed)
            except ValueError as refused:
                print(f"{library}, {small.name}: {refused}", file=sys.stderr)
                continue
            line = {"table": small.name, "seed": seed, "library": library, "error": error, "seconds": seconds}
            with args.file.open("a") as file:
                file.write(json.dumps(line) + "\n")


def fitted(small: SmallTable, library: str, seed: int) -> tuple[float, float]:
    """The error on the last fifth of the rows in random order, and the seconds that the fit took."""
    x, y, classes = parts(small)
    order = np.random.default_rng(seed).permutation(len(x))
    test, train = order[: len(order) // 5], order[len(order) // 5 :]
    model = LIBRARIES[library](classes, seed, [name for name in x if x[name].dtype == "category"])
    begun = time.perf_counter()
    model.fit(x.iloc[train], y[train])
    seconds = time.perf_counter() - begun
    if not classes:
        return relative_error(model.predict(x.iloc[test]), y[test]), seconds
    return log_loss(model.predict_proba(x.iloc[test]), model.classes_, y[test]), seconds


def parts(small: SmallTable) -> tuple[Any, np.ndarray, bool]:
    """The inputs, with words as categories; the targets, as numbers; and whether these are of classes."""
    import pandas as pd

    x = small.frame()
    y = x.pop(small.target)
    for name in x:
        if name in small.category or x[name].dtype.kind not in "iuf":
            x[name] = x[name].astype(str).where(x[name].notna(), None).astype("category")
    if pd.api.types.is_numeric_dtype(y) and y.nunique() > _FEW:
        return x, y.to_numpy(float), False
    return x, np.unique(y.astype(str), return_inverse=True)[1], True


def ours(classes: bool, seed: int, categories: Sequence[str]) -> Any:
    import downslope as ds

    return (ds.TableClassifier if classes else ds.TableRegressor)(random_state=seed)


def catboost(classes: bool, seed: int, categories: Sequence[str]) -> Any:
    import catboost as peer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    kind = peer.CatBoostClassifier if classes else peer.CatBoostRegressor
    options = {"thread_count": THREADS, "random_seed": seed, "verbose": False, "allow_writing_files": False}

    def as_texts(x: Any) -> Any:
        words = {name: x[name].astype(object).fillna("missing").astype(str) for name in categories}
        return x.assign(**words)

    texts = FunctionTransformer(as_texts)
    return make_pipeline(texts, kind(**options, cat_features=list(categories)))


def lightgbm(classes: bool, seed: int, categories: Sequence[str]) -> Any:
    import lightgbm as peer

    kind = peer.LGBMClassifier if classes else peer.LGBMRegressor
    return kind(n_jobs=THREADS, random_state=seed, verbose=-1)


def xgboost(classes: bool, seed: int, categories: Sequence[str]) -> Any:
    import xgboost as peer

    kind = peer.XGBClassifier if classes else peer.XGBRegressor
    return kind(n_jobs=THREADS, random_state=seed, enable_categorical=True)


def histogram(classes: bool, seed: int, categories: Sequence[str]) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    return kind(categorical_features="from_dtype", random_state=seed)


def linear(classes: bool, seed: int, categories: Sequence[str]) -> Any:
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    words = OneHotEncoder(handle_unknown="ignore")
    inputs = make_column_transformer((words, list(categories)), remainder=numbers)
    return make_pipeline(inputs, LogisticRegression(max_iter=1000) if classes else Ridge())


MINE = "Downslope"
LIBRARIES: Mapping[str, Callable[[bool, int, Sequence[str]], Any]] = {
    MINE: ours,
    "CatBoost": catboost,
    "LightGBM": lightgbm,
    "XGBoost": xgboost,
    "HistGradientBoosting": histogram,
    "linear": linear,
}


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def shown(args: argparse.Namespace) -> None:
    lines = lines_of(args.file)
    errors, seconds = means(lines, "error"), means(lines, "seconds")
    ranks = {library: found for library in LIBRARIES if (found := ranks_of(library, errors))}
    firsts = {library: sum(rank == 1 for rank in found) for library, found in ranks.items()}
    by_library = [
        [library, f"{np.mean(found):.2f}", str(firsts[library]), f"{time_ratio(library, seconds):.2f}"]
        for library, found in ranks.items()
    ]
    kinds = {kind: [t.name for t in TABLES if t.kind == kind and t.name in errors] for kind in KINDS}
    by_kind = [kind_row(kind, names, errors) for kind, names in kinds.items() if names]
    tables = [
        machine("downslope", "catboost", "lightgbm", "xgboost", "scikit-learn"),
        table(["defaults of", "mean rank", "first on", "time of Downslope's"], by_library),
        table(
            ["kind", "tables", "error, of the best other's", "first on", "worst"],
            [*by_kind, kind_row("all", list(errors), errors)],
        ),
    ]
    publish("defaults" if by_kind else "drawn", tables, args.write)


def means(lines: Sequence[Mapping[str, Any]], of: str) -> Errors:
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        found[line["table"]][line["library"]].append(line[of])
    return {name: {k: float(np.mean(v)) for k, v in by.items()} for name, by in found.items() if MINE in by}


def ranks_of(library: str, errors: Errors) -> list[int]:
    """Of a library on each table that it was fitted to; 1 is the smallest error."""
    return [sorted(by.values()).index(by[library]) + 1 for by in errors.values() if library in by]


def time_ratio(library: str, seconds: Errors) -> float:
    """The geometric mean over tables."""
    return float(
        np.exp(np.mean([np.log(by[library] / by[MINE]) for by in seconds.values() if library in by]))
    )


def kind_row(kind: str, names: Sequence[str], errors: Errors) -> list[str]:
    ratios = {}
    for name in names:
        others = [error for library, error in errors[name].items() if library != MINE]
        ratios[name] = errors[name][MINE] / min(others)
    worst = max(ratios, key=ratios.__getitem__)
    mean = float(np.exp(np.mean(np.log(list(ratios.values())))))
    first = sum(ratio < 1 for ratio in ratios.values())
    return [kind, str(len(names)), f"{mean:.3f}", str(first), f"{ratios[worst]:.2f} ({worst})"]


if __name__ == "__main__":
    main()
