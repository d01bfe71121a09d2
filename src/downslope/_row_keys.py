"""A number for each row of a table that nothing but the seed and its place decide."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["row_keys"]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def row_keys(first: int, count: int, seed: int) -> NDArray[np.uint64]:
    """Keys of consecutive rows, uniform below 2⁶⁴, whatever part of the table is at hand.

    SplitMix64 (Steele, Lea and Flood 2014) of the place of the row.

    >>> [f"{key:016x}" for key in row_keys(1, 2, seed=0)]
    ['e220a8397b1dcdaf', '6e789e6aa1b965f4']
    """
    mixed = np.arange(first, first + count, dtype=np.uint64)
    mixed = (mixed + np.uint64(seed % (1 << 64))) * _STEP
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX[0]
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX[1]
    keys: NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(31))
    return keys
