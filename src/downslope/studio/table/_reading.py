"""A table of the page, read as every other one, and what was decided on the way."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import polars as pl

from downslope.tables import Reading, Table, open_table

__all__ = ["Source", "read_rows"]


@dataclass(frozen=True)
class Source:
    """What was decided when a table was read.

    Attributes:
        reading: how its text is written.
        left_out: what stands in the file and is no row, in sentences.
        notes: what could be read in two ways, or not at all, in sentences.
        path: of the file; None of cells that were dropped or pasted.
    """

    reading: Reading
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    path: str | None = None

    @classmethod
    def of(cls, table: Table, path: str | None = None) -> Source:
        """What was decided of a table that was opened."""
        notes = (*table.notes, *table.unread, *table.questions)
        return cls(table.reading, table.left_out, notes, path)

    def warn(self) -> None:
        """Say in the terminal what a reader has to know."""
        for note in (*self.left_out, *self.notes):
            warnings.warn(note, stacklevel=3)


def read_rows(source: Any, path: str | None = None, **how: Any) -> tuple[pl.DataFrame, Source]:
    """The rows of a file that count, and what was decided.

    Args:
        source: a path or a file open for bytes.
        path: to remember.
        how: ``sheet``, ``reading`` and ``keep_rows`` of ``open_table``.
    """
    table = open_table(source, **{"keep_rows": False, **how})
    return table.frame, Source.of(table, path)
