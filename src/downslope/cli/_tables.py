"""What the commands share of tables: where one came from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
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
    """Refuse to write over a file that is read, whatever its name; None is none, "-" standard input."""
    if output is None:
        return
    for read in reads:
        if read is not None and read != "-" and _is_same(output, read):
            raise DownslopeError(f"{what} would replace {read}, which is read; write to another file")


def _is_same(output: str, read: str) -> bool:
    """Whether two paths are one file; what is written into a device or a pipe replaces nothing."""
    with suppress(OSError):
        if os.path.samefile(output, read):
            return os.path.isfile(output)
    return Path(output).resolve() == Path(read).resolve()
