"""Windows of rows: parts in a random order, put together to as many rows as are shuffled at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from downslope.engines import shuffled

__all__ = ["PARTS", "Windows", "WindowsOfParts"]

PARTS = 2
"""The stream of shuffles that the order of the parts in an epoch is of."""

Arrays = Mapping[str, NDArray[Any]]


class Windows(Protocol):
    """The rows of an epoch a window at a time."""

    @property
    def size(self) -> int:
        """Rows of a window; the last one of an epoch can have fewer."""

    def data(self, epoch: int, place: int) -> Arrays:
        """The rows of a window, by the name of the input; epochs and windows are counted from 0."""

    def close(self) -> None:
        """Read nothing more ahead."""


class WindowsOfParts:
    """Windows as a pure function of (seed, epoch, place); the one after the last is read ahead on a thread.

    Each epoch takes the parts in an order of its own, joined end to end; a window is a stretch of that. Its
    rows are in this order: who takes batches of them shuffles them. One window that holds all rows is the
    same in every epoch, and is read once.

    Args:
        counts: the rows of each part.
        read: the arrays of a part.
        size: rows of a window.
        seed: of the orders.

    >>> windows = WindowsOfParts([2, 3], lambda part: {"x": np.arange(2 + part) + 10 * part}, 4, seed=0)
    >>> [windows.data(0, place)["x"].tolist() for place in (0, 1)]
    [[10, 11, 12, 0], [1]]
    >>> windows.close()
    """

    def __init__(self, counts: Sequence[int], read: Callable[[int], Arrays], size: int, seed: int) -> None:
        self.size = size
        self._counts, self._read, self._seed = np.array(counts, np.int64), read, seed
        self._rows = int(self._counts.sum())
        self._order: tuple[int, NDArray[np.int64]] | None = None  # of the last epoch
        self._part: tuple[int, Arrays] | None = (
            None  # the last that was read: the next window may begin in it
        )
        self._now: tuple[tuple[int, int], Arrays] | None = None
        self._ahead: tuple[tuple[int, int], Future[Arrays]] | None = None
        self._reader: ThreadPoolExecutor | None = None

    def data(self, epoch: int, place: int) -> Arrays:
        """The rows of a window, by the name of the input."""
        asked = (epoch, place) if self._rows > self.size else (0, 0)
        if self._now is not None and self._now[0] == asked:
            return self._now[1]
        self._now = None  # its memory is for the window after the next
        ahead, self._ahead = self._ahead, None
        found = None if ahead is None else self._awaited(ahead, asked)
        if found is None:
            found = self._started(asked).result()
        self._now = asked, found
        if self._rows > self.size:
            after = (epoch, place + 1) if (place + 1) * self.size < self._rows else (epoch + 1, 0)
            self._ahead = after, self._started(after)
        return found

    def close(self) -> None:
        """Read nothing more ahead, and let go of what was read."""
        if self._reader is not None:
            self._reader.shutdown(wait=True, cancel_futures=True)
        self._reader = self._ahead = self._now = self._part = None

    def _awaited(
        self, ahead: tuple[tuple[int, int], Future[Arrays]], asked: tuple[int, int]
    ) -> Arrays | None:
        """What was read ahead, if it is what is asked for."""
        window, future = ahead
        if window == asked:
            return future.result()
        future.cancel()
        return None

    def _started(self, window: tuple[int, int]) -> Future[Arrays]:
        if self._reader is None:
            self._reader = ThreadPoolExecutor(1, thread_name_prefix="downslope rows")
        return self._reader.submit(self._put_together, *window)

    def _put_together(self, epoch: int, place: int) -> Arrays:
        """The rows of a window; on the thread that reads, so one at a time."""
        order = self._order_of(epoch) if self._rows > self.size else np.arange(len(self._counts))
        ends = np.cumsum(self._counts[order])
        first, last = place * self.size, min((place + 1) * self.size, self._rows)
        found: dict[str, NDArray[Any]] = {}
        at = int(np.searchsorted(ends, first, side="right"))
        done = first
        while done < last:
            part, start = int(order[at]), int(ends[at] - self._counts[order[at]])
            arrays, until = self._part_of(part), min(int(ends[at]), last)
            for name, array in arrays.items():
                if name not in found:
                    found[name] = np.empty((last - first, *array.shape[1:]), array.dtype)
                found[name][done - first : until - first] = array[done - start : until - start]
            done, at = until, at + 1
        return found

    def _part_of(self, part: int) -> Arrays:
        if self._part is None or self._part[0] != part:
            self._part = None
            self._part = part, self._read(part)
        return self._part[1]

    def _order_of(self, epoch: int) -> NDArray[np.int64]:
        if self._order is None or self._order[0] != epoch:
            self._order = epoch, shuffled(len(self._counts), self._seed, PARTS, epoch)
        return self._order[1]
