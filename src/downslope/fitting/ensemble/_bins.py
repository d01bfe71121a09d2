"""Where numbers have bins with as many rows each, and which single values they have to be told apart by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.tables import Target

__all__ = [
    "SINGLE_VALUES",
    "bins_of",
    "groups_together",
    "outputs_of",
    "sampled",
    "share_of_single_values",
    "some_bins",
    "telling_values",
]

Edges = tuple[float, ...]

_BINS = 32
_LEAST_APART = 1e-5  # closer edges would make too steep a line
_SAMPLED_ROWS = 20_000  # that decide where the bins are
_ROWS_OF_A_VALUE = 2  # on average, below which nothing is known of single values
_EXPLAINED = 1 / 3  # of what bins leave
_CLASSES = 50  # that are looked at
_PRIOR_ROWS = (1, 10)  # of the mean of a bin, beside the rows of a value
SINGLE_VALUES = 512
"""Of a table, at most: the values of columns that networks tell apart as numbers."""


def bins_of(x: NDArray[np.float32], codes: Sequence[int]) -> dict[int, Edges]:
    """The edges of bins for each column of encoded inputs, (rows, inputs), that has more than two values.

    Args:
        codes: columns that hold numbers of levels, which have none.
    """
    x = sampled(x)
    edges = {column: _edges(x[:, column], _BINS) for column in range(x.shape[1]) if column not in codes}
    return {column: found for column, found in edges.items() if len(found) > 2}


def some_bins(bins: Mapping[int, Edges], most: int) -> list[Edges]:
    """The edges of at most so many bins of each column.

    >>> some_bins({3: (0.0, 1.0, 2.0, 3.0, 4.0)}, 2)
    [(0.0, 2.0, 4.0)]
    """
    places = [np.linspace(0, len(row) - 1, min(most + 1, len(row))).round() for row in bins.values()]
    chosen = [np.unique(each.astype(int)) for each in places]
    return [tuple(row[i] for i in each) for row, each in zip(bins.values(), chosen, strict=True)]


def telling_values(
    x: NDArray[np.float32],
    bins: Mapping[int, Edges],
    y: NDArray[np.float32],
    target: Target,
    groups: NDArray[np.int64] | None = None,
) -> dict[int, Edges]:
    """The values of columns that come again and again, and explain the target better than bins of many do.

    So do numbers that name schools or persons. The columns that explain most come first, while there is room.

    Args:
        x: the encoded inputs, (rows, inputs).
        bins: of its columns.
        y, target: what is to be explained, (rows,), as numbers or classes.
        groups: of rows that are not to explain each other, (rows,); None: each row may explain all others.
    """
    x, outputs = sampled(x), outputs_of(sampled(y), target)
    together = groups_together(len(x), None if groups is None else sampled(groups))
    few = [
        c for c in bins if len(np.unique(x[: 2 * SINGLE_VALUES, c])) <= SINGLE_VALUES
    ]  # of most columns a look is enough
    values = {column: _apart(np.unique(x[:, column])) for column in few}
    many = [c for c in few if _BINS + 1 < len(values[c]) <= min(SINGLE_VALUES, len(x) / _ROWS_OF_A_VALUE)]
    shares = {column: _explained(x[:, column], bins[column], outputs, together) for column in many}
    found: dict[int, Edges] = {}
    room = SINGLE_VALUES
    for column in sorted(shares, key=lambda c: -shares[c]):
        if shares[column] > _EXPLAINED and len(values[column]) <= room:
            found[column] = tuple(map(float, values[column]))
            room -= len(values[column])
    return found


def share_of_single_values(
    x: NDArray[np.float32], outputs: NDArray[np.float64], groups: NDArray[np.int64] | None = None
) -> float:
    """The share of what bins of a column leave that its single values explain.

    Args:
        x: the column, (rows,).
        outputs: what is to be explained, (rows, outputs).
        groups: as of ``telling_values``.
    """
    return _explained(x, _edges(x, _BINS), outputs, groups_together(len(x), groups))


def groups_together(rows: int, groups: NDArray[np.int64] | None) -> NDArray[np.intp]:
    """The number of the group of each row, from 0; without groups each row stands alone."""
    return np.arange(rows) if groups is None else np.unique(groups, return_inverse=True)[1]


def sampled(rows: NDArray[Any], most: int = _SAMPLED_ROWS) -> NDArray[Any]:
    """So many of the rows at most: every so many of them."""
    return rows[:: -(-len(rows) // most)]


def _edges(x: NDArray[np.float32], bins: int) -> Edges:
    """Of so many bins with as many rows each; where there are few values, these; none of two values."""
    values = np.unique(x)
    if len(values) <= 2:
        return ()
    if len(values) > bins + 1:
        values = np.unique(np.quantile(x, np.linspace(0, 1, bins + 1)).astype(np.float32))
    return tuple(map(float, _apart(values)))


def _apart(values: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = values[np.diff(values, prepend=-np.inf) > _LEAST_APART]
    return found


def outputs_of(y: NDArray[np.float32], target: Target) -> NDArray[np.float64]:
    """The target as numbers, (rows, 1), or the indicators of its most frequent classes, (rows, classes)."""
    if not target.classes:
        return y[:, None].astype(np.float64)
    rows = np.bincount(y.astype(np.int64), minlength=len(target.classes))
    indicators: NDArray[np.bool_] = y[:, None] == np.argsort(-rows, kind="stable")[:_CLASSES]
    return indicators.astype(np.float64)


def _explained(
    x: NDArray[np.float32], edges: Edges, outputs: NDArray[np.float64], together: NDArray[np.intp]
) -> float:
    """The share of the squared errors of the means in bins that the means of single values take away.

    Rows that belong together are left out of the means that predict them; those of values are shrunken.
    """
    bins = np.searchsorted(np.array(edges, np.float32), x, side="right")
    left = outputs - _means_of_others(bins, together, outputs, 1, outputs.mean(axis=0))
    _, codes = np.unique(x, return_inverse=True)
    errors = [((left - _means_of_others(codes, together, left, prior)) ** 2).sum() for prior in _PRIOR_ROWS]
    return float(1 - min(errors) / max((left**2).sum(), np.finfo(np.float64).tiny))


def _means_of_others(
    codes: NDArray[np.intp],
    together: NDArray[np.intp],
    of: NDArray[np.float64],
    prior: int,
    mean: NDArray[np.float64] | float = 0.0,
) -> NDArray[np.float64]:
    """For each row the mean of its code over all other groups, and over so many more rows of a given mean."""
    _, own = np.unique(codes * (together.max() + 1) + together, return_inverse=True)
    sums, rows = _summed(codes, of)
    own_sums, own_rows = _summed(own, of)
    found: NDArray[np.float64] = (sums - own_sums + prior * mean) / (rows - own_rows + prior)
    return found


def _summed(
    codes: NDArray[np.intp], of: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """For each row the sums over the rows with its code, and how many these are."""
    sums: NDArray[np.float64] = np.stack([np.bincount(codes, column) for column in of.T], axis=1)
    rows: NDArray[np.int64] = np.bincount(codes)
    return sums[codes], rows[codes, None]
