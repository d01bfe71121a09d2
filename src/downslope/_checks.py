"""Checks of what public functions are given: one sentence with the name, what was found, and what to do.

Each check returns the value in the type that the library computes with, so that a NumPy scalar, a fraction or
a name in capitals works as the plain value does.
"""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError

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
    "flag",
    "index",
    "indices",
    "items",
    "number",
    "numbers",
    "one_or_more",
    "real",
    "refuse_lost",
    "seed",
    "show",
    "text",
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


_FLOATS = (np.dtype(np.float64), np.dtype(np.float32))
_FEW = 10_000  # numbers, for which an array of truth values takes no time


def number(name: str, value: Any, within: Interval = ANY) -> float:
    """A finite number of an interval, as a float.

    Raises:
        DownslopeError: for anything else, such as a string, a truth value, NaN or infinity.

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
        value = number(f"{name} of {type(settings).__name__}", getattr(settings, name), interval)
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


def indices(name: str, value: Any, within: Interval = NOT_NEGATIVE) -> NDArray[np.int64]:
    """Whole numbers of an interval as an array of one axis.

    Raises:
        DownslopeError: for anything else; it names the first element that is no such number.

    >>> indices("over", [0, 2])
    array([0, 2])
    """
    found = array(name, value)
    if found.ndim != 1:
        raise DownslopeError(
            f"{name} needs a list of {_words('whole numbers', within)}, not the shape {found.shape}"
        )
    low = found <= within.low if within.open_low else found < within.low
    high = found >= within.high if within.open_high else found > within.high
    wrong = np.flatnonzero(low | high | (found != np.floor(found)))
    if len(wrong):
        first = _cell(name, wrong[:1])
        raise DownslopeError(f"{first} needs a {_words('whole number', within)}, not {found[wrong[0]]:g}")
    return found.astype(np.int64)


def seed(name: str, value: Any) -> int:
    """A whole number from 0 to 2⁶⁴ − 1.

    Raises:
        DownslopeError: for anything else.
    """
    found = whole(name, value, NOT_NEGATIVE)
    if found >= 1 << 64:
        raise DownslopeError(f"{name} needs a whole number below 2**64, not {found}")
    return found


def flag(name: str, value: Any) -> bool:
    """True or False.

    Raises:
        DownslopeError: for anything else.
    """
    if not isinstance(value, bool | np.bool_):
        raise DownslopeError(f"{name} needs True or False, not {show(value)}")
    return bool(value)


def text(name: str, value: Any) -> str:
    """Text, or a path as text.

    Raises:
        DownslopeError: for anything else.
    """
    if not isinstance(value, str | os.PathLike):
        raise DownslopeError(f"{name} needs text, not {show(value)}")
    return os.fsdecode(value)


def called(name: str, value: Any, when: str) -> Any:
    """A function, or another object that can be called; no class.

    Args:
        name: of the argument.
        value: what was given.
        when: it is called, for the message.

    Raises:
        DownslopeError: for anything else.

    >>> called("progress", 3, "after each epoch")
    Traceback (most recent call last):
    ...
    downslope.errors.DownslopeError: progress needs a function that is called after each epoch, not 3
    """
    if isinstance(value, type) or not callable(value):
        raise DownslopeError(f"{name} needs a function that is called {when}, not {show(value)}")
    return value


def choice(name: str, value: Any, options: Iterable[str], others: str = "") -> str:
    """One of some names, whatever its capitals; an error suggests the name that is most alike.

    Args:
        name: of the argument.
        value: what was given.
        options: the names that it can be.
        others: what else it can be, for the message.

    Raises:
        DownslopeError: for anything else.

    >>> choice("optimizer", "SGD", ["sgd", "adam"])
    'sgd'
    >>> choice("optimizer", "addam", ["sgd", "adam"])
    Traceback (most recent call last):
    ...
    downslope.errors.DownslopeError: optimizer needs one of sgd, adam, not 'addam'; did you mean 'adam'?
    """
    names = list(options)
    if isinstance(value, str) and value in names:
        return value
    hint = ""
    if isinstance(value, str):
        plain = {option.lower(): option for option in names}
        if value.lower() in plain:
            return plain[value.lower()]
        alike = difflib.get_close_matches(value.lower(), plain, n=1)
        hint = f"; did you mean {plain[alike[0]]!r}?" if alike else ""
    known = ", ".join(names) + (f", or {others}" if others else "")
    raise DownslopeError(f"{name} needs one of {known}, not {show(value)}{hint}")


def refuse_lost(name: str, value: Any, *, dates: bool = False) -> None:
    """Refuse what NumPy makes plain numbers of without a word: masked cells, and dates unless they may be.

    Raises:
        DownslopeError: it names the first masked cell.
    """
    if isinstance(value, np.ma.MaskedArray) and np.any(np.ma.getmaskarray(value)):
        cell = _cell(name, np.argwhere(np.ma.getmaskarray(value))[0])
        raise DownslopeError(f"{cell} is masked; fill in a number or leave the row out")
    if not dates and getattr(getattr(value, "dtype", None), "kind", "") in ("m", "M"):
        raise DownslopeError(f"{name} holds dates or times; convert them to numbers, such as days, first")


def array(name: str, value: Any, dtype: Any = None) -> NDArray[Any]:
    """An array of finite floating-point numbers, in the shape that was given.

    float32 stays float32 and everything else becomes float64, unless a dtype is asked for. Truth values count
    as 0 and 1; whole numbers beyond 2⁵³ become the nearest float64.

    Raises:
        DownslopeError: for what holds no numbers (text, dates, complex numbers), for masked or missing cells,
            and for numbers that are not finite in that dtype; it names the first such cell.

    >>> array("x", [[1, 2]])
    array([[1., 2.]])
    >>> array("y", [1.0, float("nan")])
    Traceback (most recent call last):
    ...
    downslope.errors.DownslopeError: y[1] is nan; fill in a number or leave the row out
    """
    # not `dtype in (None, …)`: NumPy takes None for float64
    if type(value) is np.ndarray and value.dtype in _FLOATS and (dtype is None or dtype == value.dtype):
        _refuse_infinite(name, value, value)
        return value
    raw = _plain_array(name, value)
    wanted = np.dtype(dtype or (np.float32 if raw.dtype == np.float32 else np.float64))
    refuse_lost(name, raw)
    if raw.dtype.kind == "c":
        raise DownslopeError(f"{name} holds complex numbers; give their real and imaginary parts as columns")
    if raw.dtype.kind in "US":
        first = str(raw.ravel()[0]) if raw.size else ""
        raise DownslopeError(f"{name} holds text such as {first!r}; convert it with .astype(float) first")
    if raw.dtype.kind == "O":
        raw = _from_objects(name, raw)
    elif raw.dtype.kind not in "fiub":
        raise DownslopeError(f"{name} holds numbers only, not {raw.dtype}")
    with np.errstate(over="ignore"):
        found: NDArray[Any] = raw.astype(wanted, copy=False)
    _refuse_infinite(name, raw, found)
    return found


def show(value: Any, limit: int = 60) -> str:
    """A value as it is quoted in a message: its repr, or its type where that is long."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if callable(value) and hasattr(value, "__name__"):
        return f"the function {value.__name__}"
    if isinstance(value, np.generic):
        value = value.item()
    shown = repr(value)
    if len(shown) <= limit and "\n" not in shown and " at 0x" not in shown:
        return shown
    return one_of(type(value))


