"""What the solvers take and give back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.estimators.mlp._rates import RatePolicy
from downslope.training import Schedule

__all__ = ["Fit", "MLPSettings", "OptimizerState"]

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class MLPSettings:
    """The parameters of an estimator that its solver looks at, under their names there."""

    solver: str
    alpha: float
    batch_size: int | str
    learning_rate: str
    learning_rate_init: float
    power_t: float
    max_iter: int
    shuffle: bool
    tol: float
    verbose: bool | int
    momentum: float
    nesterovs_momentum: bool
    beta_1: float
    beta_2: float
    epsilon: float
    n_iter_no_change: float
    max_fun: int
    dropout: Any
    clip_norm: float | None
    clip_value: float | None
    schedule: Schedule | None
    n_jobs: int | None
    precision: str | None
    engine: str | None
    device: str | None

    @classmethod
    def of(cls, estimator: Any) -> Self:
        """Those of an estimator; NumPy's numbers as Python's, which do not round what they meet."""
        given = {each.name: getattr(estimator, each.name) for each in fields(cls)}
        return cls(**{n: v.item() if isinstance(v, np.generic) else v for n, v in given.items()})


@dataclass(frozen=True, eq=False)
class OptimizerState:
    """What the stochastic solvers remember between two calls of ``partial_fit``.

    Attributes:
        policy: of the learning rates.
        learning_rate: that of the last step, or of the next epoch where epochs decide.
        steps: those taken so far.
        arrays: the optimizer's arrays by name.
    """

    policy: RatePolicy
    learning_rate: float
    steps: int = 0
    arrays: Arrays = field(default_factory=dict, repr=False)


@dataclass(frozen=True, eq=False)
class Fit:
    """Where a fit stands: what a solver goes on from, and what it gives back.

    Attributes:
        values: the parameters of the network by name.
        optimizer: of the stochastic solvers.
        epochs: those of this fit, or iterations of L-BFGS.
        rows_seen: how many rows all epochs of all fits have used.
        loss: that of the last epoch.
        loss_curve: the loss of each epoch.
        best_loss: the least of them; None where validation rows decide.
        scores: of the validation rows after each epoch; None without them.
        best_score, best: the highest of them, and its parameters.
        without_progress: epochs in a row that brought less than ``tol``.
        failure: what is not finite and where; empty where all is finite.
    """

    values: Arrays
    optimizer: OptimizerState | None = None
    epochs: int = 0
    rows_seen: int = 0
    loss: float = float("nan")
    loss_curve: tuple[float, ...] = ()
    best_loss: float | None = None
    scores: tuple[float, ...] | None = None
    best_score: float | None = None
    best: Arrays = field(default_factory=dict)
    without_progress: int = 0
    failure: str = ""
