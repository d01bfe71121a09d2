"""Outlooks of runs at a quarter of their way: how often the truth is within the interval, and how wide it is.

python benchmarks/doctor/forecasts.py [--reference]
"""

from __future__ import annotations

import argparse
import math
import os
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from statistics import median
from textwrap import fill
from typing import Any

import numpy as np
from healthy import ARCHITECTURES, TABLES, healthy

import downslope as ds
from downslope.insight.curves import history_of
from downslope.insight.diagnosis import Call
from downslope.insight.extrapolation import (
    EDGES,
    Estimate,
    Grade,
    grades_of,
    krylov_spectrum,
    near_grades,
)

KINDS: Mapping[str, Mapping[str, Any]] = {
    "descent": {"optimizer": "sgd", "learning_rate": 0.1, "epochs": 2000, "batch_size": None},
    "momentum": {"optimizer": ds.Sgd(0.9), "learning_rate": 0.02, "epochs": 1000, "batch_size": None},
    "batches": {"optimizer": "sgd", "learning_rate": 0.03, "epochs": 160, "batch_size": 32},
    "batches, momentum": {"optimizer": ds.Sgd(0.9), "learning_rate": 0.01, "epochs": 120, "batch_size": 32},
    "adam": {"optimizer": "adam", "learning_rate": 0.003, "epochs": 120, "batch_size": 32},
    "adam, all rows": {"optimizer": "adam", "learning_rate": 0.01, "epochs": 600, "batch_size": None},
    "adam, cosine": {"optimizer": "adam", "learning_rate": ds.Cosine(0.01), "epochs": 120, "batch_size": 32},
}
LINEAR = "linear"
_SLOWER = 30  # times lower rates for linear networks, which are at their minimum early otherwise
DRAWN = tuple(f"drawn {number}" for number in range(16))
"""Tables of the development half besides: what a network drawn at random says of random rows, and noise."""
MARGIN = 0.1
"""The target: the error at the end, and a tenth of what it fell by since the quarter."""
_END = 50  # the last part of the epochs that is the end: 1/50
_ASKED = (8, 4, 2)
_NOISE = 3  # standard deviations of an epoch's error
HALVES = {"development": (0, (0, 1, 2)), "scored": (1, (3, 4))}
"""Of every two tables which, and the seeds."""


@dataclass(frozen=True)
class Case:
    """A run: a table, an architecture or ``"linear"``, a kind of descent, a seed."""

    table: str
    architecture: str
    kind: str
    seed: int

    @property
    def call(self) -> Call:
        """What it calls."""
        name = "wide" if self.architecture == LINEAR else self.architecture
        call = (
            _drawn(self.table, name, self.seed)
            if self.table in DRAWN
            else healthy(self.table, name, self.seed)
        )
        call = call.with_settings(validation=None, **KINDS[self.kind])
        if self.architecture != LINEAR:
            return call
        last, slower = call.network.layers[-1], call.settings["learning_rate"]
        rate = slower / _SLOWER if isinstance(slower, float) else slower
        network = ds.Network(call.x.shape[1], [last], loss=call.network.loss)
        return call.with_network(network).with_settings(learning_rate=rate)


def _drawn(table: str, architecture: str, seed: int) -> Call:
    """Of a number the standardised output of a random network, of two classes its sign."""
    random = np.random.default_rng([seed, *table.encode()])
    rows, inputs, units = random.integers(150, 1000), random.integers(1, 12), random.integers(1, 40)
    x = random.standard_normal((rows, inputs))
    hidden = np.tanh(x @ random.standard_normal((inputs, units)) + random.standard_normal(units))
    y = hidden @ random.standard_normal(units)
    y = (y - y.mean()) / y.std() + random.uniform(0, 1) * random.standard_normal(rows)
    classes = DRAWN.index(table) % 3 == 0
    loss = "binary_cross_entropy" if classes else "squared_error"
    network = ds.Network(int(inputs), [*ARCHITECTURES[architecture](), ds.Dense(1)], loss=loss)
    return Call(network, x, (y > 0).astype(float) if classes else y / y.std(), {"seed": seed})


