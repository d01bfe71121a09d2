"""Groups of networks together: their shares, and the network that predicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.fitting.ensemble._blend import (
    Score,
    best_alone,
    best_shares,
    best_temperature,
    blended,
    highest_alone,
    highest_shares,
    temperature_scaled,
)
from downslope.fitting.ensemble._group import EnsembleGroup
from downslope.fitting.ensemble._rows import EncodedRows
from downslope.fitting.evaluation import metric_of
from downslope.fitting.record import is_added
from downslope.nets import AnyNetwork, Ensemble
from downslope.tables import Target

__all__ = ["FittedEnsemble", "blended_groups", "joined"]


@dataclass(frozen=True)
class FittedEnsemble:
    """What was trained on the rows.

    Attributes:
        network, parameters: what predicts.
        groups: all that were trained, the linear model first.
        shares: how much each group counts, of sum 1: one that is added to the linear model with it.
        linear, blend: predictions of the held-out rows: probabilities (rows, classes), or numbers (rows, 1)
            as the loss takes them.
        interrupted: whether Ctrl-C ended training early.
        reached: the score that the shares were chosen by, and what it is with those of the smallest loss;
            None where they are these.
    """

    network: AnyNetwork
    parameters: Mapping[str, NDArray[Any]]
    groups: Sequence[EnsembleGroup]
    shares: Sequence[float]
    linear: NDArray[np.float64]
    blend: NDArray[np.float64]
    interrupted: bool
    reached: tuple[float, float] | None = None

    @property
    def alone(self) -> bool:
        """Whether one group counts without a blend, of which one network is to be trained on all rows."""
        return not isinstance(self.network, Ensemble)

    @property
    def counts(self) -> list[float]:
        """How much the members of each group count: the linear model's also for groups added to it."""
        return _counts(self.groups, self.shares)

    @property
    def temperature(self) -> float:
        """Of temperature scaling."""
        return self.network.temperature if isinstance(self.network, Ensemble) else 1.0


def blended_groups(
    rows: EncodedRows,
    target: Target,
    groups: Sequence[EnsembleGroup],
    interrupted: bool = False,
    score: Score | None = None,
) -> FittedEnsemble:
    """What groups predict together, with the shares that have the smallest loss on the held-out rows.

    Where a score of what is predicted of those rows is given, with the shares that have the highest score.
    """
    if target.task == "regression":  # as the blend will be
        groups = [replace(g, predictions=target.clipped(g.predictions)) for g in groups]
    held, classes = rows.folds.held_out, len(target.classes)
    y, weights = rows.y[held], rows.weights[held]
    predictions, metric = [g.predictions for g in groups], metric_of(groups[0].ensemble.loss)
    if rows.alone or len(groups) == 1:
        usual = best_alone(predictions, y, weights, metric)
        shares = usual if score is None else highest_alone(predictions, score)
        chosen = shares.index(1.0)
        group = groups[chosen]
        network, own = group.ensemble.networks[0], group.ensemble.of_member(0, group.parameters)
        blend, scaled = predictions[chosen], predictions
        fitted = FittedEnsemble(network, own, groups, shares, predictions[0], blend, interrupted)
        return _with_score(fitted, scaled, usual, score)
    usual = best_shares(predictions, y, weights, metric)
    temperature = best_temperature(predictions, usual, y, weights) if classes else 1.0
    scaled = [temperature_scaled(p, temperature) for p in predictions] if classes else predictions
    shares = usual if score is None else highest_shares(scaled, usual, score)
    ensemble, values = joined(groups, shares, temperature)
    blend = blended(scaled, shares)
    fitted = FittedEnsemble(ensemble, values, groups, shares, predictions[0], blend, interrupted)
    return _with_score(fitted, scaled, usual, score)


def _with_score(
    fitted: FittedEnsemble,
    predictions: Sequence[NDArray[np.float64]],
    usual: Sequence[float],
    score: Score | None,
) -> FittedEnsemble:
    """With the score of the blend beside that of the usual shares, where there is one."""
    if score is None:
        return fitted
    return replace(fitted, reached=(score(fitted.blend), score(blended(predictions, usual))))


def _counts(groups: Sequence[EnsembleGroup], shares: Sequence[float]) -> list[float]:
    """How much each group counts: the linear model, which is the first, also for those added to it."""
    added = sum(share for group, share in zip(groups, shares, strict=True) if is_added(group.name))
    return [shares[0] + added, *shares[1:]]


def joined(
    groups: Sequence[EnsembleGroup], shares: Sequence[float], temperature: float
) -> tuple[Ensemble, dict[str, NDArray[Any]]]:
    """The members of all groups that count, side by side."""
    members = [
        (g.ensemble.networks[i], count / len(g.ensemble.networks), g.ensemble.of_member(i, g.parameters))
        for g, count in zip(groups, _counts(groups, shares), strict=True)
        if count > 0
        for i in range(len(g.ensemble.networks))
    ]
    ensemble = Ensemble(
        [network for network, _, _ in members], tuple(count for _, count, _ in members), temperature
    )
    values = {
        ensemble.prefix(i) + name: value
        for i, (_, _, own) in enumerate(members)
        for name, value in own.items()
    }
    return ensemble, values
