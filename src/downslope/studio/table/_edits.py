"""Edits of a table: one cell, one row."""

from __future__ import annotations

from typing import Any

import numpy as np

from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.studio.table._rows import EDITABLE, Rows

__all__ = ["with_cell", "with_row_like_the_last", "without_row"]


def with_cell(rows: Rows, row: int, column: str, text: str) -> pl.DataFrame:
    """The table with one cell changed.

    Raises:
        DownslopeError: if there is no such cell, or the column cannot hold the text.
    """
    _check_editable(rows)
    if column not in rows.frame.columns or not 0 <= row < rows.frame.height:
        raise DownslopeError(f'there is no cell in row {row + 1} of "{column}" that can be changed')
    cells = rows.frame[column]
    value: Any = text.strip() or None
    if cells.dtype.is_numeric() and value is not None:
        try:
            value = float(value)
        except ValueError:
            raise DownslopeError(f'"{column}" holds numbers, and {text!r} is not a number') from None
        if not np.isfinite(value):
            raise DownslopeError(f'"{column}" holds finite numbers, not {text!r}')
        if not cells.dtype.is_float():
            cells = cells.cast(pl.Float64)
    changed = cells.to_list()
    changed[row] = value
    try:
        return rows.frame.with_columns(pl.Series(column, changed, cells.dtype))
    except (TypeError, pl.exceptions.PolarsError):
        raise DownslopeError(f'"{column}" holds {cells.dtype}, and {text!r} is not of this type') from None


def with_row_like_the_last(rows: Rows) -> pl.DataFrame:
    """The table with one more row.

    Raises:
        DownslopeError: if the table is too long to be changed by hand.
    """
    _check_editable(rows)
    return rows.frame.vstack(rows.frame.tail(1))


def without_row(rows: Rows, row: int) -> pl.DataFrame:
    """The table without a row.

    Raises:
        DownslopeError: if there is no such row, or the table is too long to be changed by hand.
    """
    _check_editable(rows)
    if not 0 <= row < rows.frame.height:
        raise DownslopeError(f"there is no row {row + 1}; the table has {rows.frame.height:,} rows")
    return rows.frame.head(row).vstack(rows.frame.slice(row + 1))


def _check_editable(rows: Rows) -> None:
    if not rows.editable:
        raise DownslopeError(
            f"tables up to {EDITABLE:,} rows can be changed here, and this one has {rows.frame.height:,}; "
            "change the file and open it again"
        )