@dataclass(frozen=True)
class Asked:
    """What was said at a quarter, and what came.

    Attributes:
        exact: whether it was said to be exact.
        steps, took: to the target.
        error, came: at the end.
        share: of the error now, that it fell by.
    """

    case: Case
    exact: bool
    steps: Estimate
    took: float
    error: Estimate
    came: float

    @property
    def within(self) -> bool:
        """Whether the steps that it took are in the interval."""
        return _within(self.steps, self.took)

    @property
    def error_within(self) -> bool:
        """Whether the error at the end is in the interval."""
        return _within(self.error, self.came)

    @property
    def error_width(self) -> float:
        """High less low of the error at the end, over what is most likely."""
        return (self.error.high - self.error.low) / abs(self.error.value) if self.error.value else math.inf

    @property
    def width(self) -> float:
        """High over low."""
        return self.steps.high / self.steps.low if self.steps.low else math.inf


def _within(estimate: Estimate, truth: float) -> bool:
    slack = 1e-9 * abs(truth)
    return estimate.low - slack <= truth <= estimate.high + slack


def cases(half: str) -> Iterator[Case]:
    """All runs of a half."""
    which, seeds = HALVES[half]
    for place in product(list(TABLES)[which::2], (*ARCHITECTURES, LINEAR), KINDS, seeds):
        yield Case(*place)


def reference_cases() -> Iterator[Case]:
    """The runs of the development half, and one of each drawn table."""
    yield from cases("development")
    for place in product(DRAWN, (*ARCHITECTURES, LINEAR), KINDS):
        yield Case(*place, seed=0)


