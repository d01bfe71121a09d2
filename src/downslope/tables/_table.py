"""Any table with its numbers as numbers, how it was read, and what there is to say about it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.tables._frames import as_frame
from downslope.tables._reading import written_tables
from downslope.tables.text import Reading, typed, without_extra_rows

__all__ = ["Table", "open_table"]


@dataclass(frozen=True)
class Table:
    """A table with what it was read from.

    Attributes:
        frame: with numbers as numbers, dates as dates, and text where a column holds neither.
        written: with text as it was written, if the table was read as one before it.
        reading: how text is written in it.
        notes: what a reader has to know about rows left out, and cells that could be read in two ways.
        unread: which cells are not what their column is wanted as, and count as gaps.
        questions: what cannot be decided, with what to do.
        places: where the rows stand in the file, from 0, (rows,); None where none is left out.
    """

    frame: pl.DataFrame
    written: pl.DataFrame
    reading: Reading
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    places: NDArray[np.int64] | None = None


def open_table(
    data: Any,
    columns: Sequence[str] | None = None,
    *,
    sheet: str | None = None,
    reading: Reading | None = None,
    before: Reading | None = None,
    wanted: Mapping[str, str] | None = None,
    needed: Collection[str] = (),
    keep_rows: bool = True,
) -> Table:
    """Any table, its text read in one notation.

    Args:
        data, columns: as for ``as_frame``.
        sheet: of an Excel file.
        reading: what is known of how the text is written; the rest is decided from the table.
        before: how an earlier table of the same data was read, which is followed where ``reading`` is open.
        wanted: what some columns are: ``"number"``, ``"date"``, or ``"level"`` for text as it is written.
        needed: columns that a file has to have; where it lacks one, it is laid out otherwise than the
            earlier table, and only the notation of that is followed.
        keep_rows: False leaves out rows of a file that repeat the header, hold units or sum up others.

    Raises:
        DownslopeError: if it is no table, or the cells of its rows cannot be told apart.

    >>> import io
    >>> table = open_table(io.BytesIO(b"id;sales;price\\n1;1.299;10,50\\n2;850;11,75\\n"))
    >>> table.frame.rows(), str(table.reading)
    ([(1, 1299, 10.5), (2, 850, 11.75)], 'semicolons, decimal comma, points between thousands')
    """
    reading = reading or Reading()
    left_out: tuple[str, ...] = ()
    places = None
    if isinstance(data, str | os.PathLike) or hasattr(data, "read"):
        levels = [name for name, kind in (wanted or {}).items() if kind == "level"]
        text = levels if before is None else None
        written, reading = _file(data, sheet, _ways(reading, before or Reading()), needed, text)
        if not keep_rows:
            written, places, left_out = without_extra_rows(written)
    else:
        written, reading = as_frame(data, columns), reading.known(before or Reading()).notation
    found = typed(written, reading, wanted)
    notes = (*left_out, *found.notes)
    return Table(found.frame, written, found.reading, notes, found.unread, found.questions, places)


def _file(
    source: Any,
    sheet: str | None,
    ways: Iterable[Reading],
    needed: Collection[str],
    text: Collection[str] | None,
) -> tuple[pl.DataFrame, Reading]:
    """The first way of reading that gives all columns that are needed, or the first that gives any."""
    first: tuple[pl.DataFrame, Reading] | DownslopeError | None = None
    for outcome in written_tables(source, sheet, ways, text):
        if not isinstance(outcome, DownslopeError) and set(needed) <= set(outcome[0].columns):
            return outcome
        if first is None or isinstance(first, DownslopeError):
            first = outcome
    if isinstance(first, DownslopeError):
        raise first
    assert first is not None
    return first


def _ways(reading: Reading, before: Reading) -> Iterator[Reading]:
    """As before, first with the encoding that the file itself speaks for; then with the notation alone."""
    for known in dict.fromkeys((replace(before, encoding=None), before, before.notation)):
        yield reading.known(known)
