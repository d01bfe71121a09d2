"""Networks of one architecture, trained together: each holds some rows out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.fitting.ensemble._class_weights import taken_back
from downslope.fitting.ensemble._rows import EncodedRows
from downslope.fitting.ensemble._spread import spread_run
from downslope.nets import AnyNetwork, Ensemble, Network
from downslope.training import Folds, Ranks, Run, descend, held_out

__all__ = ["EnsembleGroup", "class_probabilities", "train_group"]


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
