"""A change of the defaults of ``ds.fit`` against the defaults, on small tables: its gain and its cost.

    python benchmarks/tricks.py measure base.jsonl
    python benchmarks/tricks.py measure dry.jsonl --option dropout=0.0
    python benchmarks/tricks.py compare base.jsonl dry.jsonl

Measure the change in the tree that has it, and the defaults in the one that has not: each line of a file is a
fit of a table with a seed, and a file goes on where it ends. Half of the tables choose, the others confirm.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import comb
from pathlib import Path
from typing import Any

import numpy as np

import downslope as ds
from report import machine, table
from scores import log_loss
from small_tables import KINDS, TABLES, SmallTable

HALVES = ("choose", "confirm")

Key = tuple[str, int]  # of a table and a seed


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    commands = parser.add_subparsers(required=True)
    measure = commands.add_parser("measure", help="fit the tables, and write a line for each fit")
    measure.add_argument("file", type=Path)
    measure.add_argument("--option", nargs="*", default=[], metavar="NAME=VALUE", help="of ds.fit, in JSON")
    measure.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    measure.add_argument("--kinds", nargs="*", default=list(KINDS), choices=KINDS)
    measure.add_argument("--half", choices=HALVES, help="only the tables that choose, or that confirm")
    measure.set_defaults(run=measured)
    compare = commands.add_parser("compare", help="the first file against each of the others")
    compare.add_argument("files", nargs="+", type=Path)
    compare.set_defaults(run=compared)
    args = parser.parse_args()
    args.run(args)


@dataclass(frozen=True)
class Score:
    """Of one fit: the held-out error (root mean squared, or log loss), and seconds of the processor."""

    error: float
    seconds: float


def measured(args: argparse.Namespace) -> None:
    options = {name: json.loads(value) for name, _, value in (o.partition("=") for o in args.option)}
    chosen = [t for t in TABLES if t.kind in args.kinds and args.half in (None, half_of(t))]
    known = scores_in(args.file) if args.file.exists() else {}
    for seed, small in product(args.seeds, chosen):
        if (small.name, seed) not in known:
            score = fitted(small, seed, options)
            line = {"table": small.name, "seed": seed, "error": score.error, "seconds": score.seconds}
            with args.file.open("a") as file:
                file.write(json.dumps(line) + "\n")


def half_of(small: SmallTable) -> str:
    """Every other table of a kind chooses."""
    return HALVES[[t.name for t in TABLES if t.kind == small.kind].index(small.name) % 2]


def fitted(small: SmallTable, seed: int, options: Mapping[str, Any]) -> Score:
    """A fit of four fifths of the rows with one thread, measured on the last fifth."""
    frame = small.frame()
    order = np.random.default_rng(seed).permutation(len(frame))
    test, train = frame.iloc[order[: len(frame) // 5]], frame.iloc[order[len(frame) // 5 :]]
    begun = time.process_time()
    model = ds.fit(
        train, target=small.target, category=small.category, seed=seed, **{"threads": 1, **options}
    )
    seconds = time.process_time() - begun
    inputs, y = test.drop(columns=small.target), test[small.target]
    if not model.target.classes:
        return Score(float(np.sqrt(np.mean((model.predict(inputs) - y.to_numpy(float)) ** 2))), seconds)
    return Score(log_loss(model.predict_proba(inputs), model.target.classes, y), seconds)


def compared(args: argparse.Namespace) -> None:
    print(machine("downslope", "numpy"), end="\n\n")
    base = scores_in(args.files[0])
    for file in args.files[1:]:
        other = scores_in(file)
        rows = [row for name, tables in groups() if (row := summed_up(name, tables, base, other))]
        head = [f"{file.stem} / {args.files[0].stem}", "tables", "error", "better", "p", "processor time"]
        print(table(head, rows), end="\n\n")
        by_table = sorted((gain, name) for name, gain in ratios(TABLES, base, other).items())
        print(", ".join(f"{name} {np.exp(gain):.3f}" for gain, name in by_table), end="\n\n")


def groups() -> Iterator[tuple[str, Sequence[SmallTable]]]:
    """The rows of a comparison: each kind, each half, all."""
    for kind in KINDS:
        yield kind, [t for t in TABLES if t.kind == kind]
    for half in HALVES:
        yield half, [t for t in TABLES if half_of(t) == half]
    yield "all", TABLES


def ratios(
    tables: Sequence[SmallTable], base: Mapping[Key, Score], other: Mapping[Key, Score]
) -> dict[str, float]:
    """The logarithm of the ratio of errors, the mean over the seeds that both have, of each table."""
    found = {}
    for small in tables:
        both = [key for key in base if key in other and key[0] == small.name]
        if both:
            found[small.name] = float(np.mean([np.log(other[k].error / base[k].error) for k in both]))
    return found


def summed_up(
    name: str, tables: Sequence[SmallTable], base: Mapping[Key, Score], other: Mapping[Key, Score]
) -> list[str] | None:
    """A row of the table: the geometric mean of ratios of errors, a sign test over tables, the cost."""
    found = ratios(tables, base, other)
    if not found:
        return None
    gains = [gain for gain in found.values() if abs(gain) > 1e-9]
    better = sum(gain < 0 for gain in gains)
    keys = [key for key in base if key in other and key[0] in found]
    cost = np.mean([np.log(other[k].seconds / base[k].seconds) for k in keys])
    error = np.exp(np.mean(list(found.values())))
    p = f"{sign_test(better, len(gains)):.3f}"
    return [name, str(len(found)), f"{error:.4f}", f"{better} of {len(gains)}", p, f"{np.exp(cost):.2f}"]


def sign_test(better: int, count: int) -> float:
    """How likely so uneven a split of tables is by chance, two-sided."""
    most = max(better, count - better)
    return min(1.0, 2 * sum(comb(count, k) for k in range(most, count + 1)) / 2**count)


def scores_in(path: Path) -> dict[Key, Score]:
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {(line["table"], line["seed"]): Score(line["error"], line["seconds"]) for line in lines}


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
