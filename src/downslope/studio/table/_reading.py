"""A table of the page, read as every other one, and what was decided on the way."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.tables import Reading, Table, open_table

__all__ = ["Source", "read_rows"]


@dataclass(frozen=True)
class Source:
    """What was decided when a table was read.

    Attributes:
        reading: how its text is written.
        left_out: what stands in the file and is no row, in sentences.
        notes: what could be read in two ways, or not at all, in sentences.
        file: its path, or the bytes that were dropped or pasted; None where it cannot be read again.
        how: the options that were given, as ``open_table`` takes them.
    """

    reading: Reading
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    file: str | bytes | None = field(default=None, repr=False)
    how: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, table: Table, file: str | bytes | None = None, **how: Any) -> Source:
        """What was decided of a table that was opened."""
        notes = (*table.notes, *table.unread, *table.questions)
        return cls(table.reading, table.left_out, notes, file, how)

    @property
    def path(self) -> str | None:
        """Of the file; None of cells that were dropped or pasted."""
        return self.file if isinstance(self.file, str) else None

    @property
    def given(self) -> Mapping[str, Any]:
        """The options that were given, by name."""
        reading = self.how.get("reading") or Reading()
        return {**reading.to_json(), **{name: self.how[name] for name in _BESIDE if self.how.get(name)}}

    def again(self, name: str, option: str, value: str | None) -> tuple[pl.DataFrame, Source]:
        """The rows of the same file, read with another option.

        Args:
            name: of the table, for messages.
            option: an attribute of a reading, ``sheet`` or ``keep_rows``.
            value: as it is written; None lets the file decide.

        Raises:
            DownslopeError: if there is no such option, or the file cannot be read so.
        """
        if self.file is None:
            raise DownslopeError(f"the file of {name} is not known any more; open it again")
        if option in READ_BY:
            given = self.how.get("reading") or Reading()
            changed: Mapping[str, Any] = {"reading": replace(given, **{option: _taken(option, value)})}
        elif option in _BESIDE:
            changed = {option: value if option == "sheet" else value is not None}
        else:
            raise DownslopeError(f"{option!r} is no option of reading; choose among {', '.join(READ_BY)}")
        return read_rows(self.file, name, **{**self.how, **changed})

    def warn(self) -> None:
        """Say in the terminal what a reader has to know."""
        for note in (*self.left_out, *self.notes):
            warnings.warn(note, stacklevel=3)


READ_BY = ("delimiter", "decimal", "thousands", "dates", "encoding", "skip_rows", "header", "comment")
"""What is given of a reading, by name."""
_BESIDE = ("sheet", "keep_rows")  # which a reading does not hold


def read_rows(file: str | bytes, name: str = "the table", **how: Any) -> tuple[pl.DataFrame, Source]:
    """The rows of a file that count, and what was decided.

    Args:
        file: a path, or what a file holds.
        name: of what holds it, for messages.
        how: ``sheet``, ``reading`` and ``keep_rows`` of ``open_table``.

    Raises:
        DownslopeError: if it cannot be read so.
    """
    opened: Any = io.BytesIO(file) if isinstance(file, bytes) else file
    if isinstance(file, bytes):
        opened.name = name
    table = open_table(opened, **{"keep_rows": False, **how})
    return table.frame, Source.of(table, file, **how)


def _taken(option: str, value: str | None) -> Any:
    """What is written for an option, as a reading takes it."""
    if option == "header":
        return {"yes": True, "no": False}.get(value or "")
    if option == "skip_rows" and value is not None and value.isdecimal() and len(value) < 10:
        return int(value)
    return value
