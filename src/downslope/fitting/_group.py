"""Members of one kind, trained together: each holds some rows out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.nets import AnyNetwork, Ensemble, Network
from downslope.training import Folds, Progress, Run, descend, held_out

__all__ = ["Group", "Rows", "both_classes", "train"]


@dataclass(frozen=True)
class Rows:
    """Encoded rows: x (rows, inputs) and y (rows,), how much each counts, and who holds it out."""

    x: NDArray[Any]
    y: NDArray[np.float32]
    weights: NDArray[np.float32]
    folds: Folds

    @property
    def members(self) -> int:
        """How many members the folds are for."""
        return int(self.folds.of.max()) + 1


@dataclass(frozen=True)
class Group:
    """Trained members of one kind.

    Attributes:
        name: of the kind.
        ensemble: the members.
        run: what their descent did; its parameters are those of the best epoch.
        guesses: of each row that is held out, by the member that does it: probabilities (rows, classes), or
            numbers (rows, 1) as the loss takes them.
    """

    name: str
    ensemble: Ensemble
    run: Run
    guesses: NDArray[np.float64]

    @property
    def parameters(self) -> Mapping[str, NDArray[Any]]:
        """By name."""
        return self.run.parameters


def train(
    name: str,
    network: Network,
    rows: Rows,
    *,
    taught: Rows | None = None,
    progress: Callable[[Progress], None] | None = None,
    **settings: Any,
) -> Group:
    """As many members as there are folds.

    Args:
        name, network: of the kind.
        rows: of which there are guesses.
        taught: of those, the ones that teach; None for all.
        progress: called after each epoch.
        settings: of ``descend``.
    """
    ensemble = Ensemble([network] * rows.members)
    lesson = taught or rows
    run = descend(
        ensemble,
        lesson.x,
        lesson.y,
        row_weights=lesson.weights,
        validation=lesson.folds,
        progress=progress,
        **settings,
    )
    run = replace(run, state={})  # which is as large as two more groups
    guesses = held_out(ensemble, run.parameters, rows.x, rows.folds)
    return Group(name, ensemble, run, both_classes(network, guesses))


def both_classes(network: AnyNetwork, predicted: NDArray[Any]) -> NDArray[np.float64]:
    """A probability for each class, (rows, classes), where the network may give that of the second alone."""
    guesses = predicted.astype(np.float64)
    if network.loss == "binary_cross_entropy":
        guesses = np.concatenate([1 - guesses, guesses], axis=1)
    return guesses
