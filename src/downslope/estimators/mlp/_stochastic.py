"""The epochs of ``sgd`` and ``adam``: batches, what is noted of each epoch, and when to stop."""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring
from sklearn.model_selection import train_test_split

from downslope.estimators._threads import threads_of
from downslope.estimators.mlp._descent import Epochs, LearningRates
from downslope.estimators.mlp._network import Moments, Velocity, program
from downslope.estimators.mlp._parameters import called
from downslope.estimators.mlp._rows import Rows
from downslope.nets import Network
from downslope.training import Optimizer

if TYPE_CHECKING:
    from downslope.estimators.mlp._base import BaseMLP

__all__ = ["fit_stochastic"]


@dataclass(frozen=True)
class _Held:
    """Rows that only measure."""

    x: Any
    y: NDArray[Any]
    weights: NDArray[Any] | None


def fit_stochastic(
    estimator: BaseMLP,
    network: Network,
    X: Any,
    y: NDArray[Any],
    weights: NDArray[Any] | None,
    dtype: np.dtype[Any],
    incremental: bool,
) -> None:
    """Train from the arrays that the estimator has, one epoch or as many as it takes."""
    if estimator.early_stopping and incremental:
        raise ValueError("partial_fit does not support early_stopping=True")
    held = None
    if estimator.early_stopping:
        X, y, weights, held = _parted(estimator, X, y, weights)
    rows = Rows.of(X, y, weights, network.loss, dtype)
    batch = _batch_size(estimator, len(rows))
    if not incremental or not hasattr(estimator, "_optimizer"):
        total = estimator.max_iter * -(-len(rows) // batch)
        estimator._optimizer = _learning_rates(estimator, total)
    # the seed of dropout is drawn only where there is dropout: otherwise all draws are scikit-learn's
    dropped = any(type(layer).__name__ == "Dropout" for layer in network.layers)
    seed = int(estimator._random_state.randint(2**31)) if dropped else 0
    step = program(network, _rule(estimator), estimator.alpha, estimator.clip_norm, estimator.clip_value)
    values = estimator._parameters(dtype)
    for name, state in step.states.items():
        before = estimator._optimizer.states.get(name)
        values[name] = np.zeros(tuple(map(int, state.shape)), dtype) if before is None else before
    epochs = Epochs(
        step,
        rows,
        batch,
        values,
        bfloat16=estimator.precision == "bfloat16",
        threads=threads_of(estimator.n_jobs),
    )
    _Loop(estimator, network, epochs, held, seed).run(1 if incremental else estimator.max_iter, incremental)


def _parted(
    estimator: BaseMLP, X: Any, y: NDArray[Any], weights: NDArray[Any] | None
) -> tuple[Any, NDArray[Any], NDArray[Any] | None, _Held]:
    """The rows to train on and those to measure on; classes are spread over them alike."""
    stratify = y if is_classifier(estimator) and estimator.n_outputs_ == 1 else None
    arrays = (X, y) if weights is None else (X, y, weights)
    parts = train_test_split(
        *arrays,
        random_state=estimator._random_state,
        test_size=estimator.validation_fraction,
        stratify=stratify,
    )
    x_train, x_held, y_train, y_held, *rest = parts
    if x_held.shape[0] < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
        )
    w_train, w_held = rest if rest else (None, None)
    return x_train, y_train, w_train, _Held(x_held, y_held, w_held)


def _batch_size(estimator: BaseMLP, rows: int) -> int:
    if isinstance(estimator.batch_size, str):
        return min(200, rows)
    if estimator.batch_size > rows:
        warnings.warn(
            "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped", stacklevel=2
        )
    return int(np.clip(estimator.batch_size, 1, rows))


def _rule(estimator: BaseMLP) -> Optimizer:
    if estimator.solver == "sgd":
        return Velocity(float(estimator.momentum), bool(estimator.nesterovs_momentum))
    return Moments(float(estimator.beta_1), float(estimator.beta_2), float(estimator.epsilon))


def _learning_rates(estimator: BaseMLP, total: int) -> LearningRates:
    adam = estimator.solver == "adam"
    policy = "constant" if adam else estimator.learning_rate
    return LearningRates(
        estimator.learning_rate_init,
        policy if estimator.schedule is None else estimator.schedule,
        total,
        estimator.power_t,
        (float(estimator.beta_1), float(estimator.beta_2)) if adam else None,
    )


