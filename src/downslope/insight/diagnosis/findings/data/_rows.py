"""Rows that are left out of a call, or of what measures it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.insight.diagnosis._finding import Remedy
from downslope.insight.diagnosis.measured import Call, Examination

__all__ = ["are_copies", "equal_rows", "judged_without", "leaving_out", "without"]


_SELDOM = 0.5  # of the rows, at least, that have a value of their own


def leaving_out(seen: Examination, rows: NDArray[np.int64], words: str) -> Remedy:
    """The remedy that leaves rows out, by their numbers; its placebo leaves out as many others."""
    others = np.random.default_rng(0).choice(seen.row_numbers, len(rows), replace=False)
    return Remedy(words, without(seen.call, rows), without(seen.call, others))


def without(call: Call, rows: NDArray[np.int64]) -> Callable[[Call], Call]:
    """The same call without rows, which keep their places and count nothing."""
    factors = _all_but(call, rows)
    return lambda changed: changed.with_weights_times(factors)


def judged_without(seen: Examination, wrong: NDArray[np.bool_]) -> Callable[[Call], Call]:
    """The same call measured without some of the rows that measure it, (rows,)."""
    weights = np.where(wrong, 0, seen.call.measured["row_weights"])
    return lambda changed: changed.judged(weights)


def _all_but(call: Call, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    factors = np.ones(call.table_rows)
    factors[rows] = 0
    return factors


def equal_rows(*parts: NDArray[Any]) -> list[NDArray[np.int64]]:
    """The same number for rows that are equal in every bit, over all the parts, (rows,) for each part."""
    table = np.ascontiguousarray(np.vstack([part.reshape(len(part), -1) for part in parts]) + 0.0)
    rows = table.view(np.dtype((np.void, table.dtype.itemsize * table.shape[1]))).ravel()
    _, which = np.unique(rows, return_inverse=True)
    return np.split(which.ravel(), np.cumsum([len(part) for part in parts])[:-1])


def are_copies(table: NDArray[Any]) -> bool:
    """Whether equal rows are the same case again, and not two cases that agree by chance.

    They are where values of some column seldom repeat among rows that differ. Elsewhere they are where fewer
    pairs of rows differ in one column alone: of what agrees by chance, more agrees in all columns but one.
    """
    different = np.unique(table, axis=0)
    if any(len(np.unique(column)) >= _SELDOM * len(different) for column in different.T):
        return True
    random = np.random.default_rng(0)
    codes = np.empty(table.shape, np.uint64)  # whose sums are equal for equal rows alone
    for place, column in enumerate(table.T):
        values, which = np.unique(column, return_inverse=True)
        codes[:, place] = random.integers(1 << 63, size=len(values), dtype=np.uint64)[which]
    sums = codes.sum(axis=1)
    equal = _pairs(sums)
    return sum(_pairs(sums - column) - equal for column in codes.T) < equal


def _pairs(values: NDArray[np.uint64]) -> int:
    """Of equal values."""
    counts = np.unique(values, return_counts=True)[1]
    return int(np.sum(counts * (counts - 1) // 2))
