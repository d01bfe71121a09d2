"""What the commands share of tables: where one came from."""

from __future__ import annotations

from pathlib import Path

from downslope.errors import DownslopeError

__all__ = ["refuse_same", "source_of"]


def source_of(table: str) -> str:
    """Where a table comes from, for the record."""
    return "standard input" if table == "-" else str(Path(table).resolve())


def refuse_same(what: str, output: str | None, read: str) -> None:
    """Refuse to write over a file that is read."""
    if output is not None and read != "-" and Path(output).resolve() == Path(read).resolve():
        raise DownslopeError(f"{what} would replace {read}, which is read; give another file as -o")
