"""Where the rows of a descent come from: arrays in memory, or parts that are read as they are needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.training.arguments import count_alike
from downslope.training.rows._windows import Readers, Window, Windows, WindowsOfParts

__all__ = ["InMemory", "RowSource", "StreamedRows"]

Arrays = Mapping[str, NDArray[Any]]

_SHARES = 4
"""Windows in a budget of memory: one is trained on and one put together, of blocks and with their orders."""


class RowSource(Protocol):
    """The rows that a descent takes its batches from."""

    @property
    def rows(self) -> int:
        """How many there are."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of their numbers."""

    @property
    def alike(self) -> bool:
        """Whether all that have a weight have the same."""

    @property
    def without_weight(self) -> NDArray[np.float64]:
        """The share of the rows that has none: (1,), or by member, (members,)."""

    @property
    def asked(self) -> Mapping[str, Any]:
        """What says that the rows are the same as before, by name."""

    def windows(self, batch: int, seed: int, readers: Readers | None = None) -> Windows:
        """The rows a window at a time, each of whole batches but for the last; readers may share them."""

    def said(self, batch: int) -> str:
        """How rows are shuffled in batches of so many, in words; "" where there is nothing to say."""


@dataclass(frozen=True, eq=False)
class InMemory:
    """Arrays, which are one window that holds all rows in every epoch.

    Attributes:
        arrays: x, y and the weights of the rows, by name.
    """

    arrays: Arrays

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.arrays["x"])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of their numbers."""
        return self.arrays["x"].dtype

    @property
    def alike(self) -> bool:
        """Whether all that have a weight have the same."""
        return count_alike(self.arrays["row_weights"])

    @property
    def without_weight(self) -> NDArray[np.float64]:
        """The share of the rows that has none: (1,), or by member, (members,)."""
        return np.atleast_1d(np.mean(self.arrays["row_weights"] == 0, axis=0))

    @property
    def asked(self) -> Mapping[str, Any]:
        """The arrays themselves."""
        return {name: self.arrays[name] for name in ("x", "y", "row_weights")}

    def windows(self, batch: int, seed: int, readers: Readers | None = None) -> Windows:
        """One that holds all rows, for each reader."""
        return _AllRows(Window(self.arrays), self.rows)

    def said(self, batch: int) -> str:
        """Nothing: they are shuffled as a whole."""
        return ""


@dataclass(frozen=True)
class _AllRows:
    window: Window
    size: int

    def at(self, epoch: int, place: int) -> Window:
        return self.window

    def close(self) -> None:
        """There is nothing to close."""


@dataclass(frozen=True, eq=False)
class StreamedRows:
    """Rows in parts, which are read again in each epoch, in an order that is drawn for it.

    Attributes:
        counts: the rows of each part.
        read: the arrays of a part, by name.
        dtype: of their numbers.
        row_bytes: that a row takes in all arrays together.
        without_weight: as of ``RowSource``.
        memory: bytes that rows may take at a time.
        described: what says that the rows are the same as before.
        alike: as of ``RowSource``.
    """

    counts: Sequence[int]
    read: Callable[[int], Arrays]
    dtype: np.dtype[Any]
    row_bytes: int
    without_weight: NDArray[np.float64]
    memory: int
    described: str
    alike: bool = True

    @property
    def rows(self) -> int:
        """How many there are."""
        return sum(self.counts)

    @property
    def at_once(self) -> bool:
        """Whether all fit into the memory, as one window."""
        return self.rows * self.row_bytes * _SHARES <= self.memory

    @property
    def asked(self) -> Mapping[str, Any]:
        """What the files are, and the memory, which decides the order of the rows."""
        return {"rows": self.described, "memory": self.memory}

    def window(self, batch: int) -> int:
        """How many rows are shuffled at a time, in batches of so many.

        Raises:
            DownslopeError: if not even a batch fits into the memory.
        """
        if self.at_once:
            return self.rows
        most = self.memory // (_SHARES * self.row_bytes)
        if most < batch:
            raise DownslopeError(
                f"a batch of {batch:,} rows takes {batch * self.row_bytes * _SHARES:,} bytes with what is "
                f"read ahead, and memory is {self.memory:,}; give a smaller batch_size or more memory"
            )
        return most // batch * batch

    def windows(self, batch: int, seed: int, readers: Readers | None = None) -> Windows:
        """As many rows as fit into the memory at a time; the next ones are read meanwhile."""
        return WindowsOfParts(self.counts, self.read, self.window(batch), seed, readers)

    def said(self, batch: int) -> str:
        """How the rows are shuffled, in words."""
        window, parts = self.window(batch), f"{len(self.counts):,} block{'s' * (len(self.counts) > 1)}"
        if window == self.rows:
            return f"{self.rows:,} rows of {parts}, shuffled as a whole"
        return f"{self.rows:,} rows of {parts} in an order of each epoch, shuffled in windows of {window:,}"

    def with_rows(self, counts: Sequence[int], changed: Callable[[int, Arrays], Arrays]) -> StreamedRows:
        """Other rows of the same parts: what becomes of the arrays of each."""
        read = partial(_changed, self.read, changed)
        return replace(self, counts=counts, read=read)


def _changed(read: Callable[[int], Arrays], changed: Callable[[int, Arrays], Arrays], part: int) -> Arrays:
    return changed(part, read(part))
