"""Columns of numbers as computers write them, found for all columns of a table at once.

A call of Polars has a price of its own: for thousands of columns, one for each would take most of the time.
"""

from __future__ import annotations

from collections.abc import Iterable

from downslope._extras import polars as pl

__all__ = ["plain_numbers", "too_long", "where"]

_HEAD = 100
_EXACT = float(2**53)


def plain_numbers(text: pl.DataFrame) -> dict[str, pl.Series]:
    """The columns of text in which every cell is a number as computers write it, as Int64 or Float64.

    Codes with a leading zero stay text: "01234" read as 1234 would be another code. So do whole numbers of
    more digits than Float64 holds, and columns without any cell.

    >>> found = plain_numbers(pl.DataFrame({"a": ["1", None], "b": ["1e3", "2"], "c": ["01", "2"]}))
    >>> {name: column.to_list() for name, column in found.items()}
    {'a': [1, None], 'b': [1000.0, 2.0]}
    """
    filled = [name for name, gaps in _gaps(text).items() if gaps < text.height]
    whole = _cast(text, filled, pl.Int64)
    floats = _cast(text, (name for name in filled if name not in whole), pl.Float64)
    numbers, each = pl.DataFrame(list(floats.values())), pl.all()
    refused = where(numbers, each.is_nan().any())
    refused |= {n for n in where(numbers, each.abs().max() >= _EXACT) if too_long(floats[n], text[n])}
    fractions = where(numbers, (each != each.round()).any())  # among which "007" is no code
    refused |= _with_codes(text, [*whole, *(name for name in floats if name not in fractions)])
    return {name: column for name, column in {**whole, **floats}.items() if name not in refused}


def too_long(values: pl.Series, text: pl.Series) -> bool:
    """Whether there are whole numbers that Float64 rounds, and Int64 does not hold."""
    largest = values.abs().max()
    if largest is None or float(largest) < _EXACT:  # type: ignore[arg-type]
        return False
    return bool(text.str.contains(r"^[+-]?\d{16,}$").any())


def where(frame: pl.DataFrame, condition: pl.Expr) -> set[str]:
    """The columns of which a condition is true."""
    if not frame.width:
        return set()
    return {name for name, true in frame.select(condition).row(0, named=True).items() if true}


def _cast(text: pl.DataFrame, names: Iterable[str], dtype: type[pl.DataType]) -> dict[str, pl.Series]:
    """The columns of which every cell is such a number; a few cells tell most others."""
    for some in (text.head(_HEAD), text):
        columns = some.select(names).get_columns()
        cast = {column.name: column.cast(dtype, strict=False) for column in columns}
        names = [c.name for c in columns if cast[c.name].null_count() == c.null_count()]
    return {name: cast[name] for name in names}


def _with_codes(text: pl.DataFrame, names: Iterable[str]) -> set[str]:
    """The columns in which a whole number of two or more digits starts with 0."""
    zeros = where(text.select(names), pl.all().str.starts_with("0").any())
    return where(text.select(zeros), pl.all().str.contains(r"^0\d+$").any())


def _gaps(frame: pl.DataFrame) -> dict[str, int]:
    return frame.null_count().row(0, named=True) if frame.width else {}
