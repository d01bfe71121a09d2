"""Numbers of an interval, alone and in lists."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from downslope._checks._values import real, show
from downslope._dataclass import dataclass
from downslope.errors import DownslopeError

__all__ = [
    "ANY",
    "NOT_NEGATIVE",
    "POSITIVE",
    "SHARE",
    "SIZE",
    "Interval",
    "check_numbers",
    "index",
    "items",
    "number",
    "numbers",
    "one_or_more",
    "seed",
    "whole",
    "wholes",
]


@dataclass(frozen=True)
class Interval:
    """Numbers between two bounds; ``open_low`` and ``open_high`` leave the bound itself out.

    ``limit`` is the largest that the library can work with; it is named only where a number is beyond it.
    """

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    limit: float = math.inf

    def __contains__(self, value: float) -> bool:
        low = self.low < value if self.open_low else self.low <= value
        return low and (value < self.high if self.open_high else value <= self.high)

    def __str__(self) -> str:
        if -math.inf < self.low and self.high < math.inf and not self.open_low and not self.open_high:
            return f"from {self.low:g} to {self.high:g}"
        parts = []
        if self.low > -math.inf:
            parts.append(f"{'above' if self.open_low else 'of at least'} {self.low:g}")
        if self.high < math.inf:
            parts.append(f"{'below' if self.open_high else 'of at most'} {self.high:g}")
        return " and ".join(parts)


ANY = Interval()

POSITIVE = Interval(0, open_low=True)

NOT_NEGATIVE = Interval(0)

SHARE = Interval(0, 1, open_high=True)

SIZE = Interval(1, limit=1 << 30)
"""Lengths of an axis of a parameter; longer ones are beyond any memory."""


def number(name: str, value: Any, within: Interval = ANY) -> float:
    """A finite number of an interval, as a float.

    Raises:
        DownslopeError: for anything else, such as a string, a truth value, NaN or infinity.

    >>> import numpy as np
    >>> number("learning_rate", np.float32(0.5), POSITIVE)
    0.5
    >>> number("learning_rate", "0.1", POSITIVE)
    Traceback (most recent call last):
    ...
    downslope.errors.DownslopeError: learning_rate needs a number above 0, not '0.1'; write it without quotes
    """
    if type(value) is float and value in within and -math.inf < value < math.inf and value <= within.limit:
        return value
    found = real(value)
    if found is None or not math.isfinite(found) or found not in within:
        raise DownslopeError(f"{name} needs a {_words('number', within)}, not {show(value)}{_hint(value)}")
    _refuse_beyond(name, value, found, within)
    return found


def whole(name: str, value: Any, within: Interval = ANY) -> int:
    """A whole number of an interval, as an int; 20.0 is one.

    Raises:
        DownslopeError: for anything else, such as 1.5, a string, a truth value, NaN or infinity.

    >>> import numpy as np
    >>> whole("steps", 1e3), whole("steps", np.int64(7))
    (1000, 7)
    >>> whole("steps", 1.5, NOT_NEGATIVE)
    Traceback (most recent call last):
    ...
    downslope.errors.DownslopeError: steps needs a whole number of at least 0, not 1.5
    """
    if type(value) is int and value in within and value <= within.limit:
        return value
    found = real(value)
    if found is None or not math.isfinite(found) or found != math.floor(found) or found not in within:
        raise DownslopeError(
            f"{name} needs a {_words('whole number', within)}, not {show(value)}{_hint(value)}"
        )
    _refuse_beyond(name, value, found, within)
    return int(value)


def check_numbers(settings: Any, **within: Interval) -> None:
    """Make fields of a frozen dataclass floats of an interval.

    Raises:
        DownslopeError: for anything else; it names the field and the class.
    """
    for name, interval in within.items():
        given = getattr(settings, name)
        value = number(f"{name} of {type(settings).__name__}", given, interval)
        if value is not given:
            object.__setattr__(settings, name, value)


def items(name: str, values: Any, words: str, *, ordered: bool = True) -> list[Any]:
    """The items of what has an order, such as a list, a tuple or an array.

    Args:
        name: of the argument.
        values: what was given.
        words: what it needs a list of, for the message.
        ordered: whether the order matters; else a set serves too.

    Raises:
        DownslopeError: for anything else, such as a string or a mapping.
    """
    single = real(values) is not None
    no_list = isinstance(values, str | bytes | Mapping | type) or (ordered and isinstance(values, set))
    if single or no_list or not hasattr(values, "__iter__") or getattr(values, "shape", None) == ():
        hint = f"; write [{show(values)}]" if single else _hint(values)
        raise DownslopeError(f"{name} needs a list of {words}, not {show(values)}{hint}")
    return list(values)


def numbers(name: str, values: Any, within: Interval = ANY) -> tuple[float, ...]:
    """A list of finite numbers of an interval, as a tuple of floats.

    Raises:
        DownslopeError: for what is no list, and for an element that is no such number; it names the element.
    """
    given = items(name, values, _words("numbers", within))
    return tuple(number(f"{name}[{i}]", value, within) for i, value in enumerate(given))


def wholes(name: str, values: Any, within: Interval = ANY) -> tuple[int, ...]:
    """A list of whole numbers of an interval, as a tuple of ints.

    Raises:
        DownslopeError: for what is no list, and for an element that is no such number; it names the element.

    >>> wholes("columns", [0, 2])
    (0, 2)
    >>> wholes("hidden", 8)
    Traceback (most recent call last):
    ...
    downslope.errors.DownslopeError: hidden needs a list of whole numbers, not 8; write [8]
    """
    given = items(name, values, _words("whole numbers", within))
    return tuple(whole(f"{name}[{i}]", value, within) for i, value in enumerate(given))


def one_or_more(name: str, given: Any, within: Interval = ANY) -> tuple[int, ...]:
    """A whole number of an interval, or a list of them, as a tuple of ints.

    Raises:
        DownslopeError: for anything else.

    >>> one_or_more("hidden", 8), one_or_more("hidden", [8, 4.0]), one_or_more("hidden", ())
    ((8,), (8, 4), ())
    """
    single = isinstance(given, str) or real(given) is not None
    return (whole(name, given, within),) if single else wholes(name, given, within)


def index(name: str, value: Any, count: int, *, first: int = 0) -> int:
    """The index of one of so many things, counted from 0 or another number.

    Raises:
        DownslopeError: for anything else.

    >>> index("row", 7, 5)
    Traceback (most recent call last):
    ...
    downslope.errors.DownslopeError: row needs a whole number from 0 to 4, not 7
    """
    return whole(name, value, Interval(first, first + count - 1))


def seed(name: str, value: Any) -> int:
    """A whole number from 0 to 2⁶⁴ − 1.

    Raises:
        DownslopeError: for anything else.
    """
    found = whole(name, value, NOT_NEGATIVE)
    if found >= 1 << 64:
        raise DownslopeError(f"{name} needs a whole number below 2**64, not {found}")
    return found


def _refuse_beyond(name: str, value: Any, found: float, within: Interval) -> None:
    if found > within.limit:
        raise DownslopeError(f"{name} needs a number of at most {within.limit:,}, not {show(value)}")


def _words(kind: str, within: Interval) -> str:
    bounds = str(within)
    if not bounds:
        return "finite number" if kind == "number" else kind
    return f"{kind} {bounds}"


def _hint(value: Any) -> str:
    try:
        return "; write it without quotes" if isinstance(value, str) and math.isfinite(float(value)) else ""
    except ValueError:
        return ""
