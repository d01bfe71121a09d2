"""Checks of what public functions are given: one sentence with the name, what was found, and what to do.

Each check returns the value in the type that the library computes with, so that a NumPy scalar, a fraction or
a name in capitals works as the plain value does.
"""

from downslope._checks._arrays import array, indices, refuse_lost
from downslope._checks._durations import duration
from downslope._checks._names import called, choice, flag, text
from downslope._checks._numbers import (
    ANY,
    NOT_NEGATIVE,
    POSITIVE,
    SHARE,
    SIZE,
    Interval,
    check_numbers,
    index,
    items,
    number,
    numbers,
    one_or_more,
    seed,
    whole,
    wholes,
)
from downslope._checks._values import one_of, real, show

__all__ = [
    "ANY",
    "NOT_NEGATIVE",
    "POSITIVE",
    "SHARE",
    "SIZE",
    "Interval",
    "array",
    "called",
    "check_numbers",
    "choice",
    "duration",
    "flag",
    "index",
    "indices",
    "items",
    "number",
    "numbers",
    "one_of",
    "one_or_more",
    "real",
    "refuse_lost",
    "seed",
    "show",
    "text",
    "whole",
    "wholes",
]
