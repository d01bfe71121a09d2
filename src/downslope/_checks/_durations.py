"""Times that something may take: seconds, or a text with a unit."""

from __future__ import annotations

import re
from typing import Any

from downslope._checks._numbers import POSITIVE, number
from downslope._checks._values import show
from downslope.errors import DownslopeError

__all__ = ["duration"]

_DURATION = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(s|m|min|h)\s*", re.IGNORECASE)
_SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def duration(name: str, value: Any) -> float:
    """Seconds above 0, of a number or of a text such as ``"90s"``, ``"10m"`` or ``"1.5h"``.

    Raises:
        DownslopeError: for anything else.

    >>> duration("time", "10m"), duration("time", 2)
    (600.0, 2.0)
    """
    if not isinstance(value, str):
        return number(name, value, POSITIVE)
    found = _DURATION.fullmatch(value)
    seconds = float(found[1]) * _SECONDS[found[2].lower()] if found else 0.0
    if not 0 < seconds < float("inf"):
        raise DownslopeError(
            f"{name} needs seconds or a text such as '90s', '10m' or '2h', not {show(value)}"
        )
    return seconds
