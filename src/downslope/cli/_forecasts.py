"""What a descent comes to and how long it takes, beside its progress; graded when it is over."""

from __future__ import annotations

import time

from downslope.fitting import FitPhase
from downslope.insight import Audit, Estimate, Grade, read_grades, write_grades

__all__ = ["Forecasts"]

_SECONDS = 1.0  # between two forecasts
_SHARE = 0.01  # of the time, at most, goes into them


class Forecasts:
    """The forecast of the descent that is in progress.

    Args:
        path: a file of grades, which is read and added to; None keeps none.

    Raises:
        DownslopeError: if the file cannot be read, or nothing can be written to it.
    """

    def __init__(self, path: str | None = None) -> None:
        self._path = path
        self._grades: list[Grade] = [] if path is None else read_grades(path)
        if path is not None:
            write_grades(path, [])
        self._first: FitPhase | None = None
        self._end: Estimate | None = None
        self._due = self._begun = 0.0

    def follows(self, phase: FitPhase) -> bool:
        """Whether an epoch is of the descent that is followed."""
        first = self._first
        return first is not None and first.ahead is phase.ahead and first.name == phase.name

    def begin(self, phase: FitPhase) -> None:
        """Follow another descent."""
        self._first, self._end = phase, None
        self._begun = time.monotonic()
        self._due = self._begun + _SECONDS

    def words(self, phase: FitPhase) -> str:
        """The error at the end and the time until it, in a line; "" before they are known."""
        now, epoch = time.monotonic(), phase.progress
        done = epoch.step - (self._first or phase).progress.step
        if not done:
            return ""
        if now >= self._due and phase.ahead is not None:
            self._end = phase.ahead.end(self._grades)
            self._due = now + max(_SECONDS, (time.monotonic() - now) / _SHARE)
        each = (now - self._begun) / done
        left = _left(each * (epoch.soonest - epoch.step), each * (epoch.steps - epoch.step))
        if self._end is None:
            return left
        return f"at the end {self._end.interval}  {left}"

    def graded(self) -> Audit | None:
        """How true the forecast at a quarter was, if one was shown; the file gets its grade in any case."""
        ahead = None if self._first is None else self._first.ahead
        shown = self._end is not None
        self._first = self._end = None
        if ahead is None or not (shown or self._path):
            return None
        audit = ahead.audit(self._grades)
        if audit is not None and self._path is not None:
            write_grades(self._path, [audit.grade])
        return audit if shown else None


def _left(soonest: float, latest: float) -> str:
    """Seconds, between which the end is."""
    low, high = _clock(soonest), _clock(latest)
    return f"{low} left" if low == high else f"{low} to {high} left"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
