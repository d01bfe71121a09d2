"""Columns of any type as the few types that are read here, and which columns are none of them."""

from __future__ import annotations

from collections.abc import Callable

from downslope._extras import polars as pl
from downslope.tables._names import shown_value
from downslope.tables._objects import column_of_objects
from downslope.tables._row_numbers import RowError

__all__ = ["is_plain", "plain_column", "plain_frame", "refuse_nested"]


def plain_frame(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame with NaN as null, and with plain columns where that is possible."""
    changed = [plain for column in frame if (plain := plain_column(column)) is not column]
    return frame.with_columns(changed) if changed else frame


def plain_column(column: pl.Series) -> pl.Series:
    """A column of numbers, booleans, text, categories, dates or times; one that is none of them unchanged.

    >>> from decimal import Decimal
    >>> plain_column(pl.Series([Decimal("1.50"), None])).to_list()
    [1.5, None]
    >>> plain_column(pl.Series([b"Bonn"])).to_list()
    ['Bonn']
    """
    for fits, convert in _CONVERSIONS:
        if fits(column.dtype):
            return convert(column)
    return column


def is_plain(kind: pl.DataType) -> bool:
    """Whether a column of this type can be numbers, levels or dates."""
    return kind.is_numeric() or str(kind.base_type()) in _PLAIN


def refuse_nested(column: pl.Series, advice: str) -> None:
    """Refuse a column whose cells are lists, records or anything else that is no single value.

    Raises:
        RowError: it names the column, its first such cell and the advice.
    """
    if is_plain(column.dtype):
        return
    present = column.is_not_null().arg_true()
    if not len(present):
        return
    shown = shown_value(_shown(column[present[0]]))
    raise RowError(
        f'column "{column.name}" holds {_worded(column)}, such as {shown} in', present[0], f"; {advice}"
    )


def _shown(cell: object) -> object:
    return cell.to_list() if isinstance(cell, pl.Series) else cell


def _worded(column: pl.Series) -> str:
    """What its cells are, in words."""
    kind = column.dtype
    if kind in (pl.List, pl.Array):
        return "lists"
    if kind == pl.Struct:
        return "records"
    if kind == pl.Binary:
        return "bytes that are no text in UTF-8"
    if kind == pl.Object:
        return "values of type " + " and ".join(sorted({type(c).__name__ for c in column if c is not None}))
    return f"values of type {kind}"


_PLAIN = {"Null", "Boolean", "String", "Categorical", "Enum", "Date", "Datetime", "Duration", "Time"}


def _without_nan(column: pl.Series) -> pl.Series:
    return column.fill_nan(None) if column.is_nan().any() else column


def _of_decimals(column: pl.Series) -> pl.Series:
    """Whole numbers as such, so that long ones stay different; others as Float64."""
    return _of_long_numbers(column) if getattr(column.dtype, "scale", None) == 0 else column.cast(pl.Float64)


def _of_long_numbers(column: pl.Series) -> pl.Series:
    """Int64 where all fit, else their digits as text, as in a file, so that long ones stay different."""
    whole = column.cast(pl.Int64, strict=False)
    return whole if whole.null_count() == column.null_count() else column.cast(pl.String)


def _of_bytes(column: pl.Series) -> pl.Series:
    try:
        text = column.cast(pl.String, strict=False)
    except pl.exceptions.PolarsError:  # bytes that are no text
        return column
    return text if text.null_count() == column.null_count() else column


_CONVERSIONS: tuple[tuple[Callable[[pl.DataType], bool], Callable[[pl.Series], pl.Series]], ...] = (
    (lambda kind: kind in (pl.Float32, pl.Float64), _without_nan),
    (lambda kind: kind.is_float(), lambda column: _without_nan(column.cast(pl.Float32))),
    (lambda kind: str(kind) in ("UInt64", "Int128", "UInt128"), _of_long_numbers),
    (lambda kind: kind == pl.Decimal, _of_decimals),
    (lambda kind: kind == pl.Binary, _of_bytes),
    (lambda kind: kind == pl.Object, lambda column: column_of_objects(column.name, column.to_list())),
    (lambda kind: kind == pl.Null, lambda column: column.cast(pl.String)),
)
