"""Whether rows that were chosen lie near each other, which those that chance picks do not."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["are_gathered"]

_NEAREST = 5  # rows about each
_DRAWS = 999  # of as many rows
_LEVEL = 0.01
_BLOCK = 512  # rows whose distances are computed at once


def are_gathered(x: NDArray[Any], chosen: NDArray[np.bool_], group: NDArray[np.int64]) -> bool:
    """Whether more of the rows nearest to chosen ones are chosen, too, than by chance in one of 100.

    The test of Cuzick and Edwards ("Spatial clustering for inhomogeneous populations", 1990), by drawing as
    many rows of each group at random.

    Args:
        x: inputs, (rows, columns), which are standardised.
        chosen: whether each row is one.
        group: the number of the group that each row is in, (rows,).
    """
    if not chosen.any() or len(x) <= _NEAREST:
        return False
    nearest, random = _nearest(x), np.random.default_rng(0)
    found = int(chosen[nearest[chosen]].sum())
    parts = [np.flatnonzero(group == each) for each in np.unique(group[chosen])]
    as_many = 1
    for _ in range(_DRAWS):
        drawn = np.zeros_like(chosen)
        for part in parts:
            drawn[part] = random.permutation(chosen[part])
        as_many += int(drawn[nearest[drawn]].sum()) >= found
    return as_many / (_DRAWS + 1) < _LEVEL


def _nearest(x: NDArray[Any]) -> NDArray[np.int64]:
    """The numbers of the rows nearest to each, (rows, nearest)."""
    x = np.asarray(x, np.float64)
    spread = x.std(axis=0)
    x = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1)
    squares, found = np.sum(x**2, axis=1), []
    for begin in range(0, len(x), _BLOCK):
        some = x[begin : begin + _BLOCK]
        distances = squares - 2 * some @ x.T
        distances[np.arange(len(some)), begin + np.arange(len(some))] = np.inf
        found.append(np.argpartition(distances, _NEAREST, axis=1)[:, :_NEAREST])
    return np.concatenate(found)
