"""Which rows of a dataset count in a fit: those with a target, and where it is asked, a weight and a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.tables._describe import rows_with_target
from downslope.tables._names import no_such_column
from downslope.tables._row_numbers import counted_in
from downslope.tables._row_weights import weights_in_column
from downslope.tables._times import times_of
from downslope.tables.dataset._dataset import Dataset
from downslope.tables.dataset._files import Block

__all__ = ["CountedBlock", "CountedRows", "LeftOut", "counted_rows_of", "rows_named_in"]

_PLACE = "\0place"  # the name of no column


@dataclass(frozen=True)
class LeftOut:
    """How many rows do not count: without a weight, then without a time, then without a target."""

    weightless: int = 0
    untimed: int = 0
    gaps: int = 0

    def __add__(self, other: LeftOut) -> LeftOut:
        return LeftOut(
            self.weightless + other.weightless, self.untimed + other.untimed, self.gaps + other.gaps
        )


@dataclass(frozen=True, eq=False)
class CountedBlock:
    """The rows of a block that count.

    Attributes:
        frame: all columns of them.
        path: of the file.
        index: where they stand in it, from 0, (rows,).
        left_out: how many others there are.
    """

    frame: pl.DataFrame
    path: str
    index: NDArray[np.int64]
    left_out: LeftOut


@dataclass(frozen=True, eq=False)
class CountedRows:
    """The rows of a dataset that count.

    Attributes:
        dataset: what is read.
        target: the name of its column; rows without a value of it do not count.
        weights: the column of weights, or ""; rows of weight 0 do not count.
        time: the column of times, or ""; rows without a time do not count.
        largest: the largest weight of the dataset.
        before: the time that all rows are before; None for rows of all times.
    """

    dataset: Dataset
    target: str
    weights: str = ""
    time: str = ""
    largest: float = 1.0
    before: Any = None

    def block(self, block: Block) -> CountedBlock:
        """The rows of a block.

        Raises:
            DownslopeError: for a cell that is no weight or no time; it names the file and the row.
        """
        frame = self.dataset.frame(block)
        index = np.arange(block.first, block.first + block.rows)
        with rows_named_in(block.path, index):
            weighed = pl.Series(self.shares(frame).astype(np.float32) > 0)  # in the dtype that trains
            timed = times_of(frame[self.time]).is_not_null() if self.time else weighed
        counted = frame.with_columns(pl.Series(_PLACE, index)).filter(weighed & timed)
        known, gaps = rows_with_target(counted, self.target)
        if self.before is not None:
            known = known.filter(times_of(known[self.time]) < self.before)
        weightless = frame.height - int(weighed.sum())
        left_out = LeftOut(weightless, frame.height - weightless - counted.height, gaps)
        return CountedBlock(known.drop(_PLACE), block.path, known[_PLACE].to_numpy(), left_out)

    def shares(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """The weights of some rows, of at most 1, (rows,)."""
        if not self.weights:
            return np.ones(frame.height)
        return weights_in_column(frame, self.weights) / self.largest

    def narrowed(self, *columns: str) -> CountedRows:
        """The same rows with what decides whether they count, and some columns more."""
        names = dict.fromkeys(name for name in (self.target, self.weights, self.time, *columns) if name)
        return replace(self, dataset=self.dataset.select(list(names)))


def counted_rows_of(dataset: Dataset, target: str, weights: str = "", time: str = "") -> CountedRows:
    """The rows of a dataset that count; one pass over the column of weights finds the largest.

    Raises:
        DownslopeError: if there is no such column, a weight is no number of at least 0, all are 0, or the
            column of times holds text.
    """
    if target not in dataset.schema:
        raise no_such_column(target, list(dataset.schema))
    if time:
        if time not in dataset.schema:
            raise no_such_column(time, list(dataset.schema), " for time")
        if dataset.schema[time] in (pl.String, pl.Categorical, pl.Enum):
            raise DownslopeError(
                f'the column "{time}" of {dataset.name} holds text, which orders no rows by time; write '
                "dates, times or numbers in it, or say by date_format how its dates are written"
            )
    if not weights:
        return CountedRows(dataset, target, time=time)
    weights_in_column(pl.DataFrame(schema=dict(dataset.schema)), weights)
    alone, largest = dataset.select([weights]), 0.0
    for block in alone.blocks:
        with rows_named_in(block.path, np.arange(block.first, block.first + block.rows)):
            largest = max(largest, float(weights_in_column(alone.frame(block), weights).max()))
    if not largest:
        raise DownslopeError("row_weights is 0 for every row; give some rows a weight above 0")
    return CountedRows(dataset, target, weights, time, largest)


@contextmanager
def rows_named_in(path: str, index: NDArray[np.int64]) -> Iterator[None]:
    """Errors in some rows of a file, which stand at these places of it, name it and the row."""
    try:
        with counted_in(index):
            yield
    except DownslopeError as error:
        raise DownslopeError(f"{path}: {error}") from None
