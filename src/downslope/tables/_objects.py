"""Columns of Python objects: what kind of values they are, and a column of that kind."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any
from uuid import UUID

import numpy as np

from downslope._extras import polars as pl
from downslope.errors import DownslopeError

__all__ = ["column_of_array", "column_of_objects"]

_GAPS = {"NoneType", "NAType", "NaTType", "MaskedConstant"}
"""The names of types whose values are gaps: None, pandas.NA, pandas.NaT, numpy.ma.masked."""

_FAILURES = (TypeError, ValueError, ArithmeticError, AttributeError)
_TRUTHS = (bool, np.bool_)
_WHOLE = (*_TRUTHS, int, np.integer)
_NUMBERS = (*_WHOLE, float, np.floating, Decimal, Fraction)
_MOMENTS = (dt.date,)  # a datetime is one
_SPANS = (dt.timedelta,)
_TIMES = (dt.time,)


def column_of_objects(name: str, cells: Sequence[Any]) -> pl.Series:
    """A column of what the cells are: numbers, booleans, text, dates, durations or times.

    None, NaN, ``pandas.NA``, NaT and masked cells are null. Values of several kinds are text. Values that
    are none of these kinds, such as lists, make a column of objects.

    >>> column_of_objects("a", [1, None, 2.5]).to_list(), column_of_objects("a", [True, "x", 2.0]).to_list()
    ([1.0, None, 2.5], ['true', 'x', '2'])
    """
    kinds = set(map(type, cells)) - {type(None)}
    if kinds and kinds <= {int, float}:  # as most columns are
        with suppress(OverflowError, TypeError, pl.exceptions.PolarsError):
            return pl.Series(name, cells, pl.Int64 if kinds == {int} else pl.Float64).fill_nan(None)
    present, kinds = _without_gaps(cells, kinds)
    try:
        for types, build in _BUILDERS:
            if all(issubclass(kind, types) for kind in kinds):
                return build(name, present)
    except (*_FAILURES, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise DownslopeError(
            f'column "{name}" cannot be taken ({" ".join(str(error).split())[:160]}); '
            "give its values as numbers, text or dates"
        ) from None
    return pl.Series(name, present, pl.Object)


def column_of_array(name: str, array: np.ndarray) -> pl.Series:
    """A column of a NumPy array of any dtype; what is masked is null.

    >>> column_of_array("a", np.array(["2024-01-01", "NaT"], "M8[s]")).to_list()
    [datetime.datetime(2024, 1, 1, 0, 0), None]
    """
    if isinstance(array, np.ma.MaskedArray):
        whole = column_of_array(name, array.data)
        return whole.set(pl.Series(np.ma.getmaskarray(array)), None)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DownslopeError(
            f'column "{name}" is an array of shape {array.shape}; a column has one value for each row'
        )
    kind = array.dtype.kind
    if kind in "biuf":
        return pl.Series(name, np.ascontiguousarray(array, _native(array.dtype)))
    if kind in "mM":
        days = kind == "M" and np.datetime_data(array.dtype)[0] in ("Y", "M", "W", "D")
        return pl.Series(name, array.astype(f"{kind}8[{'D' if days else 'us'}]"))
    return column_of_objects(name, array.tolist() if kind in "OUS" else list(array))


def _native(kind: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype that a column has: in this machine's byte order, floats of 32 or 64 bits."""
    if kind.kind == "f":
        return np.dtype(np.float32 if kind.itemsize <= 4 else np.float64)
    return kind.newbyteorder("=")


def _without_gaps(cells: Sequence[Any], kinds: set[type]) -> tuple[list[Any], set[type]]:
    """The cells with None for gaps and with what pandas' own types stand for, and the types of the others."""
    present = list(cells)
    for kind in kinds:
        convert = _special(kind)
        if convert is not None:
            present = [convert(cell) if type(cell) is kind else cell for cell in present]
    return present, set(map(type, present)) - {type(None)}


