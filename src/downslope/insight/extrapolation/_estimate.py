"""A number that is foretold, with an interval; and the error that a curve comes to."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, log

from downslope._dataclass import dataclass
from downslope.insight.curves import HORIZON, Curve
from downslope.insight.extrapolation._grades import (
    Grade,
    Question,
    bounds,
    error_of_off,
    kind_of_error,
    spread,
)

__all__ = ["Estimate", "error_at", "shown"]

_LONG = 1e12  # from there on numbers are shown with an exponent
_EVER = 1e18  # times the time so far: each decay is over before


@dataclass(frozen=True)
class Estimate:
    """A number that is foretold.

    Attributes:
        value: what is most likely.
        low, high: the truth is between them in nine of ten forecasts.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """In a few digits."""
        if self.low == self.high:
            return shown(self.value)
        return f"{shown(self.value)} ({self.interval})"

    @property
    def interval(self) -> str:
        """Its ends in a few digits."""
        return f"{shown(self.low)} to {shown(self.high)}"


def error_at(curve: Curve, time: float, grades: Iterable[Grade], *, falls: bool = False) -> Estimate:
    """The error at a time, at least that up to which the curve was fitted.

    Args:
        curve: of the errors so far.
        time: that is asked about.
        grades: of earlier forecasts, beside the reference's.
        falls: whether the learning rate does.
    """
    ratio = min(max(time / curve.now, 1.0), _EVER)
    looked = min(ratio, HORIZON)
    ahead = log(looked)
    _, *offs = bounds(Question(kind_of_error(falls), ahead), grades)
    value, seen, scale = curve.at(ratio * curve.now), curve.at(looked * curve.now), spread(curve, ahead)
    low, high = (error_of_off(curve, seen, off, scale) for off in offs)
    lowest = low if ratio <= HORIZON else min(low, curve.offset)
    return Estimate(value, min(value, lowest), max(value, high))


def shown(value: float) -> str:
    """In a few digits."""
    if value == inf:
        return "infinity"
    return f"{value:,.0f}" if 1000 <= value < _LONG else f"{value:.4g}"
