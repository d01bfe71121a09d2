"""The rows of a dataset as networks take them, encoded as they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.nets import AnyNetwork, Ensemble
from downslope.tables import (
    CountedBlock,
    CountedRows,
    Summary,
    TableEncoder,
    Target,
    level_text,
    rows_named_in,
    times_of,
)
from downslope.training import Folds
from downslope.training.rows import StreamedRows, weighed

__all__ = ["EncodedStream"]


@dataclass(frozen=True, eq=False)
class EncodedStream:
    """All rows of a dataset that count, of which those in memory are a sample.

    Attributes:
        counted: the rows.
        summary: of them, with the sample.
        encoder, target: of the inputs and of the targets.
        group: the column of groups, or "".
        later: the time from which rows are known to no network; None where there is none.
    """

    counted: CountedRows
    summary: Summary
    encoder: TableEncoder
    target: Target
    group: str = ""
    later: Any = None

    def rows_for(
        self, network: AnyNetwork, folds: Folds | None = None, members: int | None = None
    ) -> StreamedRows:
        """The rows that a network trains on.

        A member of an ensemble does not learn from the rows of the sample that it holds out, nor from any
        row of their groups; none learns from later rows.

        Args:
            network: what is trained.
            folds: which rows of the sample each member of an ensemble holds out.
            members: of all ensembles that are trained on them, which decides the windows; None: of this one.
        """
        own = tuple(map(int, network.graph().row_weights.shape[1:]))
        shape = tuple(map(int, network.graph().y.shape[1:]))
        weights_in = self._weights_of_members(own, folds)

        def read(part: int) -> Mapping[str, NDArray[Any]]:
            block = self._block(self.counted, part)
            with rows_named_in(block.path, block.index):
                x, y = self.encoder.encode(block.frame).x, self.target.encode(block.frame[self.target.name])
            return {"x": x, "y": y.reshape(-1, *shape), "row_weights": weights_in(part, block.frame)}

        rows, narrow = self._rows(network, members, read), self.counted.narrowed(self.group)
        plain = not (self.counted.weights or self.group or self.later is not None)

        def of_part(part: int) -> NDArray[Any]:
            return weights_in(part, None if plain else self._block(narrow, part).frame)

        return weighed(rows, relative=True, of_part=of_part)

    def said(self, network: AnyNetwork, batch: int) -> str:
        """How the rows that a network trains on are shuffled, in words."""
        return self._rows(network, None, lambda part: {}).said(batch)

    def _rows(
        self, network: AnyNetwork, members: int | None, read: Callable[[int], Mapping[str, NDArray[Any]]]
    ) -> StreamedRows:
        dtype, dataset = np.dtype(self.encoder.dtype), self.counted.dataset
        own = len(network.networks) if isinstance(network, Ensemble) else 1
        return StreamedRows(
            self.summary.counts,
            read,
            dtype,
            dtype.itemsize * (len(self.encoder.features) + 1 + (members or own)),
            np.zeros(own),
            dataset.budget,
            f"rows with a value of {self.target.name} of {dataset.stamp}",
        )

    def _block(self, counted: CountedRows, part: int) -> CountedBlock:
        block = counted.block(counted.dataset.blocks[part])
        if len(block.index) != self.summary.counts[part]:
            raise DownslopeError(f"{block.path} has other rows than before; begin again")
        return block

    def _weights_of_members(
        self, own: tuple[int, ...], folds: Folds | None
    ) -> Callable[[int, pl.DataFrame | None], NDArray[np.float32]]:
        """How much the rows of a part count, (rows, *own); None for the frame where its cells say nothing."""
        firsts = np.cumsum([0, *self.summary.counts])
        of = np.full(len(self.summary.places), -1) if folds is None else folds.of
        held, of_held = self.summary.places[of >= 0], of[of >= 0]
        holding = self._holding(of)
        mean = float(self.counted.shares(self.summary.sample).mean())

        def weights_in(part: int, frame: pl.DataFrame | None) -> NDArray[np.float32]:
            weights = np.ones((self.summary.counts[part], *own), np.float32)
            if len(held):
                begin, end = np.searchsorted(held, firsts[part : part + 2])
                weights[held[begin:end] - firsts[part], of_held[begin:end]] = 0
            if frame is None:
                return weights
            if self.counted.weights:
                shares = (self.counted.shares(frame) / mean).astype(np.float32)
                weights *= shares.reshape(-1, *[1] * len(own))
            if holding is not None:
                groups = level_text(frame[self.group])
                found = groups.replace_strict(*holding, default=-1, return_dtype=pl.Int64)
                member = found.fill_null(-1).to_numpy()
                weights[member >= 0, member[member >= 0]] = 0
            if self.later is not None:
                weights[(times_of(frame[self.counted.time]) >= self.later).to_numpy()] = 0
            return weights

        return weights_in

    def _holding(self, of: NDArray[np.int64]) -> tuple[pl.Series, pl.Series] | None:
        """The groups of the sample that are held out, and by which member; None where there are none."""
        if not self.group:
            return None
        groups = pl.DataFrame({"group": level_text(self.summary.sample[self.group]), "member": of})
        held = groups.filter(pl.col("member") >= 0).drop_nulls("group").unique("group", maintain_order=True)
        return (held["group"], held["member"]) if held.height else None
