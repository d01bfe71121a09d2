"""How far to go along a direction: the strong Wolfe conditions.

Nocedal and Wright, "Numerical Optimization" (2006), algorithms 3.5 and 3.6; near a minimum, where differences
of the error drown in rounding, the approximate conditions of Hager and Zhang (2005), which look at slopes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass

__all__ = ["LinePoint", "line_search"]

_DECREASE, _CURVATURE = 1e-4, 0.9
_NOISE = 1e-14  # relative differences of the error below this are taken for rounding
_TRIES = 25


@dataclass(frozen=True)
class LinePoint:
    """A point on the line: how far along, the error, its slope along the line, the whole gradient."""

    step: float
    error: float
    slope: float
    gradient: NDArray[np.float64]


def line_search(at: Callable[[float], LinePoint], start: LinePoint, first: float) -> LinePoint | None:
    """A point that fulfils the conditions, or the lowest seen; None if none was lower than the start.

    ``at`` looks at a step; the start is at step 0, where the slope is below 0.

    >>> def parabola(step):
    ...     return LinePoint(step, (step - 3) ** 2, 2 * (step - 3), np.zeros(1))
    >>> round(line_search(parabola, parabola(0.0), 8.0).step, 3)
    3.0
    """
    tried: list[LinePoint] = []

    def look(step: float) -> LinePoint:
        tried.append(at(step))
        return tried[-1]

    before, step = start, first
    while len(tried) < _TRIES:
        here = look(step)
        if not _is_lower(here, start) or (len(tried) > 1 and here.error >= before.error):
            if _is_good(here, start):
                return here
            return _between(look, start, before, here, tried)
        if _is_good(here, start):
            return here
        if here.slope >= 0:
            return _between(look, start, here, before, tried)
        before, step = here, min(10 * here.step, max(2 * here.step, _cubic_minimum(before, here)))
    return _lowest(tried, start)


def _is_lower(here: LinePoint, start: LinePoint) -> bool:
    return here.error <= start.error + _DECREASE * here.step * start.slope


def _is_good(here: LinePoint, start: LinePoint) -> bool:
    if _is_lower(here, start) and abs(here.slope) <= -_CURVATURE * start.slope:
        return True
    flat = here.error <= start.error + _NOISE * abs(start.error)
    return flat and (2 * _DECREASE - 1) * start.slope >= here.slope >= _CURVATURE * start.slope


def _between(
    look: Callable[[float], LinePoint],
    start: LinePoint,
    low: LinePoint,
    high: LinePoint,
    tried: list[LinePoint],
) -> LinePoint | None:
    """The search between two steps of which the first is lower and slopes towards the second."""
    while len(tried) < _TRIES and abs(high.step - low.step) > 1e-16 * max(low.step, high.step):
        span = high.step - low.step
        share = (_cubic_minimum(low, high) - low.step) / span
        here = look(low.step + span * (share if 0.1 <= share <= 0.9 else 0.5))
        if _is_good(here, start):
            return here
        if not _is_lower(here, start) or here.error >= low.error:
            high = here
            continue
        if here.slope * span >= 0:
            high = low
        low = here
    return _lowest(tried, start)


def _lowest(tried: list[LinePoint], start: LinePoint) -> LinePoint | None:
    lower = [p for p in tried if p.error < start.error]
    return min(lower, key=lambda p: p.error) if lower else None


def _cubic_minimum(a: LinePoint, b: LinePoint) -> float:
    """Where the cubic through two points with their slopes is lowest; NaN where it has no minimum."""
    with np.errstate(all="ignore"):
        d1 = a.slope + b.slope - 3 * (a.error - b.error) / np.float64(a.step - b.step)
        d2 = np.sign(b.step - a.step) * np.sqrt(d1 * d1 - a.slope * b.slope)
        return float(b.step - (b.step - a.step) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
