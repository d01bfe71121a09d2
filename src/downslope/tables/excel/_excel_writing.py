"""Writing a table as a sheet of Excel."""

from __future__ import annotations

from typing import Any, BinaryIO

from downslope._extras import polars as pl
from downslope._extras import xlsxwriter
from downslope.errors import DownslopeError
from downslope.tables._plain import is_plain
from downslope.tables.text import level_text

__all__ = ["write_excel"]

_ROWS, _COLUMNS = 1_048_575, 16_384
_LONGEST = 32_767  # characters of a cell
_EXACT = 2**53  # the whole numbers that a cell holds
_FORMATS = {
    "Date": "yyyy-mm-dd",
    "Datetime": "yyyy-mm-dd hh:mm:ss",
    "Duration": "[h]:mm:ss",
    "Time": "hh:mm:ss",
}


def write_excel(frame: pl.DataFrame, file: BinaryIO) -> None:
    """Write a table as an .xlsx file with one sheet; ``read_table`` reads it back.

    Whole numbers beyond 2⁵³ and the cells of lists and records are written as text; moments with a time zone
    are given in universal time.

    Raises:
        DownslopeError: if the table has more rows or columns than a sheet.

    >>> import io
    >>> from downslope.tables import read_table
    >>> file = io.BytesIO()
    >>> write_excel(pl.DataFrame({"size": [1.5, None], "town": ["Bonn", "007"]}), file)
    >>> read_table(file).rows()
    [(1.5, 'Bonn'), (None, '007')]
    """
    if frame.height > _ROWS or frame.width > _COLUMNS:
        raise DownslopeError(
            f"a sheet of Excel holds {_ROWS:,} rows and {_COLUMNS:,} columns, and the table has "
            f"{frame.height:,} and {frame.width:,}; end the name in .parquet or .csv"
        )
    settings = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, settings) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True})
        for place, column in enumerate(frame):
            sheet.write_string(0, place, column.name, bold)
            sheet.write_column(1, place, _cells(column).to_list(), _format(book, column.dtype))
        sheet.freeze_panes(1, 0)
    file.seek(0)


def _cells(column: pl.Series) -> pl.Series:
    """The column as what a sheet holds."""
    kind = column.dtype
    if kind.is_integer() and (column.cast(pl.Float64).abs() > _EXACT).any():
        return column.cast(pl.String)
    if kind.is_float():
        return column if column.is_finite().all() else _with_words(column)
    if kind in (pl.Date, pl.Datetime):
        return _days(column)
    if is_plain(kind):
        if kind == pl.String and (column.str.len_chars() > _LONGEST).any():
            raise DownslopeError(
                f'column "{column.name}" has text of more than {_LONGEST:,} characters, more than a cell of '
                "Excel holds; end the name in .parquet or .csv"
            )
        return column
    return pl.Series(
        column.name, [None if cell is None else str(cell) for cell in column.to_list()], pl.String
    )


def _days(column: pl.Series) -> pl.Series:
    """Moments of universal time, as text if some are before 1900, where the days of a sheet begin."""
    if getattr(column.dtype, "time_zone", None):
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return level_text(column) if (column.dt.year() < 1900).any() else column


def _with_words(column: pl.Series) -> pl.Series:
    """Numbers without NaN, and as text if there are infinities, for which a sheet has no number."""
    column = column.fill_nan(None)
    return column.cast(pl.String) if column.is_infinite().any() else column


def _format(book: Any, kind: pl.DataType) -> Any:
    """How Excel shows cells of a type; None for its own way."""
    shown = _FORMATS.get(str(kind.base_type()))
    return None if shown is None else book.add_format({"num_format": shown})
