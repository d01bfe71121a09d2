"""What the commands share of tables: where one came from."""

from __future__ import annotations

from pathlib import Path

__all__ = ["source_of"]


def source_of(table: str) -> str:
    """Where a table comes from, for the record."""
    return "standard input" if table == "-" else str(Path(table).resolve())
