"""The arguments of ``descend`` that train the network of an estimator."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.estimators.mlp._fit import MLPSettings
from downslope.estimators.mlp._rates import RatePolicy
from downslope.estimators.mlp._rows import dense
from downslope.nets import Network
from downslope.training import Adam, Scaled, Sgd

__all__ = ["Stopping", "descent_arguments"]


@dataclass(frozen=True)
class Stopping:
    """When a fit ends, and what it holds out for that.

    Attributes:
        epochs: the most, or iterations of L-BFGS.
        share: of the rows that was held out; None without early stopping.
        patience: epochs without a better score of them.
    """

    epochs: int
    share: float | None
    patience: int | None


def descent_arguments(
    settings: MLPSettings, network: Network, x: Any, y: NDArray[Any], stopping: Stopping
) -> dict[str, Any]:
    """All arguments of ``descend`` for the same descent: in the error that it has, by the same rule.

    scikit-learn halves the squared error and adds it up over outputs; the learning rate and the penalty are
    in that measure. L2 is divided by the rows of a batch there.
    """
    rows, outputs = x.shape[0], y.shape[1]
    targets = np.argmax(y, axis=1) if network.loss == "cross_entropy" else y
    times = 1.0 if network.loss == "cross_entropy" else float(outputs)
    times *= 0.5 if network.loss == "squared_error" else 1.0
    whole = settings.solver == "lbfgs"
    batch = min(200, rows) if isinstance(settings.batch_size, str) else min(int(settings.batch_size), rows)
    penalty = float(settings.alpha) / ((rows if whole else batch) * times)
    found: dict[str, Any] = {
        "network": replace(network, l2=penalty),
        "x": dense(x, np.dtype(np.float32) if x.dtype == np.float32 else np.dtype(np.float64)),
        "y": targets,
        "validation": None if whole else stopping.share,
        "patience": None if whole or stopping.share is None else stopping.patience,
    }
    if whole:
        return found | {"optimizer": "lbfgs", "steps": stopping.epochs}
    return found | {
        "optimizer": _rule(settings),
        "learning_rate": _rate(settings, times, rows, batch),
        "epochs": stopping.epochs,
        "batch_size": batch,
        "clip_norm": settings.clip_norm,
        "clip_value": settings.clip_value,
        "precision": settings.precision,
        "engine": settings.engine,
        "device": settings.device,
    }


def _rule(settings: MLPSettings) -> Any:
    if settings.solver == "adam":
        return Adam(settings.beta_1, settings.beta_2, settings.epsilon)
    return Sgd(settings.momentum, settings.nesterovs_momentum and settings.momentum > 0)


def _rate(settings: MLPSettings, times: float, rows: int, batch: int) -> Any:
    """The learning rate: Adam's does not depend on the measure of the error."""
    initial = float(settings.learning_rate_init)
    if settings.solver == "adam":
        return settings.schedule or initial
    if settings.schedule is not None:
        return Scaled(settings.schedule, times)
    if settings.learning_rate != "invscaling":
        return initial * times
    policy = RatePolicy(initial, settings.learning_rate, power=settings.power_t)
    return Scaled(_ByEpoch(policy, rows, batch), times)


@dataclass(frozen=True)
class _ByEpoch:
    """A rate that falls with the rows that all epochs before have used."""

    policy: RatePolicy
    rows: int
    batch: int

    def rate(self, step: int, steps: int) -> float:
        epochs = (step - 1) * self.batch // self.rows
        initial = self.policy.initial
        return self.policy.after_epoch(initial, epochs * self.rows) if epochs else initial
