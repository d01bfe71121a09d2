"""The layout of a sheet: where its table is, what stands around it, and which rows are its header."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.tables.text import GAPS, is_note

__all__ = [
    "Area",
    "Cells",
    "filled_of",
    "header_of",
    "names_of",
    "notes_below",
    "side_by_side",
    "table_areas",
]

_VALUE = re.compile(r"[+-]?[\d.,]*\d[\d.,]*(?:[eE][+-]?\d+)?%?|true|false|\d{4}-\d\d-\d\d .*", re.IGNORECASE)
_ADDRESS = re.compile(r"\$?([A-Z]{1,3})\$?(\d+)(?::\$?([A-Z]{1,3})\$?(\d+))?", re.IGNORECASE)

Cells = NDArray[np.object_]
"""The text of the cells of a sheet, (rows, columns), with None for empty ones."""


@dataclass(frozen=True, order=True)
class Area:
    """Rows ``top`` to ``bottom`` and columns ``left`` to ``right``, the last ones not among them, from 0.

    >>> Area.of("B3:D10"), str(Area(2, 10, 1, 4)), str(Area(0, 1, 26, 27))
    (Area(top=2, bottom=10, left=1, right=4), 'B3:D10', 'AA1')
    """

    top: int
    bottom: int
    left: int
    right: int

    @classmethod
    def of(cls, address: str) -> Area | None:
        """The area of an address such as A1:C10; None for anything else."""
        found = _ADDRESS.fullmatch(address.strip())
        if found is None:
            return None
        first, row, last, last_row = found.groups()
        columns = sorted((_column_number(first), _column_number(last or first)))
        rows = sorted((int(row), int(last_row or row)))
        return cls(rows[0] - 1, rows[1], columns[0] - 1, columns[1])

    @property
    def height(self) -> int:
        """The number of rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """The number of columns."""
        return self.right - self.left

    def __str__(self) -> str:
        corner, other = (
            f"{_letters(column)}{row}"
            for row, column in ((self.top + 1, self.left), (self.bottom, self.right - 1))
        )
        return corner if corner == other else f"{corner}:{other}"

    def joined(self, other: Area) -> Area:
        """The smallest area with both."""
        return Area(
            min(self.top, other.top),
            max(self.bottom, other.bottom),
            min(self.left, other.left),
            max(self.right, other.right),
        )


def filled_of(cells: Cells) -> NDArray[np.bool_]:
    """Which cells hold something."""
    return np.asarray(cells != np.array(None, dtype=object), dtype=bool)


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def _letters(column: int) -> str:
    """The letters of a column, counted from 0."""
    text = ""
    column += 1
    while column:
        column, place = divmod(column - 1, 26)
        text = chr(ord("A") + place) + text
    return text


def table_areas(cells: Cells) -> tuple[list[Area], list[Area]]:
    """The areas of tables, and of what stands around them, such as titles and notes.

    Areas are divided by empty rows and columns. What goes on below an empty row in the columns of a table is
    part of it, unless it starts with a header of its own or fills few of its columns. Areas side by side from
    the same first to the same last row are one table.

    >>> rows = [["Sales", None], [None, None], ["a", "b"], ["1", "2"], [None, None], ["3", "4"]]
    >>> cells = np.array(rows, dtype=object)
    >>> tables, around = table_areas(cells)
    >>> [str(area) for area in tables], [str(area) for area in around]
    (['A3:B6'], ['A1'])
    """
    filled = filled_of(cells)
    parts = [part for rows in _runs(filled.any(axis=1)) for part in _side_by_side(filled, *rows)]
    wide = any(part.width > 1 for part in parts)
    around = [p for p in parts if wide and _is_note(cells[_within(p)])]
    tables: list[Area] = []
    for part in (p for p in parts if p not in around):
        above = next((t for t in tables if t.left <= part.left and part.right <= t.right), None)
        if above is None or _has_header_of_its_own(cells, above, part):
            tables.append(part)
        else:
            tables[tables.index(above)] = above.joined(part)
    if len(tables) > 1:  # a row alone is no table
        around += [t for t in tables if t.height == 1]
        tables = [t for t in tables if t.height > 1] or tables
    return tables, sorted(around)


def _is_note(cells: Cells) -> bool:
    """Whether each row has one cell, the first of which is a word."""
    filled = filled_of(cells)
    return bool((filled.sum(axis=1) <= 1).all()) and _is_word(cells[0][filled[0]][0])


def _within(area: Area) -> tuple[slice, slice]:
    return slice(area.top, area.bottom), slice(area.left, area.right)


