"""From where to where a surface is drawn: over the whole path of a descent, or near where it is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LARGEST", "axis_of", "near_range", "recent_share", "whole_range"]

LARGEST = 1e100
"""Beyond it squares overflow."""

_MARGIN = 0.08  # of the range that is to be seen, on either side
_LEAST = 0.01  # of a number, on either side of it


def recent_share(points: NDArray[np.float64], late: NDArray[np.bool_]) -> float:
    """How large the late part of a path is beside the whole: the larger share of both directions.

    >>> path = np.array([[0.0, 0.0], [90.0, 10.0], [99.0, 19.0], [100.0, 20.0]])
    >>> recent_share(path, np.array([False, False, True, True]))
    0.05
    """
    known = np.all(np.isfinite(points) & (np.abs(points) < LARGEST), axis=1)
    if known.sum() < 3 or not np.any(late & known):
        return 1.0
    whole, part = np.ptp(points[known], axis=0), np.ptp(points[late & known], axis=0)
    moved = whole > 0
    return float(max(part[moved] / whole[moved], default=1.0))


def near_range(values: NDArray[np.float64], here: float) -> tuple[float, float]:
    """Where a path was of late, around where it is: in steps of powers of two, so that it seldom moves.

    >>> near_range(np.array([0.9, 1.3]), 1.0), near_range(np.array([0.95, 1.35]), 1.05)
    ((0.25, 1.75), (0.25, 1.75))
    """
    known = values[np.isfinite(values) & (np.abs(values) < LARGEST)]
    far = float(np.abs(known - here).max()) if len(known) and math.isfinite(here) else 0.0
    size = 2.0 ** math.ceil(math.log2(max(far, _LEAST * max(abs(here), 10 * _LEAST))))
    centre = round(here / (size / 2)) * (size / 2)
    return centre - 1.5 * size, centre + 1.5 * size


def axis_of(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Round numbers around the values, and as many in between as are drawn."""
    low, high = float(values.min()), float(values.max())
    margin = _MARGIN * (high - low)
    step = _round_step((high - low) / 10)
    begin, end = math.floor((low - margin) / step) * step, math.ceil((high + margin) / step) * step
    return np.linspace(begin, end, size)


def whole_range(values: NDArray[Any], here: float) -> tuple[float, float]:
    """The lowest and the highest value that is to be seen, never the same."""
    known = values[np.isfinite(values) & (np.abs(values) < LARGEST)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    centre = here if low <= here <= high else (low + high) / 2
    if high - low > 1e-6 * abs(centre):
        return low, high
    half = max(1.0, 0.25 * abs(centre)) / 2
    return low - half, high + half


def _round_step(step: float) -> float:
    """1, 2 or 5 times a power of ten, at least so large."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= step * (1 - 1e-9))
