"""Networks of one architecture, trained together: each holds some rows out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.fitting.ensemble._class_weights import taken_back
from downslope.fitting.ensemble._spread import spread_run
from downslope.fitting.ensemble._stream import EncodedStream
from downslope.nets import AnyNetwork, Ensemble, Network
from downslope.training import Folds, Ranks, Run, descend, held_out

__all__ = ["EncodedRows", "EnsembleGroup", "class_probabilities", "train_group"]


@dataclass(frozen=True)
class EncodedRows:
    """Encoded rows: x (rows, inputs) and y (rows,), how much each counts, and who holds it out.

    Where ``unknown`` is given, (rows, members), it says of which rows a member knows nothing: it neither
    learns from them nor is measured on them. Where ``stream`` is given, these rows are a sample of all that
    it reads, and networks are trained on those. Where ``class_weights`` are given, (classes,), rows count by
    their classes besides in training, which is taken out of the probabilities again. ``time_limited`` says
    that there is time for the first of the members alone.
    """

    x: NDArray[Any]
    y: NDArray[np.float32]
    weights: NDArray[np.float32]
    folds: Folds
    unknown: NDArray[np.bool_] | None = None
    stream: EncodedStream | None = None
    class_weights: NDArray[np.float32] | None = None
    time_limited: bool = False

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


@dataclass(frozen=True)
class EnsembleGroup:
    """Trained networks of one architecture.

    Attributes:
        name: of the architecture, with a number where it was trained before.
        ensemble: the members.
        run: of their descent; its parameters are those of the best epoch.
        predictions: of each held-out row, by the member that holds it out: probabilities (rows, classes), or
            numbers (rows, 1) as the loss takes them.
        seed: of their descent.
        planned: for how many steps the schedule of its learning rate was made; 0 where there was none.
    """

    name: str
    ensemble: Ensemble
    run: Run
    predictions: NDArray[np.float64]
    seed: int = 0
    planned: int = 0

    @property
    def architecture(self) -> str:
        """The name of the architecture."""
        return self.name.rstrip("0123456789 ")

    @property
    def parameters(self) -> Mapping[str, NDArray[Any]]:
        """By name."""
        return self.run.parameters

    def predicted_at(self, parameters: Mapping[str, NDArray[Any]], rows: EncodedRows) -> NDArray[np.float64]:
        """What ``predictions`` would be at other parameters."""
        found = held_out(self.ensemble, parameters, rows.x, rows.folds)
        return class_probabilities(self.ensemble, found)


def train_group(
    name: str,
    network: Network,
    rows: EncodedRows,
    *,
    training: EncodedRows | None = None,
    ranks: Ranks | None = None,
    **settings: Any,
) -> EnsembleGroup:
    """Train as many members as there are folds.

    Args:
        name, network: the architecture.
        rows: of which there are predictions.
        training: those to train on; None for all.
        ranks: over which the members are spread; None where all are trained here.
        settings: of ``descend``.
    """
    ensemble = Ensemble([network] * rows.members)
    seen = training or rows
    if ranks is not None:
        run = spread_run(network, seen.members, seen.x.dtype, partial(_given_some, seen), ranks, **settings)
    else:
        run = descend(ensemble, **_given(ensemble, seen), **settings)
    values = taken_back(ensemble, run.parameters, seen.class_weights)
    run = replace(run, parameters=values, state={})  # which is as large as two more groups
    predicted = held_out(ensemble, run.parameters, rows.x, rows.folds)
    return EnsembleGroup(name, ensemble, run, class_probabilities(network, predicted))


def _given(ensemble: Ensemble, seen: EncodedRows, members: int | None = None) -> dict[str, Any]:
    """The rows, and those that the members hold out, as ``descend`` takes them."""
    if seen.stream is None:
        return {"x": seen.x, "y": seen.y, "row_weights": seen.known_weights, "validation": seen.folds}
    held = (seen.x, seen.y, seen.known_weights, seen.folds)
    return {"x": seen.stream.rows_for(ensemble, seen.folds, members), "y": None, "validation": held}


def _given_some(seen: EncodedRows, ensemble: Ensemble, members: NDArray[np.int64]) -> dict[str, Any]:
    """The same for an ensemble of some of the members."""
    at = np.full(seen.members + 1, -1)  # of -1 as well: the rows that all learn from
    at[members] = np.arange(len(members))
    unknown = None if seen.unknown is None else seen.unknown[:, members]
    return _given(ensemble, replace(seen, folds=Folds(at[seen.folds.of]), unknown=unknown), seen.members)


def class_probabilities(network: AnyNetwork, predicted: NDArray[Any]) -> NDArray[np.float64]:
    """A probability for each class, (rows, classes), where the network may give that of the second alone."""
    found = predicted.astype(np.float64)
    if network.loss == "binary_cross_entropy":
        found = np.concatenate([1 - found, found], axis=1)
    return found
