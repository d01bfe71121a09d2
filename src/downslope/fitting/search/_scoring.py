"""What settings are compared by: a score by its name, or a function of targets and predictions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.fitting._decision import said_for
from downslope.fitting._steering import function_score
from downslope.fitting.ensemble import FitSettings
from downslope.fitting.evaluation import (
    METRICS,
    LabelledRows,
    Statistic,
    metric_of,
    metric_title,
    statistics_of,
)
from downslope.tables import Target

__all__ = ["Scoring", "scoring_of"]


@dataclass(frozen=True)
class Scoring:
    """A score.

    Attributes:
        metric: its full name, or a function, of which more is better.
    """

    metric: str | Callable[..., Any]

    @property
    def name(self) -> str:
        """By which it is recorded."""
        return self.metric if isinstance(self.metric, str) else metric_title(self.metric)

    @property
    def more_is_better(self) -> bool:
        """Whether more of it is better."""
        return not isinstance(self.metric, str) or METRICS[self.metric].more_is_better

    def statistic(self, rows: LabelledRows, target: Target, outputs: NDArray[np.float64]) -> Statistic:
        """The score of outputs, probabilities (rows, classes) or numbers (rows,), of rows."""
        if not isinstance(self.metric, str):
            return Statistic(function_score(self.metric, target, rows.true, outputs))
        return statistics_of(rows, target, outputs)[self.metric]

    def of_blend(self, rows: LabelledRows, target: Target, outputs: NDArray[np.float64]) -> Statistic:
        """That of outputs of which ``fit`` would choose the class that is said."""
        if isinstance(self.metric, str) and target.classes:
            target = replace(target, decision=said_for(self.metric, outputs, rows.weights))
        return self.statistic(rows, target, outputs)

    def loss(self, statistic: Statistic) -> Statistic:
        """The smaller, the better: the score, or what is missing of 0 where more of it is better."""
        return Statistic(0.0, np.zeros(())) - statistic if self.more_is_better else statistic

    def shown(self, loss: float) -> float:
        """The score of such a loss."""
        return 0.0 - loss if self.more_is_better and np.isfinite(loss) else loss

    def gain(self, usual: Statistic, found: Statistic) -> Statistic:
        """By how much what is found is better."""
        return self.loss(usual) - self.loss(found)


def scoring_of(settings: FitSettings, target: Target) -> Scoring:
    """What was asked for, or the loss that networks are trained by."""
    if settings.metric is not None:
        return Scoring(settings.metric)
    return Scoring("log_loss" if target.classes else metric_of(settings.loss_of_numbers))
