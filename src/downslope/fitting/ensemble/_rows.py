"""Encoded rows, and who holds them out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.fitting.ensemble._stream import EncodedStream
from downslope.training import Folds

__all__ = ["EncodedRows"]


@dataclass(frozen=True)
class EncodedRows:
    """Encoded rows: x (rows, inputs) and y (rows,), how much each counts, and who holds it out.

    Where ``unknown`` is given, (rows, members), it says of which rows a member knows nothing: it neither
    learns from them nor is measured on them. Where ``stream`` is given, these rows are a sample of all that
    it reads, and networks are trained on those. Where ``class_weights`` are given, (classes,), rows count by
    their classes besides in training, which is taken out of the probabilities again. ``time_limited`` says
    that there is time for the first of the members alone. ``groups``, (rows,), says which rows belong
    together.
    """

    x: NDArray[Any]
    y: NDArray[np.float32]
    weights: NDArray[np.float32]
    folds: Folds
    unknown: NDArray[np.bool_] | None = None
    stream: EncodedStream | None = None
    class_weights: NDArray[np.float32] | None = None
    time_limited: bool = False
    groups: NDArray[np.int64] | None = None

    @property
    def count(self) -> int:
        """How many rows there are to train on."""
        return len(self.x) if self.stream is None else self.stream.summary.rows

    @property
    def members(self) -> int:
        """How many members the folds are for."""
        return int(self.folds.of.max()) + 1

    @property
    def training_weights(self) -> NDArray[np.float32]:
        """How much each row counts in training, (rows,)."""
        if self.class_weights is None:
            return self.weights
        return self.weights * self.class_weights[self.y.astype(np.int64)]

    @property
    def alone(self) -> bool:
        """Whether one network is to be chosen: there is one member, and not for want of time."""
        return self.members == 1 and not self.time_limited

    def of_first(self, members: int) -> EncodedRows:
        """The same rows for the first of the members alone: all learn from what the others would hold out."""
        if members >= self.members:
            return self
        folds = Folds(np.where(self.folds.of < members, self.folds.of, -1))
        unknown = None if self.unknown is None else self.unknown[:, :members]
        return replace(self, folds=folds, unknown=unknown, time_limited=True)

    @property
    def known_weights(self) -> NDArray[np.float32]:
        """How much each row counts for each member, (rows, members), or (rows,) where for all alike."""
        if self.unknown is None:
            return self.training_weights
        return np.where(self.unknown, np.float32(0), self.training_weights[:, None])

    def learned_weights(self, some: slice) -> NDArray[np.float32]:
        """How much some of the rows count for each member in training, (rows, members)."""
        known, of = self.known_weights[some], self.folds.of[some]
        shape = (len(of), self.members)
        weights = np.broadcast_to(known if known.ndim == 2 else known[:, None], shape).copy()
        held = np.flatnonzero(of >= 0)
        weights[held, of[held]] = 0
        return weights

    @property
    def learned_x(self) -> NDArray[Any]:
        """The inputs of the rows that some member learns from, (rows, inputs)."""
        return self.x if self.unknown is None else self.x[self.learned]

    @property
    def learned_y(self) -> NDArray[np.float32]:
        """Their targets, (rows,)."""
        return self.y if self.unknown is None else self.y[self.learned]

    @property
    def learned_groups(self) -> NDArray[np.int64] | None:
        """Which of them belong together, (rows,)."""
        return self.groups if self.unknown is None or self.groups is None else self.groups[self.learned]

    @property
    def learned(self) -> NDArray[np.bool_]:
        """Which rows some member learns from, (rows,)."""
        if self.unknown is None:
            return np.ones(len(self.y), np.bool_)
        own = self.folds.of[:, None] == np.arange(self.members)
        learned: NDArray[np.bool_] = ~np.all(self.unknown | own, axis=1)
        return learned

    def every(self, count: int) -> EncodedRows:
        """One of so many rows."""
        some = slice(None, None, count)
        unknown = None if self.unknown is None else self.unknown[some]
        x, y, weights, folds = self.x[some], self.y[some], self.weights[some], Folds(self.folds.of[some])
        return EncodedRows(x, y, weights, folds, unknown, class_weights=self.class_weights)
