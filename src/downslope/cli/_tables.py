"""What the commands share of tables: where one came from, and a column of weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.tables import did_you_mean, listed

__all__ = ["source_of", "weights_in"]


def source_of(table: str) -> str:
    """Where a table comes from, for the record."""
    return "standard input" if table == "-" else str(Path(table).resolve())


def weights_in(frame: pl.DataFrame, column: str | None) -> NDArray[Any] | None:
    """The weights of the rows in a column of theirs."""
    if column is None:
        return None
    if column not in frame.columns:
        raise DownslopeError(
            f'there is no column "{column}" of weights{did_you_mean(column, frame.columns)}; '
            f"the table has {listed(frame.columns)}"
        )
    values = frame[column].cast(pl.Float64, strict=False)
    if values.null_count():
        row = values.is_null().arg_true()[0] + 1
        raise DownslopeError(f'the weight in "{column}" of row {row} is no number; put one there')
    return values.to_numpy()
