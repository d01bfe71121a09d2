"""Any table with its numbers as numbers, how it was read, and what there is to say about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.tables._frames import as_frame
from downslope.tables._reading import written_tables
from downslope.tables.sources import is_source
from downslope.tables.text import Reading, Written, typed, without_extra_rows

__all__ = ["Table", "open_table"]


@dataclass(frozen=True)
class Table:
    """A table with what it was read from.

    Attributes:
        frame: the rows that count, with numbers as numbers, dates as dates, and text where a column holds
            neither.
        written: all rows, with text as it was written, if the table was read as one before it.
        kept: which rows of ``written`` those of ``frame`` are, from 0, (rows,).
        index: the place of each row of ``frame`` in the table as it was given, from 0, (rows,): below the
            header of a file, in which empty lines, comments and rows that are left out count as well.
        reading: how text is written in it.
        left_out: what stands in the file and is not in the table.
        notes: what else a reader has to know, such as about cells that could be read in two ways.
        unread: which cells are not what their column is wanted as, and count as gaps.
        questions: what cannot be decided, with what to do.
    """

    frame: pl.DataFrame
    written: pl.DataFrame
    kept: NDArray[np.int64]
    index: NDArray[np.int64]
    reading: Reading
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()

    def place(self, index: int) -> int:
        """Where a row, by its place in the table as it was given, is among those of ``frame``.

        Raises:
            DownslopeError: if there is none.
        """
        found = np.flatnonzero(self.index == index)
        if len(found):
            return int(found[0])
        last = self.index[-1] + 1
        if index >= last:
            raise DownslopeError(f"there is no row {index + 1}: the table has {last:,} rows, counted from 1")
        raise DownslopeError(
            f"row {index + 1} is empty, a comment or left out; name another one, or use --keep-rows"
        )

    def only(self, index: int) -> Table:
        """The table with the one row at a place of the table as it was given; raises as ``place``."""
        place = self.place(index)
        some = slice(place, place + 1)
        return replace(self, frame=self.frame[some], kept=self.kept[some], index=self.index[some])


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
        data, columns: as for ``as_frame``; also a table that was opened before, for other wanted columns.
        sheet: of an Excel file.
        reading: what is known of how the text is written; the rest is decided from the table.
        before: how an earlier table of the same data was read, which is followed where ``reading`` is open.
        wanted: what some columns are: ``"number"``, ``"date"``, ``"time"``, or ``"level"``, as written.
        needed: columns that a file has to have; where it lacks one, it is laid out otherwise than the
            earlier table, and only the notation of that is followed.
        keep_rows: False leaves out rows of a file that repeat the header, hold units or notes, or sum up
            others.

    Raises:
        DownslopeError: if it is no table, or the cells of its rows cannot be told apart.

    >>> import io
    >>> table = open_table(io.BytesIO(b"id;sales;price\\n1;1.299;10,50\\n2;850;11,75\\n"))
    >>> table.frame.rows(), str(table.reading)
    ([(1, 1299, 10.5), (2, 850, 11.75)], 'semicolons, decimal comma, points between thousands')
    """
    reading = reading or Reading()
    if isinstance(data, Table):
        found = typed(data.frame, data.reading.notation, wanted, data.index)
        return replace(data, frame=found.frame, left_out=(), notes=found.notes, unread=found.unread)
    if is_source(data):
        levels = [name for name, kind in (wanted or {}).items() if kind == "level"]
        text = levels if before is None else None
        written = _file(data, sheet, _ways(reading, before or Reading()), needed, text)
        kept, left_out = (np.arange(written.frame.height), ()) if keep_rows else without_extra_rows(written)
    else:
        written = Written(as_frame(data, columns), reading.known(before or Reading()).notation)
        kept, left_out = np.arange(written.frame.height), ()
    frame = written.frame if len(kept) == written.frame.height else written.frame[kept]
    index = written.places[kept]
    found = typed(frame, written.reading, wanted, index)
    return Table(
        found.frame,
        written.frame,
        kept,
        index,
        found.reading,
        (*written.notes, *left_out),
        found.notes,
        found.unread,
        found.questions,
    )


def _file(
    source: Any,
    sheet: str | None,
    ways: Iterable[Reading],
    needed: Collection[str],
    text: Collection[str] | None,
) -> Written:
    """The first way of reading that gives all columns that are needed, or the first that gives any."""
    first: Written | DownslopeError | None = None
    for outcome in written_tables(source, sheet, ways, text):
        if not isinstance(outcome, DownslopeError) and set(needed) <= set(outcome.frame.columns):
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
