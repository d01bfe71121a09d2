"""What the commands share of tables: where one came from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from downslope.errors import DownslopeError

__all__ = ["How", "name_of", "refuse_same", "source_of"]

How = Mapping[str, Any]
"""The arguments of ``Model.read`` beside the table, as the command line gives them."""


def source_of(table: str) -> str:
    """Where a table comes from, for the record."""
    return "standard input" if table == "-" else str(Path(table).resolve())


def name_of(table: str) -> str:
    """What a table is called in titles."""
    return "standard input" if table == "-" else Path(table).name


def refuse_same(what: str, output: str | None, *reads: str | None) -> None:
    """Refuse to write over a file that is read; None is none, and "-" standard input."""
    if output is None:
        return
    for read in reads:
        if read is not None and read != "-" and Path(output).resolve() == Path(read).resolve():
            raise DownslopeError(f"{what} would replace {read}, which is read; write to another file")
