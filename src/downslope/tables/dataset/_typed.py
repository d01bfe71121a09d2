"""Columns of text of a block as what they hold, the same in every block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.tables._table import open_table
from downslope.tables.dataset._files import Block
from downslope.tables.text import Reading

__all__ = ["kinds_in", "typed_block", "with_block_types"]

_WIDE = ("number", "date")
"""Kinds of one type in every block: a block of whole numbers alone must not differ from the others."""


def kinds_in(frame: pl.DataFrame) -> dict[str, str]:
    """What the columns of a typed frame are, as ``open_table`` wants to know it."""
    found = {}
    for name, kind in frame.schema.items():
        if kind.is_numeric():
            found[name] = "number"
        elif kind in (pl.Date, pl.Datetime):
            found[name] = "date"
        else:
            found[name] = "time" if kind in (pl.Time, pl.Duration) else "level"
    return found


def with_block_types(frame: pl.DataFrame, kinds: Mapping[str, str]) -> pl.DataFrame:
    """The columns of some kinds in the types that they have in every block."""
    types: Mapping[str, Any] = dict(zip(_WIDE, (pl.Float64, pl.Datetime("us")), strict=True))
    return frame.cast({name: types[kind] for name, kind in kinds.items() if kind in _WIDE})


def typed_block(
    data: Any, block: Block, reading: Reading, kinds: Mapping[str, str], asked: Mapping[str, str]
) -> pl.DataFrame:
    """The rows of a block.

    Args:
        data: its text, or a frame of it.
        block: where they come from.
        reading: how text is written.
        kinds: what columns of text are.
        asked: the same, of those for which it was said: other cells in them are gaps.

    Raises:
        DownslopeError: where a column holds something else than at the beginning of the dataset.
    """
    table = open_table(data, reading=reading, wanted={**kinds, **asked})
    said = [text for text in table.unread if not text.startswith(tuple(f'column "{n}":' for n in asked))]
    for name, kind in kinds.items():
        column = table.frame[name]
        if kind in _WIDE and column.dtype == pl.String and column.null_count() < len(column):
            said.append(f'column "{name}": none of its cells is a {kind}')
    if said:
        raise DownslopeError(
            f"{block.path}, counted from row {block.first + 1:,}: {said[0]}. At the beginning of the dataset "
            "the column held nothing else; correct the cells, or say what it is, by category or number"
        )
    return with_block_types(table.frame, kinds)