def _special(kind: type) -> Callable[[Any], Any] | None:
    """How values of a type are made plain; None where they are."""
    if kind.__name__ in _GAPS:
        return None if kind is type(None) else lambda cell: None
    if issubclass(kind, Enum):
        return lambda cell: cell.value
    if kind.__name__ == "Period":  # of pandas: its first moment
        return lambda cell: cell.to_timestamp()
    if kind.__name__ == "Interval":
        return str
    if issubclass(kind, float | np.floating):
        return lambda cell: None if math.isnan(cell) else cell
    if issubclass(kind, Decimal):
        return lambda cell: None if cell.is_nan() else cell
    if issubclass(kind, np.datetime64):  # items are None where they are NaT
        return lambda cell: cell.astype("M8[us]").item()
    if issubclass(kind, np.timedelta64):
        return lambda cell: cell.astype("m8[us]").item()
    if issubclass(kind, bytes | bytearray):
        return _decoded
    return None


def _decoded(cell: bytes) -> str | bytes:
    try:
        return cell.decode()
    except UnicodeDecodeError:
        return cell


def _truths(name: str, cells: list[Any]) -> pl.Series:
    return pl.Series(name, [None if cell is None else bool(cell) for cell in cells], pl.Boolean)


def _whole(name: str, cells: list[Any]) -> pl.Series:
    """Int64 where all fit, else their digits as text, as in a file, so that long ones stay different."""
    whole = [None if cell is None else int(cell) for cell in cells]
    low, high = (pick((c for c in whole if c is not None), default=0) for pick in (min, max))
    if low >= -(2**63) and high < 2**63:
        return pl.Series(name, whole, pl.Int64)
    return pl.Series(name, [None if cell is None else str(cell) for cell in whole], pl.String)


def _number(cell: Any) -> float | None:
    if cell is None:
        return None
    try:
        return float(cell)
    except OverflowError:
        return math.inf if cell > 0 else -math.inf


def _numbers(name: str, cells: list[Any]) -> pl.Series:
    if all(isinstance(c, Decimal) and c == c.to_integral_value() for c in cells if c is not None):
        return _whole(name, cells)
    return pl.Series(name, [_number(cell) for cell in cells], pl.Float64)


def _moments(name: str, cells: list[Any]) -> pl.Series:
    """Days, or moments without a zone: those with one are given in universal time."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds == {dt.date}:
        return pl.Series(name, cells, pl.Date)
    return pl.Series(name, [_moment(cell) for cell in cells], pl.Datetime("us"))


def _moment(cell: Any) -> dt.datetime | None:
    if hasattr(cell, "to_pydatetime"):
        cell = cell.to_pydatetime(warn=False)  # nanoseconds are more than a column of moments keeps
    if isinstance(cell, dt.datetime):
        return cell if cell.tzinfo is None else cell.astimezone(dt.UTC).replace(tzinfo=None)
    return None if cell is None else dt.datetime.combine(cell, dt.time())


def _text(name: str, cells: list[Any]) -> pl.Series:
    return pl.Series(name, [None if cell is None else _named(cell) for cell in cells], pl.String)


def _named(cell: Any) -> str:
    """A value among values of other kinds, written as a file has it."""
    if isinstance(cell, _TRUTHS):
        return "true" if cell else "false"
    if isinstance(cell, float | np.floating | Decimal | Fraction) and math.isfinite(cell):
        return str(int(cell)) if cell == int(cell) else str(float(cell))
    return str(cell)


_BUILDERS: tuple[tuple[tuple[type, ...], Callable[[str, list[Any]], pl.Series]], ...] = (
    ((str,), lambda name, cells: pl.Series(name, cells, pl.String)),
    (_TRUTHS, _truths),
    (_WHOLE, _whole),
    (_NUMBERS, _numbers),
    (_MOMENTS, _moments),
    (_SPANS, lambda name, cells: pl.Series(name, cells, pl.Duration("us"))),
    (_TIMES, lambda name, cells: pl.Series(name, cells, pl.Time)),
    ((str, UUID, *_NUMBERS, *_MOMENTS, *_SPANS, *_TIMES), _text),
)
