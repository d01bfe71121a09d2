"""The rows of a table that have a target, and how much each counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope._checks import array
from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.tables import Target, counted_in, rows_with_target, weights_in_column

__all__ = ["LabelledRows", "labelled_rows", "weights_of"]

_PLACE = "\0place"  # the name of no column of a table


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """Rows whose target is known.

    Attributes:
        frame: the rows.
        index: where they stand in the table as it was given, from 0, (rows,); below the header of a file.
        true: the numbers of their classes, or their targets in the target's own units, (rows,).
        weights: how much each counts, of mean 1, (rows,).
        left_out: rows of the table without a target, or of weight 0.
    """

    frame: pl.DataFrame
    index: NDArray[np.int64]
    true: NDArray[np.float64]
    weights: NDArray[np.float64]
    left_out: int

    def __len__(self) -> int:
        return len(self.true)


def labelled_rows(
    frame: pl.DataFrame,
    target: Target,
    row_weights: ArrayLike | str | None,
    index: NDArray[np.int64] | None = None,
) -> LabelledRows:
    """The rows of a table that have a target.

    Args:
        frame: the table.
        target: what is predicted.
        row_weights: how much each row counts, as of ``weights_of``.
        index: where the rows stand in the table as it was given; one after the other if it is None.

    Raises:
        DownslopeError: if the target is not in the table or has no value there, if a class is unknown, or
            if the weights do not serve.
    """
    if target.name not in frame.columns:
        raise DownslopeError(
            f'the table lacks the target "{target.name}", with which predictions are compared; add the column'
        )
    index = np.arange(frame.height) if index is None else index
    with counted_in(index):
        weights = weights_of(frame, row_weights)
    numbered = frame.with_columns(pl.Series(_PLACE, np.arange(frame.height)))
    numbered = numbered.filter(pl.Series(weights > 0))
    known = rows_with_target(numbered, target.name, target.classes)[0]
    places = known[_PLACE].to_numpy()
    with counted_in(index[places]):
        true = target.values(known[target.name])
    usable = np.isfinite(true)  # text where numbers are predicted is no target
    if not usable.any():
        raise DownslopeError(
            f'no row has a value of "{target.name}" that a prediction can be compared with; '
            "give rows whose targets are known"
        )
    known, places = known.filter(pl.Series(usable)), places[usable]
    shares = weights[places] / weights[places].max()  # the sum of large weights is beyond the largest number
    left_out = frame.height - known.height
    return LabelledRows(known.drop(_PLACE), index[places], true[usable], shares / shares.mean(), left_out)


def weights_of(frame: pl.DataFrame, row_weights: ArrayLike | str | None) -> NDArray[np.float64]:
    """How much each row counts, (rows,).

    Args:
        frame: the rows.
        row_weights: the weights, or the name of the column that holds them; None for all alike.

    Raises:
        DownslopeError: if there is no such column, or a weight is no number of at least 0, or all are 0.
    """
    if row_weights is None:
        return np.ones(frame.height)
    given = weights_in_column(frame, str(row_weights)) if isinstance(row_weights, str) else row_weights
    column = array("row_weights", given, np.float64)
    if column.shape != (frame.height,):
        raise DownslopeError(
            f"row_weights needs a number for each of {frame.height} rows, not an array of shape "
            f"{column.shape}"
        )
    negative = np.flatnonzero(column < 0)
    if len(negative):
        raise DownslopeError(
            f"row_weights[{negative[0]}] is {column[negative[0]]:g}; a weight is a number of at least 0"
        )
    if not column.any():
        raise DownslopeError("row_weights is 0 for every row; give some rows a weight above 0")
    return column
