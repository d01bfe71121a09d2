"""Windows of rows: parts in a random order, put together to as many rows as are shuffled at a time."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.engines import shuffled

__all__ = ["PARTS", "Readers", "Window", "Windows", "WindowsOfParts", "dealt"]

PARTS = 2
"""The stream of shuffles that the order of the parts in an epoch is of."""

Arrays = Mapping[str, NDArray[Any]]

T = TypeVar("T")


class Readers(Protocol):
    """Processes that read rows together, each some of the parts, of which this is one."""

    @property
    def rank(self) -> int:
        """Of this process, from 0."""

    @property
    def count(self) -> int:
        """Of all."""

    def gather(self, value: T) -> list[T]:
        """The values of all, in their order."""


def dealt(counts: Sequence[int], readers: int) -> NDArray[np.int64]:
    """Who reads each part, (parts,): each goes to the reader that has the fewest rows so far.

    >>> dealt([5, 5, 5, 1, 1, 1], 2)
    array([0, 1, 0, 1, 1, 1])
    """
    rows = [(0, reader) for reader in range(readers)]
    found = np.empty(len(counts), np.int64)
    for place, count in enumerate(counts):
        held, found[place] = rows[0]
        heapq.heapreplace(rows, (held + int(count), int(found[place])))
    return found


@dataclass(frozen=True, eq=False)
class Window:
    """Rows that are at hand.

    Attributes:
        data: the rows by the name of the input.
        own: where several processes share the window, the places in it of those that this one has, in their
            order; it has one row that counts for nothing where there are none. None: it has all.
    """

    data: Arrays
    own: NDArray[np.int64] | None = None


class Windows(Protocol):
    """The rows of an epoch a window at a time."""

    @property
    def size(self) -> int:
        """Rows of a window; the last one of an epoch can have fewer."""

    def at(self, epoch: int, place: int) -> Window:
        """The rows of a window; epochs and windows are counted from 0."""

    def close(self) -> None:
        """Read nothing more ahead."""


class WindowsOfParts:
    """Windows as a pure function of (seed, epoch, place); the one after the last is read ahead on a thread.

    Each epoch takes the parts in an order of its own, joined end to end; a window is a stretch of that. Its
    rows are in this order: who takes batches of them shuffles them. One window that holds all rows is the
    same in every epoch, and is read once. Of several readers each has the parts that are dealt out to it in
    that order, so that no part is read by two of them in one epoch.

    Args:
        counts: the rows of each part.
        read: the arrays of a part.
        size: rows of a window.
        seed: of the orders.
        readers: who share each window, if several do.

    >>> windows = WindowsOfParts([2, 3], lambda part: {"x": np.arange(2 + part) + 10 * part}, 4, seed=0)
    >>> [windows.at(0, place).data["x"].tolist() for place in (0, 1)]
    [[10, 11, 12, 0], [1]]
    >>> windows.close()
    """

    def __init__(
        self,
        counts: Sequence[int],
        read: Callable[[int], Arrays],
        size: int,
        seed: int,
        readers: Readers | None = None,
    ) -> None:
        self.size = size
        self._counts, self._read, self._seed = np.array(counts, np.int64), read, seed
        self._rows = int(self._counts.sum())
        self._rank, self._readers = (0, 1) if readers is None else (readers.rank, readers.count)
        self._order: tuple[int, NDArray[np.int64], NDArray[np.int64]] | None = None  # of the last epoch
        self._part: tuple[int, Arrays] | None = (
            None  # the last that was read: the next window may begin in it
        )
        self._now: tuple[tuple[int, int], Window] | None = None
        self._ahead: tuple[tuple[int, int], Future[Window]] | None = None
        self._reader: ThreadPoolExecutor | None = None

    def at(self, epoch: int, place: int) -> Window:
        """The rows of a window."""
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
        self, ahead: tuple[tuple[int, int], Future[Window]], asked: tuple[int, int]
    ) -> Window | None:
        """What was read ahead, if it is what is asked for."""
        window, future = ahead
        if window == asked:
            return future.result()
        future.cancel()
        return None

    def _started(self, window: tuple[int, int]) -> Future[Window]:
        if self._reader is None:
            self._reader = ThreadPoolExecutor(1, thread_name_prefix="downslope rows")
        return self._reader.submit(self._put_together, *window)

    def _put_together(self, epoch: int, place: int) -> Window:
        """The rows of a window; on the thread that reads, so one at a time."""
        order, readers = self._order_of(epoch)
        ends = np.cumsum(self._counts[order])
        starts = ends - self._counts[order]
        first, last = place * self.size, min((place + 1) * self.size, self._rows)
        begins, finishes = np.maximum(starts, first), np.minimum(ends, last)
        inside = np.flatnonzero(finishes > begins)
        own = inside[readers[inside] == self._rank]
        taken = own if len(own) else inside[:1]
        rows = int(np.sum(finishes[taken] - begins[taken])) if len(own) else 1
        found: dict[str, NDArray[Any]] = {}
        done = 0
        for at in taken:
            arrays, from_, count = (
                self._part_of(int(order[at])),
                int(begins[at] - starts[at]),
                min(int(finishes[at] - begins[at]), rows - done),
            )
            for name, array in arrays.items():
                if name not in found:
                    found[name] = np.empty((rows, *array.shape[1:]), array.dtype)
                found[name][done : done + count] = array[from_ : from_ + count]
            done += count
        if self._readers == 1:
            return Window(found)
        places = [np.arange(begins[at], finishes[at]) - first for at in own]
        return Window(found, np.concatenate([np.zeros(0, np.int64), *places]))

    def _part_of(self, part: int) -> Arrays:
        if self._part is None or self._part[0] != part:
            self._part = None
            self._part = part, self._read(part)
        return self._part[1]

    def _order_of(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The parts of an epoch in their order, and who reads each."""
        if self._order is None or self._order[0] != epoch:
            count = len(self._counts)
            order = shuffled(count, self._seed, PARTS, epoch) if self._rows > self.size else np.arange(count)
            self._order = epoch, order, dealt(self._counts[order].tolist(), self._readers)
        return self._order[1:]
