"""The rows of a dataset as networks take them, encoded as they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.nets import AnyNetwork, Ensemble
from downslope.tables import Dataset, Summary, TableEncoder, Target, counted_in, known_rows
from downslope.training import Folds
from downslope.training.rows import StreamedRows

__all__ = ["EncodedStream"]


@dataclass(frozen=True, eq=False)
class EncodedStream:
    """All rows of a dataset with a target, of which those in memory are a sample.

    Attributes:
        dataset: what is read.
        summary: of its rows, with the sample.
        encoder, target: of the inputs and of the targets.
    """

    dataset: Dataset
    summary: Summary
    encoder: TableEncoder
    target: Target

    def rows_for(
        self, network: AnyNetwork, folds: Folds | None = None, members: int | None = None
    ) -> StreamedRows:
        """The rows that a network trains on.

        Args:
            network: what is trained.
            folds: which rows of the sample each member of an ensemble holds out; it learns from all others.
            members: of all ensembles that are trained on them, which decides the windows; None: of this one.
        """
        counts = self.summary.counts
        firsts = np.cumsum([0, *counts])
        own = len(network.networks) if isinstance(network, Ensemble) else 1
        graph = network.graph()
        of = np.full(0, -1) if folds is None else folds.of[folds.held_out]
        held = np.zeros(0, np.int64) if folds is None else self.summary.places[folds.held_out]
        dtype = np.dtype(self.encoder.dtype)

        def read(part: int) -> Mapping[str, NDArray[Any]]:
            x, y = self._encoded(part)
            weights = np.ones((len(x), *map(int, graph.row_weights.shape[1:])), dtype)
            begin, end = np.searchsorted(held, firsts[part : part + 2])
            weights[held[begin:end] - firsts[part], of[begin:end]] = 0
            return {"x": x, "y": y.reshape(-1, *map(int, graph.y.shape[1:])), "row_weights": weights}

        return StreamedRows(
            counts,
            read,
            dtype,
            dtype.itemsize * (len(self.encoder.features) + 1 + (members or own)),
            np.bincount(of, minlength=own) / firsts[-1],
            self.dataset.budget,
            f"rows with a value of {self.target.name} of {self.dataset.stamp}",
        )

    def _encoded(self, part: int) -> tuple[NDArray[Any], NDArray[np.float32]]:
        """The inputs and the targets of a block."""
        block = self.dataset.blocks[part]
        frame = known_rows(self.dataset, block, self.target.name)
        if frame.height != self.summary.counts[part]:
            raise DownslopeError(f"{block.path} has other rows than before; begin again")
        try:
            with counted_in(np.arange(block.first, block.first + block.rows)):
                return self.encoder.encode(frame).x, self.target.encode(frame[self.target.name])
        except DownslopeError as error:
            raise DownslopeError(f"{block.path}: {error}") from None
