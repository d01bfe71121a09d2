"""Columns by which rows can be put in order: dates, times of the day, numbers such as years."""

from __future__ import annotations

import re

from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.tables._columns import Column, finite_numbers
from downslope.tables._names import shown_value
from downslope.tables.text import as_moments, common_order, level_text, numbers_in, without_gaps

__all__ = ["may_order", "times_of", "written_time"]

_YEAR = re.compile(r"(?i)^(year|yr|jahr|ann[ée]e|a[ñn]o|anno|jaar|ano)$")
_YEARS = (1500, 2500)


def times_of(column: pl.Series) -> pl.Series:
    """The column as values in the order of time, (rows,): Date, Datetime, Time, or Float64; null for gaps.

    Raises:
        DownslopeError: if a cell is no date, no time and no number; it names the row.

    >>> times_of(pl.Series("sold", ["2024-03-01", "NA", "2023-12-24"])).rank("dense").to_list()
    [2, None, 1]
    >>> times_of(pl.Series("year", [2009, 2007])).to_list()
    [2009.0, 2007.0]
    """
    if column.dtype in (pl.Date, pl.Datetime, pl.Time):
        return column
    if column.dtype.is_numeric() or column.dtype == pl.Duration:
        return finite_numbers(column)
    if column.dtype not in (pl.String, pl.Categorical, pl.Enum):
        raise _no_times(column, 0)
    text = without_gaps(column.cast(pl.String)).alias(column.name)
    numbers = numbers_in(text)
    order = common_order(text)
    read = numbers if order is None else as_moments(text, order)
    wrong = (read.is_null() & text.is_not_null()).arg_true()
    if len(wrong):
        raise _no_times(column, wrong[0])
    return read.alias(column.name)


def _no_times(column: pl.Series, row: int) -> DownslopeError:
    return DownslopeError(
        f'the column "{column.name}" orders no rows by time: row {row + 1} holds '
        f"{shown_value(level_text(column)[row])}, which is no date, no time and no number; correct it, leave "
        "the cell empty, or name another column"
    )


def written_time(time: object) -> str:
    """One of these values as text.

    >>> import datetime
    >>> written_time(datetime.datetime(2024, 3, 1)), written_time(2009.0), written_time(datetime.time(9, 30))
    ('2024-03-01', '2009', '09:30:00')
    """
    if isinstance(time, float):
        return f"{time:.15g}"
    return str(time).removesuffix(" 00:00:00")


def may_order(frame: pl.DataFrame, column: Column) -> bool:
    """Whether the rows of a table may well be in the order of this column: dates, or years by its name."""
    if column.kind == "date":
        return True
    if column.kind != "number" or not _YEAR.match(column.name):
        return False
    values = finite_numbers(frame[column.name]).drop_nulls()
    low, high = _YEARS
    return bool((values == values.round()).all() and values.is_between(low, high).all())
