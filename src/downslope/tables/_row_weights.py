"""A column that says how much each row counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.tables._names import did_you_mean, listed
from downslope.tables._row_numbers import RowError

__all__ = ["weights_in_column"]


def weights_in_column(frame: pl.DataFrame, name: str) -> NDArray[np.float64]:
    """The weights that a column holds, (rows,).

    Raises:
        DownslopeError: if there is no such column, or a cell is no number of at least 0; it names the row.

    >>> weights_in_column(pl.DataFrame({"w": ["1", "0.5"]}), "w")
    array([1. , 0.5])
    """
    if name not in frame.columns:
        raise DownslopeError(
            f'row_weights names no column of the table: "{name}"{did_you_mean(name, frame.columns)}; it has '
            f"{listed(frame.columns)}"
        )
    values = frame[name].cast(pl.Float64, strict=False)
    wrong = (values.is_null() | ~values.is_finite() | (values < 0)).arg_true()
    if len(wrong):
        raise RowError(
            "row_weights:",
            wrong[0],
            f' of the column "{name}" holds {frame[name][wrong[0]]!r}; put a number of at least 0 there',
        )
    return values.to_numpy()