class _Loop:
    """One fit: what stays the same from epoch to epoch; what changes is in the estimator."""

    def __init__(
        self, estimator: BaseMLP, network: Network, epochs: Epochs, held: _Held | None, seed: int
    ) -> None:
        self.estimator, self.network = estimator, network
        self.epochs, self.held, self.seed = epochs, held, seed
        self._callbacks = called(estimator.callbacks)
        monitor = estimator.monitor
        self._scorer = None if monitor is None else check_scoring(estimator, scoring=monitor)

    def run(self, most: int, incremental: bool) -> None:
        """At most so many epochs."""
        e = self.estimator
        e.n_iter_ = 0
        try:
            self._run(most, incremental)
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=2)
        values = self.epochs.values()
        e._take(values)
        e._optimizer.states = {name: values[name] for name in self.epochs.states}
        if self.held is not None:
            e.coefs_, e.intercepts_ = e._best_coefs, e._best_intercepts

    def _run(self, most: int, incremental: bool) -> None:
        e, rates, rows = self.estimator, self.estimator._optimizer, len(self.epochs.rows)
        order = np.arange(rows)
        one_batch = self.epochs.steps == 1
        for _ in range(most):
            if e.shuffle:
                turned = np.arange(rows)
                e._random_state.shuffle(turned)
                order = order[turned]
            first = rates.steps + 1
            now = rates.rates(self.epochs.steps)
            # a batch of all rows is the same in any order
            in_order = None if one_batch or not e.shuffle else order
            e.loss_ = self.epochs.run(in_order, now, first, self.seed)
            e.n_iter_ += 1
            e.t_ += rows
            e.loss_curve_.append(e.loss_)
            if e.verbose:
                print(f"Iteration {e.n_iter_}, loss = {e.loss_:.8f}")
            self._note_progress()
            rates.epoch_ended(e.t_)
            if self._stops() or incremental:
                return
        warnings.warn(
            f"Stochastic Optimizer: Maximum iterations ({e.max_iter}) reached and the optimization "
            "hasn't converged yet.",
            ConvergenceWarning,
            stacklevel=2,
        )

    def _note_progress(self) -> None:
        """Count the epochs that brought less than ``tol``, and keep the best by the score of held rows."""
        e = self.estimator
        if self.held is None:
            assert e.best_loss_ is not None
            poor = e.loss_ > e.best_loss_ - e.tol
            e._no_improvement_count = e._no_improvement_count + 1 if poor else 0
            if e.loss_ < e.best_loss_:
                e.best_loss_ = e.loss_
            return
        assert e.validation_scores_ is not None
        assert e.best_validation_score_ is not None
        score = self._score(self.held)
        e.validation_scores_.append(score)
        if e.verbose:
            print(f"Validation score: {score:f}")
        poor = score < e.best_validation_score_ + e.tol
        e._no_improvement_count = e._no_improvement_count + 1 if poor else 0
        if score > e.best_validation_score_:
            e.best_validation_score_ = score
            e._keep_best()

    def _score(self, held: _Held) -> float:
        """The score of the held rows after this epoch, whose parameters the estimator gets."""
        e, values = self.estimator, self.epochs.values()
        e._take(values)
        if self._scorer is None:
            return e._score_of(e._outputs_of(held.x, self.network, values), held.y, held.weights)
        nameless = copy.copy(e)  # held rows have lost the names of their columns
        if hasattr(nameless, "feature_names_in_"):
            del nameless.feature_names_in_
        weighted = {} if held.weights is None else {"sample_weight": held.weights}
        return float(self._scorer(nameless, held.x, e._targets(held.y), **weighted))

    def _stops(self) -> bool:
        e = self.estimator
        if self._callbacks:
            e._take(self.epochs.values())
            told = [callback(e) for callback in self._callbacks]
            if any(told):
                return True
        if e._no_improvement_count <= e.n_iter_no_change:
            return False
        what = "Training loss" if self.held is None else "Validation score"
        end = e._optimizer.ends()
        after = f" Setting learning rate to {e._optimizer.learning_rate:f}" if end is None else end
        if e.verbose:
            print(
                f"{what} did not improve more than tol={e.tol:f} for {e.n_iter_no_change} consecutive "
                f"epochs.{after}"
            )
        if end is None:
            e._no_improvement_count = 0
        return end is not None
