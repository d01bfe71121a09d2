"""Which rows each step takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.engines import shuffled
from downslope.errors import DownslopeError
from downslope.training.rows import PARTS, InMemory, Readers, RowSource

__all__ = ["BATCHES", "SPLIT", "Batches", "ShuffledBatches", "StepBlock"]

BATCHES, SPLIT, WINDOWS = 0, 1, PARTS + 1
"""Streams of shuffles: the batches of an epoch, the rows that validate, and from the last one on those of the
windows after the first."""

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class StepBlock:
    """Consecutive steps on the same data.

    Attributes:
        data: rows by the name of the input.
        order: the rows of the steps, one batch after the other; None: all rows as they are.
        steps: how many steps these are.
        own: where several processes share the rows, the numbers of those that ``data`` has, in their order;
            it has one row that counts for nothing where there are none. None: it has all.
        shared: how many rows all of them have together; needed with ``own``.
    """

    data: Arrays
    order: NDArray[np.int64] | None
    steps: int
    own: NDArray[np.int64] | None = None
    shared: int = 0

    def rows(self) -> Arrays:
        """The rows of the steps, by the name of the input; not of what is shared."""
        if self.order is None:
            return self.data
        return {name: column[self.order] for name, column in self.data.items()}

    def sizes(self, size: int) -> NDArray[np.float64]:
        """How many rows each step has, (steps,), in batches of ``size`` of which the last can be smaller."""
        found = np.full(self.steps, float(size))
        all_rows = len(self.data["row_weights"]) if self.own is None else self.shared
        rows = all_rows if self.order is None else len(self.order)
        found[-1] = rows % size or size
        return found

    def rows_with_weight(self, size: int) -> NDArray[np.float64]:
        """How many of them have a weight: (steps,), or by member, (steps, members)."""
        weights = self.data["row_weights"]
        counted = (weights if self.order is None else weights[self.order]) > 0
        starts = np.arange(0, len(counted), size)
        found: NDArray[np.float64] = np.add.reduceat(counted, starts, axis=0, dtype=np.float64)
        return found if len(starts) == self.steps else np.repeat(found, self.steps, axis=0)


class Batches(Protocol):
    """Gives each step its rows."""

    @property
    def size(self) -> int:
        """Rows of a step; the last step of an epoch can have fewer."""

    def epoch(self, step: int) -> tuple[int, int]:
        """The first and the last step of the epoch that a step belongs to; steps are counted from 1."""

    def block(self, step: int, last: int) -> StepBlock:
        """The steps from ``step`` on, counted from 1, at most to ``last``, that go over the same data."""


class ShuffledBatches:
    """Batches as a pure function of (seed, step): each epoch uses every row once, in an order of its own.

    The rows of a window are shuffled; arrays in memory are one window.

    Args:
        rows: where they come from, or arrays by the name of the input.
        size: rows of a step; None takes all rows at each step.
        seed: of the orders.
        readers: who share the parts that rows are read in, if several do.

    Attributes:
        steps_in_epoch: steps that use every row once.

    >>> batches = ShuffledBatches({"x": np.arange(5.0)}, 2, seed=0)
    >>> batches.steps_in_epoch, [len(batches.block(step, step).rows()["x"]) for step in (1, 2, 3)]
    (3, [2, 2, 1])
    """

    def __init__(
        self, rows: Arrays | RowSource, size: int | None, seed: int, readers: Readers | None = None
    ) -> None:
        if size is not None and size < 1:
            raise DownslopeError(f"batch_size is at least 1, not {size!r}")
        source = InMemory(rows) if isinstance(rows, Mapping) else rows
        self._rows, self._seed = source.rows, seed
        self.size = min(size or self._rows, self._rows)
        self.steps_in_epoch = -(-self._rows // self.size)
        self._windows = source.windows(self.size, seed, readers)
        self._in_window = -(-self._windows.size // self.size)  # steps
        self._shuffled: tuple[tuple[int, int], NDArray[np.int64]] | None = (
            None  # the last window and its order
        )

    def epoch(self, step: int) -> tuple[int, int]:
        """The first and the last step of the epoch that a step belongs to."""
        before = (step - 1) // self.steps_in_epoch * self.steps_in_epoch
        return before + 1, before + self.steps_in_epoch

    def block(self, step: int, last: int) -> StepBlock:
        """The steps from ``step`` to ``last``, or to the end of the window."""
        if self.steps_in_epoch == 1:
            return self._block(0, 0, None, last - step + 1)
        epoch, part = divmod(step - 1, self.steps_in_epoch)
        place, part = divmod(part, self._in_window)
        steps = min(self._in_window, self.steps_in_epoch - place * self._in_window)
        end = min(part + 1 + last - step, steps)
        order = self._order(epoch, place)[part * self.size : end * self.size]
        return self._block(epoch, place, order, end - part)

    def _block(self, epoch: int, place: int, order: NDArray[np.int64] | None, steps: int) -> StepBlock:
        window = self._windows.at(epoch, place)
        return StepBlock(window.data, order, steps, window.own, self._in(place))

    def _in(self, place: int) -> int:
        """The rows of a window."""
        return min(self._windows.size, self._rows - place * self._windows.size)

    def close(self) -> None:
        """Read no further rows ahead."""
        self._windows.close()

    def _order(self, epoch: int, place: int) -> NDArray[np.int64]:
        known, window = self._shuffled, (epoch, place)
        if known is None or known[0] != window:
            stream = WINDOWS + place if place else BATCHES
            known = self._shuffled = window, shuffled(self._in(place), self._seed, stream, epoch)
        return known[1]
