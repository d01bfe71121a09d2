"""Pace: how many steps are due by the clock, evenly and without catching up."""

from __future__ import annotations

from downslope.errors import DownslopeError

__all__ = ["IN_PARTS", "PACES", "USUAL_PACE", "checked_pace", "due_by", "moments_at"]

PACES = (0.5, 1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000, 2000, 3000, 5000, 10_000)
"""Steps a second, as the slider has them; beyond the last it goes as fast as it can."""

USUAL_PACE = 30.0
"""One step in each picture, or nearly: networks for tables of 5 rows and of 20,000 learn most in 50 to 6,000
steps, however many steps an epoch has (docs/how-to/studio.md), so that steps are watched, and not epochs."""

IN_PARTS = 2.0
"""Steps a second up to which each is shown in its parts."""

_MOMENTS = 60.0  # saved steps a second that a replay shows at most: each is to be seen
_SLOWEST, _FASTEST = 0.1, 1e5
_LAG = 0.1  # seconds; what is due for longer is left out, so that no burst follows a delay


def checked_pace(pace: float | None) -> float | None:
    """A pace in steps a second, or None: as fast as it goes.

    Raises:
        DownslopeError: if it is not from 0.1 to 100,000.
    """
    if pace is not None and not _SLOWEST <= pace <= _FASTEST:
        raise DownslopeError(
            f"a pace is from {_SLOWEST:g} to {_FASTEST:,.0f} steps a second, not {pace:g}; "
            "without a number it is as fast as it goes"
        )
    return pace


def moments_at(pace: float | None) -> float:
    """How many saved steps a second a replay shows.

    >>> moments_at(2), moments_at(None)
    (2, 60.0)
    """
    return _MOMENTS if pace is None else min(pace, _MOMENTS)


def due_by(now: float, due: float, rate: float) -> tuple[int, float]:
    """How many events are due when the next one was due at a time, and when the one after them is.

    >>> due_by(10.0, 10.5, rate=2)
    (0, 10.5)
    >>> due_by(10.0, 9.95, rate=100)
    (6, 10.01)
    """
    if now < due:
        return 0, due
    due = max(due, now - _LAG)
    count = int((now - due) * rate + 1e-9) + 1
    return count, due + count / rate
