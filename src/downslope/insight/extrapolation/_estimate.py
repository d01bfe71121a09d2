"""A number that is foretold, with an interval; and the error that a curve comes to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, log

from downslope.insight.curves import HORIZON, Curve
from downslope.insight.extrapolation._grades import Grade, Question, bounds, spread

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


def error_at(curve: Curve, time: float, grades: Iterable[Grade]) -> Estimate:
    """The error at a time, at least that up to which the curve was fitted.

    Args:
        curve: of the errors so far.
        time: that is asked about.
        grades: of earlier forecasts, beside the reference's.
    """
    ratio = min(max(time / curve.now, 1.0), _EVER)
    looked = min(ratio, HORIZON)
    ahead = log(looked)
    _, low, high = (off * spread(curve, ahead) for off in bounds(Question("error", ahead), grades))
    value, seen = curve.at(ratio * curve.now), curve.at(looked * curve.now)
    lowest = seen + low if ratio <= HORIZON else min(seen + low, curve.offset)
    if not curve.offset:  # no error was below 0
        lowest = max(lowest, 0.0)
    return Estimate(value, min(value, lowest), max(value, seen + high))


def shown(value: float) -> str:
    """In a few digits."""
    if value == inf:
        return "infinity"
    return f"{value:,.0f}" if 1000 <= value < _LONG else f"{value:.4g}"
