"""Which rows of each batch are a rank's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.engines import OwnRows
from downslope.training._batches import StepBlock

__all__ = ["RankRows", "RankSteps"]

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class RankSteps:
    """A rank's part of some steps.

    Attributes:
        data: what has its rows.
        order: those of the steps, one batch after the other; None: all as they are, in each step.
        own: their places in the batches.
        idle: the steps of which the rank has no row, (steps,); it has one all the same.
        size: rows of a step, about; exactly where ``own`` has no ends.
    """

    data: Arrays
    order: NDArray[np.int64] | None
    own: OwnRows
    idle: NDArray[np.bool_]
    size: int

    def rows(self) -> Arrays:
        """The rows of the steps, by the name of the input."""
        return self.data if self.order is None else {n: v[self.order] for n, v in self.data.items()}


class RankRows:
    """The rows of a rank.

    The batches are those of one process, and so are the places of the rows in them. Where every rank has all
    rows the first one takes the first ⌈size/count⌉ of a batch of ``size``, and so on. Where each has read
    some of the rows, it takes those. A rank that has none of a batch takes a row all the same, and divides
    its error by infinity.

    Args:
        rank, count: the number of the rank, and of all.
        size: rows of a batch of all ranks; the last of an epoch can have fewer.

    >>> block = StepBlock({"row_weights": np.ones(8)}, np.array([7, 1, 0, 4, 2, 5, 3]), 2)
    >>> steps = RankRows(1, 3, 5).steps(block)
    >>> steps.order, steps.own.places, steps.own.ends, steps.idle
    (array([0, 4, 5]), array([2, 3, 0]), array([2, 3]), array([False,  True]))
    >>> shared = StepBlock({"row_weights": np.ones(2)}, block.order, 2, np.array([1, 4]), 8)
    >>> steps = RankRows(1, 3, 5).steps(shared)
    >>> steps.order, steps.own.places, steps.own.ends, steps.idle
    (array([0, 1, 0]), array([1, 3, 0]), array([2, 3]), array([False,  True]))
    """

    def __init__(self, rank: int, count: int, size: int) -> None:
        most = -(-size // count)
        self._batch, self._first, self._last = size, min(rank * most, size), min((rank + 1) * most, size)
        self._whole: Arrays = {}
        self._part: Arrays = {}

    def steps(self, block: StepBlock) -> RankSteps:
        """The rank's part of the steps of all ranks."""
        if block.order is None:
            return self._of_all_rows(block)
        local = np.arange(len(block.order)) % self._batch
        if block.own is None:
            rows, mine = block.order, (local >= self._first) & (local < self._last)
        else:
            at = np.full(block.shared, -1)
            at[block.own] = np.arange(len(block.own))
            rows = at[block.order]
            mine = rows >= 0
        starts = np.arange(0, len(rows), self._batch)
        counts = np.add.reduceat(mine, starts, dtype=np.int64)
        idle = counts == 0
        mine[starts[idle]] = True
        order = rows[mine]
        ends = np.cumsum(np.maximum(counts, 1))
        if block.own is not None:
            order = np.maximum(order, 0)  # any row will do where the rank has none
        own = OwnRows(local[mine], ends)
        return RankSteps(block.data, order, own, idle, max(1, self._last - self._first))

    def _of_all_rows(self, block: StepBlock) -> RankSteps:
        """Of steps that take all rows."""
        if block.own is not None:
            data, places = block.data, block.own
        else:
            first = min(self._first, self._batch - 1)
            if block.data is not self._whole:
                own = slice(first, max(self._last, first + 1))
                self._whole, self._part = block.data, {n: v[own] for n, v in block.data.items()}
            data, places = self._part, np.arange(self._first, self._last)
        idle = np.full(block.steps, not len(places))
        places = places if len(places) else np.zeros(1, np.int64)
        return RankSteps(data, None, OwnRows(places), idle, len(places))

    def counts(
        self, block: StepBlock, steps: RankSteps, add_up: Callable[[Any], None]
    ) -> NDArray[np.float64]:
        """How many rows of all ranks have a weight in each step: (steps,), or by member, (steps, members)."""
        if block.own is None:
            return block.rows_with_weight(self._batch)
        weights = steps.data["row_weights"]
        counted = (weights if steps.order is None else weights[steps.order]) > 0
        ends = np.array([len(counted)]) if steps.own.ends is None else steps.own.ends
        found: NDArray[np.float64] = np.add.reduceat(
            counted, np.concatenate([[0], ends[:-1]]), axis=0, dtype=np.float64
        )
        found[steps.idle[: len(found)]] = 0
        add_up(found)
        return found if len(found) == block.steps else np.repeat(found, block.steps, axis=0)

    def divisors(self, steps: RankSteps, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the rank divides its errors by at each step: all ranks' rows, or infinity if it has none.

        Args:
            steps: of the rank.
            rows: that have a weight in each step, (steps, members).
        """
        return np.where(steps.idle[:, None] & (rows > 0), np.inf, rows)
