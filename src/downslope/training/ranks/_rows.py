"""Which rows of each batch are a rank's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.training._batches import StepBlock

__all__ = ["RankRows"]

Arrays = Mapping[str, NDArray[Any]]


class RankRows:
    """The rows of a rank: of a batch of ``size`` rows the first rank has the first ⌈size/count⌉, and so on.

    The batches are those of one process, and so are the places of the rows in them. A rank that has none of a
    small batch takes a row all the same, and divides its error by infinity.

    Args:
        rank, count: the number of the rank, and of all.
        size: rows of a batch of all ranks; the last of an epoch can have fewer.

    Attributes:
        place: of the first row in the batch.
        size: rows of a batch that are the rank's, at least one.

    >>> [(rows.place, rows.size) for rows in (RankRows(rank, 3, 100) for rank in range(3))]
    [(0, 34), (34, 34), (68, 32)]
    """

    def __init__(self, rank: int, count: int, size: int) -> None:
        most = -(-size // count)
        self.place = min(rank * most, size)
        self._batch, self._own = size, min(most, size - self.place)
        self.size = max(1, self._own)
        self._whole: Arrays = {}
        self._part: Arrays = {}

    def data(self, block: StepBlock) -> Arrays:
        """What has the rank's rows of these steps: of whole tables a part of it, else all that it has."""
        if block.order is not None:
            return block.data
        if block.data is not self._whole:
            first = min(self.place, self._batch - 1)
            own = slice(first, first + self.size)
            self._whole, self._part = block.data, {n: v[own] for n, v in block.data.items()}
        return self._part

    def order(self, block: StepBlock) -> NDArray[np.int64] | None:
        """The rank's rows of the steps, one batch after the other."""
        order = block.order
        if order is None:
            return None
        return np.concatenate(
            [self._of(order[n : n + self._batch]) for n in range(0, len(order), self._batch)]
        )

    def _of(self, batch: NDArray[np.int64]) -> NDArray[np.int64]:
        own = batch[self.place : self.place + self._own]
        return own if len(own) else batch[:1]

    def divisors(self, block: StepBlock, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the rank divides its errors by at each step: all ranks' rows, or infinity if it has none.

        Args:
            block: of all ranks.
            rows: that have a weight in each step, (steps, members).
        """
        idle = (block.sizes(self._batch) <= self.place)[:, None] | (self._own == 0)
        return np.where(idle & (rows > 0), np.inf, rows)
