"""Rows of a file that are no rows of its table: repeated headers, a row of units, totals, notes below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._extras import polars as pl
from downslope.tables._names import listed, shown_value
from downslope.tables.text._cells import numbers_in, without_gaps
from downslope.tables.text._notes import TOTAL, is_note
from downslope.tables.text._written import Written

__all__ = ["without_extra_rows"]

_UNIT = r"^[\[(]?(?:%|(?:1/)?[\p{L}°µ\p{Sc}][\p{L}°µ²³/%·^0-9-]{0,9})?[\])]?$"
_TOTALS = 3
_NOTES = 20
_ROUNDED = 0.005
_ABOVE = 100
_REPORT = 10_000
"""Rows of a table at most in which totals are looked for between the rows, as reports have them."""


def without_extra_rows(written: Written) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """The rows of a table without those that only repeat, name or sum up others, and what was left out.

    >>> frame = pl.DataFrame({"shop": ["A", "B", "Total"], "sales": ["10.5", "20", "30.5"]})
    >>> without_extra_rows(Written(frame))
    (array([0, 1]), ('row 3 ("Total") sums up the rows above it and is left out',))
    """
    rows = _Rows(written.frame, np.arange(written.frame.height), written.places)
    notes: list[str] = []
    for without in (_without_headers, _without_units, _without_notes, _without_totals, _without_subtotals):
        rows, said = without(rows)
        notes += said
    return rows.kept, tuple(notes)


class _Rows:
    """The rows that are left, where they stand in the frame, and in the file."""

    def __init__(self, frame: pl.DataFrame, kept: NDArray[np.int64], places: NDArray[np.int64]) -> None:
        self.frame, self.kept, self.places = frame, kept, places

    def number(self, place: int) -> int:
        """The number of a row in the file, from 1."""
        return int(self.places[self.kept[place]]) + 1

    def without(self, gone: Sequence[int] | NDArray[Any]) -> _Rows:
        """Without rows by their places among these."""
        left = np.delete(np.arange(self.frame.height), gone)
        first, count = (int(left[0]), len(left)) if len(left) else (0, 0)
        run = count and int(left[-1]) - first + 1 == count
        frame = self.frame.slice(first, count) if run else self.frame[left]
        return _Rows(frame, self.kept[left], self.places)


def _said(rows: _Rows, places: Sequence[int], one: str, several: str) -> str:
    numbers = listed([str(rows.number(place)) for place in places])
    return f"row {numbers} {one}" if len(places) == 1 else f"rows {numbers} {several}"


def _without_headers(rows: _Rows) -> tuple[_Rows, list[str]]:
    """Where all columns are text: no row with the name of each column in it."""
    frame = rows.frame
    if any(kind != pl.String for kind in frame.dtypes):
        return rows, []
    *_, last = frame.get_columns()
    if not (last.str.strip_chars() == last.name).any():
        return rows, []
    repeats = frame.select(pl.all_horizontal(map(_repeats_name, frame.columns, range(1, frame.width + 1))))
    places = repeats.to_series().fill_null(False).arg_true().to_list()
    if not places or len(places) == frame.height:
        return rows, []
    said = _said(rows, places, "repeats the header and is left out", "repeat the header and are left out")
    return rows.without(places), [said]


def _repeats_name(name: str, place: int) -> pl.Expr:
    """Where a column holds its name; a column that the file does not name holds nothing there."""
    cell = pl.col(name).str.strip_chars()
    return cell.fill_null("") == "" if name == f"column{place}" else cell == name


def _without_units(rows: _Rows) -> tuple[_Rows, list[str]]:
    """No first row that holds a unit, or nothing, for each column of numbers, two of them at least."""
    frame = rows.frame
    if frame.height < 3:
        return rows, []
    text = [c for c in frame.head(_ABOVE) if c.dtype == pl.String]
    cells = {c.name: (c[0] or "").strip() for c in text}
    if not cells or not pl.Series(list(cells.values())).str.contains(_UNIT).all():
        return rows, []
    numeric = [c for c in text if _is_numeric(c.tail(-1))]
    units = [cells[c.name] for c in numeric if cells[c.name]]
    if len(units) < 2 or len(numeric) < len(frame.columns) - len(text) + len(units):
        return rows, []
    if any(numbers_in(pl.Series([unit])).null_count() == 0 for unit in units):
        return rows, []
    return rows.without([0]), [f"row {rows.number(0)} holds units ({listed(units)}) and is left out"]


def _is_numeric(column: pl.Series) -> bool:
    """Whether most of the cells that hold something are numbers; "<0.5" may be among them."""
    text = without_gaps(column)
    present = len(text) - text.null_count()
    return 0 < present < 2 * (len(text) - numbers_in(text).null_count())


def _without_notes(rows: _Rows) -> tuple[_Rows, list[str]]:
    """No last rows that hold a note in one cell, as below tables of reports."""
    count = 0
    while count < min(_NOTES, rows.frame.height - 2) and _holds_note(rows.frame.row(-1 - count)):
        count += 1
    if not count:
        return rows, []
    places = list(range(rows.frame.height - count, rows.frame.height))
    label = shown_value(_label(rows.frame.row(places[0])))
    said = _said(
        rows, places, f"({label}) is a note and is left out", f"({label} …) are notes and are left out"
    )
    return rows.without(places), [said]


def _holds_note(row: Sequence[Any]) -> bool:
    held = [str(cell) for cell in row if _holds(cell)]
    return len(held) == 1 < len(row) and is_note(held[0])


def _without_totals(rows: _Rows) -> tuple[_Rows, list[str]]:
    notes = []
    for _ in range(_TOTALS):
        last = rows.frame.height - 1
        if last < 2 or not _sums_up(rows.frame):
            break
        label = shown_value(_label(rows.frame.row(last)))
        notes.append(f"row {rows.number(last)} ({label}) sums up the rows above it and is left out")
        rows = rows.without([last])
    return rows, notes


def _without_subtotals(rows: _Rows) -> tuple[_Rows, list[str]]:
    """No rows between others that are called a total, and hold the sum of those since the one before."""
    frame, first = rows.frame, 0
    if frame.height > _REPORT:
        return rows, []
    gone = []
    for place in np.flatnonzero(_called_a_total(frame)).tolist():
        if place - first > 1 and _sums_up(frame.slice(first, place + 1 - first)):
            gone.append(place)
            first = place + 1
    if not gone:
        return rows, []
    said = _said(
        rows, gone, "sums up rows above it and is left out", "sum up rows above them and are left out"
    )
    return rows.without(gone), [said]


def _called_a_total(frame: pl.DataFrame) -> NDArray[np.bool_]:
    """The rows with a cell that names a total; all columns in one series, as there can be thousands."""
    columns = [column for column in frame if column.dtype == pl.String]
    if not columns:
        return np.zeros(frame.height, bool)
    cells = pl.concat(columns).str.strip_chars(" :.=")
    called = cells.str.contains(f"^(?i:{TOTAL.pattern})$").fill_null(False).to_numpy()
    named: NDArray[np.bool_] = np.any(called.reshape(len(columns), frame.height), axis=0)
    return named


def _label(row: Sequence[Any]) -> str:
    """The first cell of a row, of those that hold anything."""
    return next((str(cell) for cell in row if _holds(cell)), "")


def _holds(cell: Any) -> bool:
    return cell is not None and str(cell).strip() != ""


def _sums_up(frame: pl.DataFrame) -> bool:
    """Whether the last row is called a total and mostly empty, or holds nothing but totals of the others."""
    row = dict(zip(frame.columns, frame.row(-1), strict=True))
    held = {name: cell for name, cell in row.items() if _holds(cell)}
    named = bool(TOTAL.fullmatch(_label(frame.row(-1)).strip(" :.=")))
    if not held or (not named and len(held) > len(row) / 2):
        return False
    label = next(iter(held))
    totals = [name for name in held if not (named and name == label)]
    if not totals:
        return False
    sums = [_is_total(frame[name]) for name in totals]
    if named:
        return any(sums) or (len(held) <= len(row) / 2 and all(_is_number(held[n]) for n in totals))
    return len(totals) < len(row) and all(sums)


def _is_number(cell: Any) -> bool:
    return numbers_in(pl.Series([str(cell)])).null_count() == 0


def _is_total(column: pl.Series) -> bool:
    """Whether its last cell is the sum or the mean of the others, but for rounding."""
    numbers = (
        numbers_in(without_gaps(column))
        if column.dtype == pl.String
        else column.cast(pl.Float64, strict=False)
    )
    last, others = numbers[-1], numbers.head(-1).drop_nulls().to_numpy()
    if last is None or len(others) < 2:
        return False
    totals = np.array([others.sum(), others.mean()])
    return bool((np.abs(totals - last) <= 1e-6 * np.abs(totals) + _ROUNDED).any())
