"""Lines of text that are no rows, though they stand between rows or below them: comments, notes, ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from downslope._extras import polars as pl
from downslope.tables.text._dates import are_clock_times, are_dates
from downslope.tables.text._numbers import are_numbers

__all__ = ["COMMENT", "TOTAL", "Record", "are_values", "is_note", "odd_lines"]

COMMENT = "#"
TOTAL = re.compile(
    r"(?:grand |sub ?|net )?(?:sum|totals?|average|mean)|(?:gesamt|zwischen|end)?summe|gesamt|insgesamt|"
    r"mittelwert|durchschnitt|somme|moyenne|suma|totale|somma|media|totaal|suma total",
    re.IGNORECASE,
)
"""What a row is called that sums up others."""
_BELOW = 20  # lines of notes
_NOTE = re.compile(
    r"\s*(?:[*#†‡©¹²³]|\(?\d\) |[^\W\d_][^:]{0,40}:(?:\s|$)|[-=_]{3,}|https?://|\w+ \w+ \w+ \w+)"
)


class Record(NamedTuple):
    """A row of delimited text.

    Attributes:
        line: that it ends on, from 1.
        place: among all rows, empty ones included, from 0.
        cells: the text of each.
    """

    line: int
    place: int
    cells: list[str]


def are_values(cells: Sequence[str]) -> pl.Series:
    """Which cells are numbers, dates or times."""
    text = pl.Series(cells, dtype=pl.String)
    return are_numbers(text) | are_dates(text) | are_clock_times(text)


def is_note(cell: str) -> bool:
    """Whether a cell that stands alone in its row reads like a note.

    >>> is_note("Source: statistics office"), is_note("* estimated"), is_note("New York")
    (True, True, False)
    """
    return _NOTE.match(cell) is not None and not are_values([cell])[0]


def odd_lines(rows: Sequence[Record], width: int) -> tuple[list[Record], list[Record]]:
    """Of rows with another number of cells than a table has: comments between them, and notes at the end.

    >>> rows = [Record(2, 1, ["1", "2"]), Record(3, 2, ["# pause"]), Record(4, 3, ["3", "4"])]
    >>> rows.append(Record(5, 4, ["end of file"]))
    >>> [[row.line for row in part] for part in odd_lines(rows, 2)]
    [[3], [5]]
    """
    last = len(rows)
    while last and len(rows[last - 1].cells) < width:
        last -= 1
    while last < len(rows) and not all(_ends_a_table(rows, place, width) for place in range(last, len(rows))):
        last += 1
    comments = [row for row in rows[:last] if len(row.cells) != width and _is_comment(row)]
    return comments, list(rows[last:])


def _is_comment(row: Record) -> bool:
    return row.cells[0].lstrip().startswith(COMMENT)


def _ends_a_table(rows: Sequence[Record], place: int, width: int) -> bool:
    """Whether a row with too few cells is no row that was cut off."""
    row = rows[place]
    held = [cell.strip() for cell in row.cells if cell.strip()]
    if not held or _is_comment(row):
        return True
    if TOTAL.fullmatch(held[0].strip(" :.=")):
        return True
    below_a_gap = any(
        rows[p].place - rows[p - 1].place > 1 and len(rows[p].cells) < width
        for p in range(max(1, place - _BELOW), place + 1)
    )
    if not below_a_gap and not _NOTE.match(held[0]) and row.cells[0].strip().count(" ") < 2:
        return False  # perhaps the beginning of a row
    return bool(re.search(r"[^\W\d_]|^\W+$", held[0])) if len(held) == 1 else not are_values(held).any()