def _runs(filled: Any) -> Iterator[tuple[int, int]]:
    """The first and last place of each run of True, the last one not in it."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], filled, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _side_by_side(filled: NDArray[np.bool_], top: int, bottom: int) -> list[Area]:
    """The areas of some rows, divided by empty columns; those of the same rows as one."""
    areas: list[Area] = []
    for left, right in _runs(filled[top:bottom].any(axis=0)):
        rows = np.flatnonzero(filled[top:bottom, left:right].any(axis=1))
        area = Area(top + int(rows[0]), top + int(rows[-1]) + 1, left, right)
        same = next((a for a in areas if (a.top, a.bottom) == (area.top, area.bottom)), None)
        if same is not None and area.height > 1:
            areas[areas.index(same)] = same.joined(area)
        else:
            areas.append(area)
    return areas


def side_by_side(filled: NDArray[np.bool_], area: Area) -> list[Area]:
    """The parts of an area that empty columns divide, each of several columns."""
    runs = list(_runs(filled[area.top : area.bottom, area.left : area.right].any(axis=0)))
    parts = [Area(area.top, area.bottom, area.left + left, area.left + right) for left, right in runs]
    return parts if all(part.width > 1 for part in parts) else []


def _has_header_of_its_own(cells: Cells, above: Area, part: Area) -> bool:
    """Whether an area below a table starts with words where the table and its own other rows have values."""
    first = cells[part.top, part.left : part.right]
    if part.height < 2 or not all(cell is None or _is_word(cell) for cell in first):
        return False
    if 1 < part.width < above.width / 2:  # rows of the table would fill more
        return True
    columns = [part.left + i for i, cell in enumerate(first) if cell is not None]
    repeated = [cells[above.top, c] for c in columns] == [cells[part.top, c] for c in columns]
    return repeated or any(
        _has_values(cells[above.top + 1 : above.bottom, c])
        and _has_values(cells[part.top + 1 : part.bottom, c])
        for c in columns
    )


def _is_word(cell: str) -> bool:
    """Whether a cell is neither a number, nor a date, nor true or false."""
    return not _VALUE.fullmatch(cell.strip())


def _has_values(cells: Cells) -> bool:
    present = [cell for cell in cells[:100] if cell is not None]
    return bool(present) and not any(map(_is_word, present))


def header_of(cells: Cells, merged: Sequence[Area] = ()) -> tuple[int, int]:
    """The first row of the header and the first row of data of a table; what is above is a title.

    Args:
        cells: of the table alone.
        merged: the areas of merged cells in it.

    >>> header_of(np.array([["Report", None], ["a", "b"], ["1", "2"]], object))
    (1, 2)
    >>> header_of(np.array([["town", "sales", None], [None, "net", "gross"], ["Bonn", "1", "2"]], object))
    (0, 2)
    """
    counts = filled_of(cells[:50]).sum(axis=1)
    enough = max(2 if cells.shape[1] > 1 else 1, int(np.median(counts)) // 2 + 1)
    if cells.shape[1] == 2 and cells[0, 0] is None and counts[0]:  # the names of an index and of one column
        enough = 1
    wide = np.flatnonzero(counts >= min(enough, counts.max()))
    row = int(wide[0]) if len(wide) else 0
    rows = _header_rows(cells, row, merged)
    if row and rows == 1 and (counts[row - 1] > 1 or any(m.top == row - 1 for m in merged)):
        above = _header_rows(cells, row - 1, merged)  # whose few names are each of several columns
        return (row - 1, row - 1 + above) if above > 1 else (row, row + 1)
    return row, row + rows


def _header_rows(cells: Cells, row: int, merged: Sequence[Area]) -> int:
    """How many rows of names there are from a row on."""
    here = [m for m in merged if m.top == row and m.width < cells.shape[1]]
    deepest = max((m.bottom - row for m in here), default=1)
    if deepest > 1 and row + deepest < len(cells):
        return deepest
    if row + 2 >= len(cells):
        return 1
    upper, lower = cells[row], cells[row + 1]
    across = [c for m in here if m.width > 1 for c in range(m.left, min(m.right, len(lower)))]
    if across:
        return 2 if all(lower[c] is not None for c in across) else 1
    names = [c for c, cell in enumerate(lower) if cell is not None]
    if not names or not all(_is_word(lower[c]) and lower[c].lower() not in GAPS for c in names):
        return 1
    empty = [c for c, cell in enumerate(upper) if cell is None]
    above_values = [_has_values(cells[row + 2 :, c]) for c in names]
    if not empty:  # such as units below the names
        return 2 if len(names) > 1 and all(above_values) else 1
    known = [c for c, cell in enumerate(upper) if cell is not None]
    spanned = (
        known != [0] and all(lower[c] is not None for c in empty) and all(_is_word(upper[c]) for c in known)
    )
    return 2 if spanned and any(above_values) else 1


def notes_below(data: Cells) -> int:
    """How many of the last rows are notes: words in the first column alone, like those of notes.

    >>> notes_below(np.array([["1", "2"], ["3", None], ["* estimated", None]], object))
    1
    """
    filled = filled_of(data)
    if data.shape[1] < 2:
        return 0
    count = 0
    while count < len(data) - 1 and filled[-1 - count, 0] and not filled[-1 - count, 1:].any():
        count += 1
    values = _has_values(data[: len(data) - count, 0])
    rows = range(len(data) - count, len(data))
    first = next((r for r in rows if _is_word(data[r, 0]) and (values or is_note(data[r, 0]))), None)
    return 0 if first is None else len(data) - first


def names_of(header: Cells, merged: Sequence[Area] = ()) -> list[tuple[str, ...]]:
    """The name of each column, of one or of several rows.

    A cell of an upper row counts for the columns over which it is merged or, where that is not known, for
    the empty ones to its right.

    >>> names_of(np.array([["town", "sales", None], [None, "2023", "2024"]], object))
    [('town',), ('sales', '2023'), ('sales', '2024')]
    """
    upper = header[:-1].copy()
    if merged:
        for area in merged:
            if area.bottom < len(header):
                upper[_within(area)] = header[area.top, area.left]
    else:
        for row in range(len(upper)):
            for c in range(1, upper.shape[1]):
                spans = header[row + 1, c - 1] is not None and header[row + 1, c] is not None
                if upper[row, c] is None and spans:
                    upper[row, c] = upper[row, c - 1]
    full = np.concatenate([upper, header[-1:]])
    return [tuple(str(cell) for cell in column if cell is not None) for column in full.T]
