"""A table of the page, read as every other one, and what there is to say about it."""

from __future__ import annotations

import warnings
from typing import Any

import polars as pl

from downslope.tables import open_table

__all__ = ["read_rows"]


def read_rows(source: Any, **how: Any) -> pl.DataFrame:
    """The rows of a file that count; what was left out, and what could be read in two ways, is a warning.

    Args:
        source: a path or a file open for bytes.
        how: ``sheet``, ``reading`` and ``keep_rows`` of ``open_table``.
    """
    table = open_table(source, **{"keep_rows": False, **how})
    for note in (*table.left_out, *table.notes, *table.questions):
        warnings.warn(note, stacklevel=2)
    return table.frame
