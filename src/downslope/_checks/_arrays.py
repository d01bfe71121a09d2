"""Arrays of finite numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks._numbers import (
    NOT_NEGATIVE,
    Interval,
    _words,
)
from downslope._checks._values import real, show
from downslope.errors import DownslopeError

__all__ = ["array", "indices", "refuse_lost"]


_FLOATS = (np.dtype(np.float64), np.dtype(np.float32))

_FEW = 10_000  # numbers, of which a copy takes no time


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
    raw = value if type(value) is np.ndarray else _plain_array(name, value)
    # not `dtype in (None, …)`: NumPy takes None for float64
    if raw.dtype in _FLOATS and (dtype is None or dtype == raw.dtype):
        _refuse_infinite(name, raw, raw)
        return raw
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
    found: NDArray[Any] = raw
    if raw.dtype != wanted:
        with np.errstate(over="ignore"):
            found = raw.astype(wanted)
    _refuse_infinite(name, raw, found)
    return found


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
    if found.size <= _FEW:  # one call of NumPy; a square can also overflow
        if math.isfinite(np.vdot(found, found)):
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
