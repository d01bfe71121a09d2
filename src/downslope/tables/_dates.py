"""Dates in text: which one format covers a whole column, and the cells read with it."""

from __future__ import annotations

import polars as pl

__all__: list[str] = []

_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d")
_TIMES = ("", " %H:%M:%S", "T%H:%M:%S", " %H:%M", "T%H:%M", " %H:%M:%S%.f", "T%H:%M:%S%.f")
_ZONES = ("T%H:%M:%S%z", "T%H:%M:%S%.f%z", " %H:%M:%S%z", " %H:%M:%S%.f%z", "T%H:%M%z")
_SHAPE = r"^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(?:$|[T ]\d{1,2}:\d{2})"

FORMATS = tuple(day + time for day in _DAYS for time in _TIMES) + tuple("%Y-%m-%d" + zone for zone in _ZONES)


def moments(text: pl.Series, form: str) -> pl.Series:
    """The cells read with one format, in universal time; null where a cell is written otherwise.

    >>> moments(pl.Series(["31.12.2024", "1/1/24"]), "%d.%m.%Y").dt.year().to_list()
    [2024, None]
    """
    if form.endswith("%z"):
        text = text.str.replace(r"Z$", "+00:00")
    read = text.str.to_datetime(form, strict=False, time_unit="us")
    return read.dt.replace_time_zone(None) if form.endswith("%z") else read


def common_format(text: pl.Series) -> str | None:
    """The format in which every cell is a date, or None.

    Where month and day could be exchanged in every cell, the order that leaves the column sorted is
    taken, else month before day.

    >>> common_format(pl.Series(["03/04/2024", "25/04/2024"]))
    '%d/%m/%Y'
    """
    cells = text.drop_nulls()
    if not len(cells) or not cells.head(100).str.contains(_SHAPE).all():
        return None
    if not cells.str.contains(_SHAPE).all():
        return None
    few, found = cells.head(100), []
    for form in FORMATS:
        if moments(few, form).null_count() == 0 and moments(cells, form).null_count() == 0:
            found.append(form)
    if not found:
        return None
    return next((form for form in found if moments(cells, form).is_sorted()), found[0])


def worded(form: str) -> str:
    """A format in words, for the reason given with a column.

    >>> worded("%d.%m.%Y %H:%M")
    'day.month.year with a time'
    """
    day = form[:8].replace("%Y", "year").replace("%m", "month").replace("%d", "day")
    return day + (" with a time" if len(form) > 8 else "")


def as_moments(column: pl.Series, form: str | None) -> pl.Series:
    """A column of dates, of times or of text, as microseconds of universal time; null where it is none."""
    if column.dtype == pl.Date:
        return column.cast(pl.Datetime("us"))
    if column.dtype == pl.Datetime:
        zoned = getattr(column.dtype, "time_zone", None)
        plain = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if zoned else column
        return plain.cast(pl.Datetime("us"))
    if column.dtype != pl.String:
        return pl.Series(column.name, [None] * len(column), pl.Datetime("us"))
    chosen = form or common_format(column)
    if chosen is None:
        return pl.Series(column.name, [None] * len(column), pl.Datetime("us"))
    return moments(column, chosen)
