"""Datasets as what the estimators of tables are fitted to: the target is a column by its name."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks import show
from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.fitting import sampled_rows
from downslope.tables import Dataset, Target, counted_rows_of

__all__ = ["DatasetInputs", "dataset_inputs"]

_BLOCKS = 8  # that the sample of the importances is drawn from


@dataclass(frozen=True)
class DatasetInputs:
    """A dataset with its inputs and its target.

    Attributes:
        dataset: what is read.
        target: the name of its column.
        weights: the name of the column of weights, or "".
        names: of the inputs.
    """

    dataset: Dataset
    target: str
    weights: str
    names: list[str]

    def classes(self, target: Target) -> NDArray[Any]:
        """The classes as the column has them: numbers where it holds numbers, else text."""
        kind = self.dataset.schema[self.target]
        if not kind.is_numeric():
            return np.array(target.classes)
        numbers = np.array(target.classes, np.float64)
        return numbers.astype(np.int64) if kind.is_integer() else numbers

    def sample(self, target: Target, seed: int) -> tuple[pl.DataFrame, NDArray[np.float64]]:
        """Some rows of a few blocks, and their targets as numbers."""
        blocks = self.dataset.blocks
        chosen = np.random.Generator(np.random.Philox(key=seed)).permutation(len(blocks))[:_BLOCKS]
        rows = counted_rows_of(self.dataset, self.target, self.weights)
        frame = pl.concat([rows.block(blocks[place]).frame for place in sorted(chosen)])
        frame = frame[sampled_rows(frame.height, seed)]
        return frame.select(self.names), target.values(frame[self.target])


def dataset_inputs(dataset: Dataset, y: Any, sample_weight: Any, **refused: Any) -> DatasetInputs:
    """The inputs, the target and the weights of a dataset.

    Args:
        dataset: what is read.
        y: the name of the target's column.
        sample_weight: the name of the column of weights, or None.
        refused: arguments that need all rows at once, and are refused where they are given.
    """
    if not isinstance(y, str):
        raise DownslopeError(f"y needs the name of a column where X is a ds.Dataset, not {show(y)}")
    if not isinstance(sample_weight, str | None):
        raise DownslopeError(
            f"sample_weight needs the name of a column where X is a ds.Dataset, not {show(sample_weight)}"
        )
    given = [name for name, value in refused.items() if value is not None]
    if given:
        raise DownslopeError(f"{given[0]} is for rows in memory, and X is a ds.Dataset; leave {given[0]} out")
    inputs = [name for name in dataset.schema if name not in (y, sample_weight)]
    return DatasetInputs(dataset, y, sample_weight or "", inputs)
