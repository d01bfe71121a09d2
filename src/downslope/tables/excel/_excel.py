"""Reading a sheet of Excel or OpenDocument: its table, and columns of what the cells hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._extras import fastexcel
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.tables._names import did_you_mean, listed
from downslope.tables.excel._sheet import (
    Area,
    Cells,
    filled_of,
    header_of,
    names_of,
    notes_below,
    side_by_side,
    table_areas,
)
from downslope.tables.excel._workbook import SheetMarks, marks_of
from downslope.tables.sources import Source
from downslope.tables.text import Written, checked_names, level_text

__all__ = ["read_excel"]

_FIRST_DAYS = (dt.date(1899, 12, 30), dt.date(1899, 12, 31))
"""The days on which a time without a day is stored."""
_ZERO = dt.datetime(1899, 12, 31)
_HOURS = dt.datetime(1901, 1, 1)  # a number of hours, written as a time, is before


def read_excel(source: Source, sheet: str | None) -> Written:
    """The table of a sheet, with numbers, dates, times and booleans as such, and other columns as text.

    Titles above the table and notes around it are left out. Two rows of names are joined. A cell that is
    merged over several rows counts for each. What is left out, and what counts as a gap though it is not
    empty, is said.

    Args:
        source: the file, in any format of spreadsheets that fastexcel reads.
        sheet: its name, also with an area such as "Sales!B3:F20"; the first where none is given.

    Raises:
        DownslopeError: if it is no such file, there is no such sheet, or it holds no table or several.
    """
    try:
        book = fastexcel.read_excel(source.content)
        name, area = _chosen(source, book.sheet_names, sheet)
        written = _table(source, _Sheet(book, name, marks_of(source.content, name)), area)
    except fastexcel.FastExcelError as error:
        raise DownslopeError(
            f"{source.name} cannot be read as Excel ({str(error).strip().splitlines()[0][:160]}); save it "
            "again as .xlsx"
        ) from None
    names = book.sheet_names
    if sheet is not None or len(names) == 1:
        return written
    others = f'{source.name} has {len(names)} sheets, of which "{name}" is read: {listed(names)}'
    return replace(written, notes=(others, *written.notes))


def _chosen(source: Source, names: Sequence[str], asked: str | None) -> tuple[str, Area | None]:
    """The sheet that was asked for, and the area on it."""
    if not names:
        raise DownslopeError(f"{source.name} has no sheets; give one with a table")
    if asked is None or asked in names:
        return asked or names[0], None
    name, _, address = asked.rpartition("!")
    name = name.strip("'")
    area = Area.of(address)
    if name in names and area is not None:
        return name, area
    raise DownslopeError(
        f'{source.name} has no sheet "{asked}"; it has {listed(names)}{did_you_mean(asked, names)}'
    )


@dataclass(frozen=True)
class _Sheet:
    """A sheet of an open file, whose cells are read as text or as what they are."""

    book: Any
    name: str
    marks: SheetMarks

    def cells(self) -> Cells:
        """The text of all cells from A1 on, None for empty ones; numbers have at most nine decimals."""
        loaded = self.book.load_sheet(self.name, header_row=None, skip_rows=0, dtypes="string")
        first = loaded.available_columns()[0].absolute_index if loaded.width else 0
        cells = np.full((loaded.height, first + loaded.width), None, dtype=object)
        for place, column in enumerate(loaded.to_polars()):
            text = column.set(column.str.strip_chars() == "", None)
            cells[:, first + place] = text.to_numpy()
        return cells

    def columns(self, data: Area, places: Sequence[int], kind: str | None = None) -> list[pl.Series]:
        """Some columns of some rows as what all their cells are, or as cells of one kind and gaps.

        Raises:
            FastExcelError: where cells of a column have no kind in common.
        """
        loaded = self.book.load_sheet(
            self.name,
            header_row=None,
            skip_rows=data.top,
            n_rows=data.height,
            use_columns=list(places),
            schema_sample_rows=None,
            dtypes=kind,
        )
        columns: list[pl.Series] = loaded.to_polars().get_columns()
        return columns

    def typed(self, data: Area, places: Sequence[int]) -> list[pl.Series]:
        """Some columns of some rows as what all their cells are; as text where they differ."""
        try:
            return self.columns(data, places)
        except fastexcel.FastExcelError:
            if len(places) > 1:
                return [column for place in places for column in self.typed(data, [place])]
        spans = self.columns(data, places, "duration")  # times of the day among durations
        texts = self.columns(data, places, "string")
        return spans if spans[0].null_count() == texts[0].null_count() else texts


def _table(source: Source, sheet: _Sheet, area: Area | None) -> Written:
    cells = sheet.cells()
    around: list[Area] = []
    notes: list[str] = []
    if area is None:
        area, around = _only_table(source, sheet, cells)
        notes += _divided(source, sheet, filled_of(cells), area)
    else:
        area = Area(area.top, min(area.bottom, len(cells)), area.left, min(area.right, cells.shape[1]))
    part = cells[area.top : area.bottom, area.left : area.right]
    if not part.size or not filled_of(part).any():
        raise _empty(source, sheet)
    merged = [_moved(m, area) for m in sheet.marks.merged if _inside(m, area)]
    head, first = header_of(part, merged)
    spans = [_lowered(m, head) for m in merged if head <= m.top < first]
    names = names_of(part[head:first], spans)
    if first - head > 1 and not spans:
        rows, several = f"{area.top + head + 1} to {area.top + first}", max(names, key=len)
        such = " ".join(several)
        notes.append(f'{_where(source, sheet)}: rows {rows} are read as names, such as "{such}"')
    _refuse_numbers(source, sheet, names)
    last = len(part) - notes_below(part[first:])
    kept = _named_or_filled(names, part[first:last])
    data = Area(area.top + first, area.top + last, area.left, area.right)
    around += [
        Area(t, b, area.left, area.right)
        for t, b in ((area.top, area.top + head), (data.bottom, area.bottom))
        if t < b
    ]
    columns = _columns(sheet, data, cells, [data.left + c for c in kept])
    below = [Area(m.top - first, m.bottom - first, m.left, m.right) for m in merged if m.top >= first]
    columns = [_filled_down(column, c, below) for c, column in zip(kept, columns, strict=True)]
    checked = checked_names([names[c] for c in kept], f'the sheet "{sheet.name}" of {source.name}')
    frame = pl.DataFrame([column.alias(name) for name, column in zip(checked, columns, strict=True)])
    notes += _said(source, sheet, data, cells, around)
    empty = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    return Written(
        frame.filter(~empty), index=(~empty).arg_true().to_numpy().astype(np.int64), notes=tuple(notes)
    )


def _where(source: Source, sheet: _Sheet) -> str:
    return f'the sheet "{sheet.name}" of {source.name}'


def _divided(source: Source, sheet: _Sheet, filled: NDArray[np.bool_], area: Area) -> list[str]:
    """What to say where empty columns divide a table, which may be several side by side."""
    parts = side_by_side(filled, area)
    if len(parts) < 2:
        return []
    return [
        f"{_where(source, sheet)}: {listed(list(map(str, parts)))} are read as one table, though empty "
        f"columns divide them; if they are several, name one by sheet, such as '{sheet.name}!{parts[0]}'"
    ]


def _only_table(source: Source, sheet: _Sheet, cells: Cells) -> tuple[Area, list[Area]]:
    tables, around = table_areas(cells)
    if not tables:
        raise _empty(source, sheet)
    if len(tables) > 1:
        found = listed(list(map(str, tables)))
        raise DownslopeError(
            f'the sheet "{sheet.name}" of {source.name} holds {len(tables)} tables, in {found}; '
            f"name the one to read by sheet, such as '{sheet.name}!{tables[0]}'"
        )
    return tables[0], around


def _empty(source: Source, sheet: _Sheet) -> DownslopeError:
    others = [name for name in sheet.book.sheet_names if name != sheet.name]
    advice = f"name another one: {listed(others)}" if others else "give a file with a table"
    return DownslopeError(f'the sheet "{sheet.name}" of {source.name} is empty; {advice}')


def _inside(inner: Area, outer: Area) -> bool:
    return outer.top <= inner.top < outer.bottom and outer.left <= inner.left < outer.right


def _moved(inner: Area, outer: Area) -> Area:
    """An area as counted from the corner of another."""
    return Area(
        inner.top - outer.top, inner.bottom - outer.top, inner.left - outer.left, inner.right - outer.left
    )


def _lowered(area: Area, rows: int) -> Area:
    return Area(area.top - rows, area.bottom - rows, area.left, area.right)


def _refuse_numbers(source: Source, sheet: _Sheet, names: Sequence[tuple[str, ...]]) -> None:
    """Refuse a first row of numbers, unless they count up, as years do."""
    numbers = pl.Series([" ".join(name) for name in names]).cast(pl.Float64, strict=False)
    steps = numbers.diff().drop_nulls()
    if not numbers.null_count() and not (len(steps) and (steps == steps[0]).all() and steps[0] in (1, 5, 10)):
        raise DownslopeError(
            f'the sheet "{sheet.name}" of {source.name} starts with numbers '
            f"({listed([' '.join(name) for name in names])}) where the names of the columns belong; add a "
            "first row with a name for each column"
        )


def _named_or_filled(names: Sequence[tuple[str, ...]], data: Cells) -> list[int]:
    """The columns that have a name or a cell."""
    filled = np.asarray(filled_of(data).any(axis=0))
    return [c for c, name in enumerate(names) if name or filled[c]]


def _columns(sheet: _Sheet, data: Area, cells: Cells, places: Sequence[int]) -> list[pl.Series]:
    """The columns of an area, which are as long as it."""
    texts = {c: pl.Series(cells[data.top : data.bottom, c].tolist(), dtype=pl.String) for c in places}
    present = [c for c in places if texts[c].null_count() < data.height]
    typed = dict(zip(present, sheet.typed(data, present), strict=True)) if present else {}
    words = [c for c in present if typed[c].dtype == pl.String]
    mixed = [c for c in words if texts[c].cast(pl.Float64, strict=False).null_count() < data.height]
    numbers = dict(zip(mixed, sheet.columns(data, mixed, "float"), strict=True)) if mixed else {}
    for c in mixed:
        texts[c] = _exact(texts[c], numbers[c])
    return [_without_midnight(texts[c]) if c in words else _plain(typed.get(c, texts[c])) for c in places]


def _exact(text: pl.Series, numbers: pl.Series) -> pl.Series:
    """Text in which the numbers have all their digits."""
    rounded = (text.cast(pl.Float64, strict=False) != numbers).fill_null(False)
    return text.zip_with(~rounded, level_text(numbers))


def _without_midnight(text: pl.Series) -> pl.Series:
    """Text in which days, which a sheet stores as moments, are days."""
    return text.str.replace(r"^(\d{4}-\d\d-\d\d) 00:00:00$", "$1")


def _plain(column: pl.Series) -> pl.Series:
    """Whole numbers as such, days and times of the day as such, and hours beyond a day as durations."""
    if column.dtype.is_float():
        whole = column.cast(pl.Int64, strict=False)
        return whole if (whole == column).sum() == len(column) - column.null_count() else column
    if column.dtype == pl.Duration:
        return column.cast(pl.Duration("us"))
    if column.dtype != pl.Datetime:
        return column
    days = column.dt.date()
    if days.is_in(_FIRST_DAYS).sum() == len(column) - column.null_count():
        return column.dt.time()
    if (column < _HOURS).all():
        return (column - _ZERO).cast(pl.Duration("us"))
    return days if (days == column).all() else column.cast(pl.Datetime("us"))


def _filled_down(column: pl.Series, place: int, merged: Sequence[Area]) -> pl.Series:
    """A column in which each row of a merged cell has its value."""
    here = [m for m in merged if m.left == place and m.height > 1]
    if not here:
        return column
    rows = np.arange(len(column))
    for area in here:
        rows[area.top : area.bottom] = area.top
    return column[rows]


def _said(source: Source, sheet: _Sheet, data: Area, cells: Cells, around: Sequence[Area]) -> Iterator[str]:
    """What is not in the table, or is a gap in it though its cell is not empty."""
    where = _where(source, sheet)
    notes = [area for area in sorted(around) if area.top < len(cells)]
    if notes:
        shown = [f'{area} ("{_first(cells, area)}")' for area in notes]
        yield f"{where}: left out, since it stands around the table: {listed(shown)}"
    errors = [(area, word) for area, word in sheet.marks.errors if _inside(area, data)]
    if errors:
        area, word = errors[0]
        yield f"{where}: cells with errors count as gaps: {len(errors):,}, such as {word} in {area}"
    formulas = [area for area in sheet.marks.formulas if _inside(area, data)]
    if formulas:
        yield (
            f"{where}: formulas without a saved value count as gaps: {len(formulas):,}, such as "
            f"{formulas[0]}; open and save the file in a spreadsheet"
        )


def _first(cells: Cells, area: Area) -> str:
    part = cells[area.top : area.bottom, area.left : area.right]
    text = " ".join(str(next(cell for cell in part.ravel() if cell is not None)).split())
    return text if len(text) <= 30 else f"{text[:27]}..."
