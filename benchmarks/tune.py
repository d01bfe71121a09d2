"""What a search of settings gains over the defaults, on rows that neither had.

python benchmarks/tune.py --data FOLDER [--only NAME ...] [--time 10m] [--threads 1] [--write]

FOLDER holds index.json and data/NAME.parquet: real tables with fixed splits, of which a fifth of the rows is
the test.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

import downslope as ds
from report import arguments, machine, publish, table

WORDS = {"root_mean_squared_error": "RMSE", "log_loss": "log loss"}


@dataclass(frozen=True)
class Outcome:
    """Of one table.

    ``test`` is the difference of the model of ``ds.tune`` from that of ``ds.fit`` on the test rows, ``usual``
    the score of the latter there; None where the defaults were kept, so that both are the same model.
    """

    name: str
    rows: int
    tuned: ds.Tuned
    seconds: float
    usual: float
    test: Any


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--data", required=True, help="the folder of the tables")
    parser.add_argument("--only", nargs="*", default=["concrete", "ames", "credit", "jobs"], metavar="NAME")
    parser.add_argument("--time", default="10m", help="of each search")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0, help="of the splits")
    args = parser.parse_args()
    index = {entry["name"]: entry for entry in json.loads((Path(args.data) / "index.json").read_text())}
    outcomes = []
    for name in args.only:
        outcomes.append(outcome(Path(args.data), index[name], args))
        print(f"{outcomes[-1].name}: {outcomes[-1].tuned}", flush=True)
    about = f"{machine('downslope')} {args.time} for each search, threads: {args.threads}."
    publish("tune", [about, shown(outcomes)], args.write)


def outcome(folder: Path, entry: dict[str, Any], args: Any) -> Outcome:
    """Search on the training rows, and compare with the defaults on the test rows."""
    rows, target = pd.read_parquet(folder / "data" / f"{entry['name']}.parquet"), entry["target"]
    if entry["task"] != "regression":
        rows[target] = rows[target].astype(str)
    strata = None if entry["task"] == "regression" else np.unique(rows[target], return_inverse=True)[1]
    train, test = train_test_split(rows, test_size=0.2, random_state=args.seed, stratify=strata)
    task = "regression" if entry["task"] == "regression" else "classification"
    begun = monotonic()
    tuned = ds.tune(train, target, time=args.time, threads=args.threads, task=task)
    seconds = monotonic() - begun
    usual = ds.fit(train, target, threads=args.threads, task=task)
    metric = tuned.searched.metric
    found = ds.compare({"defaults": usual, "tuned": tuned.model}, test, metric=metric)
    difference = found.differences["tuned"][metric] if tuned.settings or tuned.searched.ended else None
    value = found.scores["defaults"][metric].value
    return Outcome(entry["name"], len(train), tuned, seconds, value, difference)


def shown(outcomes: list[Outcome]) -> str:
    """A row for each table."""
    headings = [
        "table",
        "rows",
        "trials",
        "seconds",
        "found",
        "outer rows: gain",
        "test rows: defaults",
        "gain",
    ]
    rows = []
    for each in outcomes:
        searched = each.tuned.searched
        outer = in_percent(searched.share.value, searched.share.standard_error)
        test = "the defaults were kept"
        if each.test is not None:
            test = in_percent(-each.test.value / each.usual, (each.test.standard_error or 0) / each.usual)
        settings = ", ".join(searched.settings) or "–"
        score = f"{WORDS[searched.metric]} {each.usual:.4g}"
        name = each.name + (f" ({searched.ended})" if searched.ended else "")
        counts = f"{each.rows:,}", str(searched.trials), f"{each.seconds:.0f}"
        rows.append([name, *counts, settings, outer, score, test])
    return table(headings, rows)


def in_percent(value: float | None, error: float | None) -> str:
    """A share with its error."""
    return "–" if value is None else f"{100 * value:.1f} % ± {100 * (error or 0):.1f} %"


if __name__ == "__main__":
    main()