def asked(case: Case) -> Asked | None:
    """Ask at a quarter; None where the target is within the noise of an epoch, or the run fails."""
    os.environ["OMP_NUM_THREADS"] = "1"
    warnings.simplefilter("ignore")
    call = case.call
    whole = call.run()
    if whole.stopped != "finished":
        return None
    history = history_of(whole)
    known = len(history.errors) // 4
    steps = known * whole.steps_in_epoch
    quarter = call.run(progress=lambda progress: progress.step >= steps)
    assert np.array_equal(quarter.losses, whole.losses[:steps])
    ahead = ds.outlook(quarter, call.x, call.y)
    end = float(history.errors[-max(1, len(history.errors) // _END) :].mean())
    now = float(history.errors[known - max(1, known // _END) : known].mean())
    target = end + MARGIN * (now - end)
    reached = np.flatnonzero(history.errors[known:] <= target)
    noise = float(np.std(np.diff(history.errors[known * 3 // 4 : known], 2))) / 6**0.5
    if not target < now - _NOISE * noise or not len(reached):
        return None
    took = float(history.steps[known + reached[0]]) - steps
    last = int(history.steps[-1]) - steps
    exact = ahead.level.low == ahead.level.high
    return Asked(
        case, exact, ahead.steps_to(target), took, ahead.error_after(last), float(history.errors[-1])
    )


def report(half: str, answers: Sequence[Asked | None]) -> str:
    """The table of a half, in Markdown."""
    found = [each for each in answers if each is not None]
    groups: dict[str, list[Asked]] = defaultdict(list)
    for each in found:
        groups["exact" if each.exact else each.case.kind].append(each)
    lines = [
        f"{half}: {len(found)} runs; {len(answers) - len(found)} more, which fell by no more than the noise",
        "",
        "| descent | runs | steps within | median high/low | off by, median | end within | width of it |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(_row(kind, groups[kind]) for kind in (*KINDS, "exact")),
        _row("all but exact", [each for each in found if not each.exact]),
        _row("all", found),
    ]
    return "\n".join(lines)


def _row(name: str, found: Sequence[Asked]) -> str:
    if not found:
        return f"| {name} | 0 | – | – | – | – | – |"
    within, errors = (100 * np.mean([getattr(e, n) for e in found]) for n in ("within", "error_within"))
    off = median(abs(math.log((e.steps.value + 1) / (e.took + 1))) for e in found)
    width = median(e.width for e in found)
    told = f"{errors:.0f} % | {median(e.error_width for e in found):.2f}"
    return f"| {name} | {len(found)} | {within:.0f} % | {width:.2f} | {math.exp(off):.2f} × | {told} |"


def grades(case: Case) -> list[Grade]:
    """Of forecasts asked at 1/8, 1/4 and 1/2 of a run, graded by its end."""
    os.environ["OMP_NUM_THREADS"] = "1"
    run = case.call.run()
    if run.stopped != "finished":
        return []
    history = history_of(run)
    count = len(history.errors)
    found = [grade for part in _ASKED for grade in grades_of(history, count // part, count)]
    if run.steps_in_epoch > 1 or case.architecture == LINEAR:
        return found
    for steps in (count // part for part in _ASKED):
        so_far = case.call.run(steps=steps, epochs=None)
        spectrum = krylov_spectrum(so_far, case.call)
        found += [] if spectrum is None else near_grades(spectrum, run.losses[steps:])
    return found


def reference(found: Mapping[str, Sequence[Grade]]) -> str:
    """The quantiles that intervals begin with, and how they would have done on each table left out."""
    everything = [grade for some in found.values() for grade in some]
    lines = ["QUANTILES = {"]
    for kind in EDGES:
        lines.append(f'    "{kind}": (')
        for some in _binned(everything, kind):
            row = ", ".join(f"{q:.3g}" for q in _quantiles(some))
            lines.append(fill(f"({row}),", 100, initial_indent=" " * 8, subsequent_indent=" " * 9))
        lines.append("    ),")
    return "\n".join(["# fmt: off", *lines, "}", "# fmt: on"])


def left_out(found: Mapping[str, Sequence[Grade]], missed: float) -> list[float]:
    """Of each table, the share of its grades of steps within the quantiles of the other tables' grades."""
    shares = []
    for table, own in found.items():
        others = [grade for name, some in found.items() if name != table for grade in some]
        within = []
        for kind in ("steps", "noisy", "beyond"):
            for mine, theirs in zip(_binned(own, kind), _binned(others, kind), strict=True):
                low, high = np.quantile([grade.off for grade in theirs], [missed / 2, 1 - missed / 2])
                within += [low <= grade.off <= high for grade in mine]
        shares.append(float(np.mean(within)))
    return shares


def _binned(found: Sequence[Grade], kind: str) -> list[list[Grade]]:
    edges = EDGES[kind]
    return [
        [grade for grade in found if grade.kind == kind and low <= grade.ahead < high]
        for low, high in zip(edges, (*edges[1:], math.inf), strict=True)
    ]


def _quantiles(found: Sequence[Grade]) -> Sequence[float]:
    return np.quantile([grade.off for grade in found], np.arange(1, 40) / 40).tolist()


def main() -> None:
    """Ask in both halves, and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--reference", action="store_true", help="print the grades of the development half")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes")
    given = parser.parse_args()
    with ProcessPoolExecutor(given.workers) as pool:
        if given.reference:
            asked_of = list(reference_cases())
            found: dict[str, list[Grade]] = defaultdict(list)
            for case, some in zip(asked_of, pool.map(grades, asked_of, chunksize=4), strict=True):
                found[case.table] += some
            print(reference(found))
            for missed in (0.1, 0.08, 0.06, 0.05, 0.04):
                shares = left_out(found, missed)
                enough = f"{sum(share >= 0.9 for share in shares)} of {len(shares)} tables left out"
                print(f"# {missed} outside of their own: {enough} have 90 % within")
            return
        for half in HALVES:
            print(report(half, list(pool.map(asked, cases(half), chunksize=4))), end="\n\n")


if __name__ == "__main__":
    main()