def one_of(kind: type) -> str:
    """One object of a class, in words.

    >>> one_of(int), one_of(dict)
    ('an int', 'a dict')
    """
    return f"{'an' if kind.__name__[0].lower() in 'aeiou' else 'a'} {kind.__name__}"


def real(value: Any) -> float | None:
    """A real number as a float; None for what is none."""
    if isinstance(value, str | bytes | bool | np.bool_ | complex | np.complexfloating | type):
        return None
    if isinstance(value, np.ndarray):
        return real(value.item()) if value.ndim == 0 else None
    if not hasattr(value, "__float__") or getattr(value, "shape", ()) not in ((), None):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
    except OverflowError:
        return math.inf


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


def _plain_array(name: str, value: Any) -> NDArray[Any]:
    """What NumPy makes of a value, unless it would lose a mask or not see the numbers."""
    if hasattr(value, "toarray") and hasattr(value, "nnz"):
        raise DownslopeError(f"{name} is a sparse matrix; give {name}.toarray()")
    if isinstance(value, list | tuple) and any(isinstance(v, np.ma.MaskedArray) for v in value):
        value = np.ma.array(value)
    refuse_lost(name, value, dates=True)
    try:
        return np.asarray(value)
    except Exception as error:
        raise DownslopeError(f"{name} cannot be made an array of numbers: {error}") from None


def _from_objects(name: str, raw: NDArray[Any]) -> NDArray[Any]:
    """Python objects as float64, each by itself; what is missing becomes NaN."""
    found = np.empty(raw.shape)
    for index, item in np.ndenumerate(raw):
        if item is None or type(item).__name__ in ("NAType", "NaTType"):
            found[index] = math.nan
            continue
        one = float(item) if isinstance(item, bool | np.bool_) else real(item)
        if one is None:
            raise DownslopeError(f"{_cell(name, index)} is {show(item)}, which is no number")
        found[index] = one
    return found


def _refuse_infinite(name: str, raw: NDArray[Any], found: NDArray[Any]) -> None:
    if found.size <= _FEW:
        if np.isfinite(found).all():
            return
    else:  # a sum is not finite where an element is not, and takes no memory; it can also overflow
        with np.errstate(all="ignore"):
            if math.isfinite(found.sum()):
                return
    bad = np.argwhere(~np.isfinite(found))
    if not len(bad):
        return
    index = tuple(int(i) for i in bad[0])
    cell, was = _cell(name, index), raw[index]
    if np.isfinite(was):
        raise DownslopeError(f"{cell} is {was}, which is beyond {found.dtype}; scale the numbers")
    raise DownslopeError(f"{cell} is {was:g}; fill in a number or leave the row out")


def _cell(name: str, index: Iterable[int]) -> str:
    numbers = ", ".join(str(int(i)) for i in index)
    return f"{name}[{numbers}]" if numbers else name
