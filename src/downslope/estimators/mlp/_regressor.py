"""``MLPRegressor``: scikit-learn's multi-layer perceptron for numbers, on Downslope's engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin, _fit_context
from sklearn.utils import column_or_1d
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import validate_data

from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError
from downslope.estimators._refusals import Interval
from downslope.estimators.mlp._base import BaseMLP, goes_on
from downslope.estimators.mlp._dataset import NamedRows, StreamedTable, measured_rows
from downslope.estimators.mlp._parameters import keep
from downslope.nets import Huber, Quantile
from downslope.training import Checkpoint, Schedule, r_squared

__all__ = ["MLPRegressor"]


@suggests_keywords
class MLPRegressor(RegressorMixin, BaseMLP):  # type: ignore[misc]
    """A network for numbers, with the parameters, attributes and warnings of ``sklearn.neural_network``'s.

    The same ``random_state`` draws the same starting weights, batches and validation rows as there.

    Args:
        loss: ``"squared_error"`` (half of it), ``"poisson"`` (half the deviance, of rates eᶻ), or, beyond
            scikit-learn, ``"absolute_error"``, ``"huber"`` or ``"quantile"``.
        hidden_layer_sizes: units of each hidden layer.
        activation: ``"identity"``, ``"logistic"``, ``"tanh"``, ``"relu"``, or, beyond scikit-learn,
            ``"leaky_relu"``, ``"elu"``, ``"selu"``, ``"gelu"``, ``"silu"``, ``"softplus"``, ``"mish"``; or
            one of them for each hidden layer.
        solver: ``"lbfgs"``, ``"sgd"`` or ``"adam"``.
        alpha: of the penalty ½ alpha Σw²/rows.
        batch_size: rows of a step; ``"auto"`` for min(200, rows).
        learning_rate: of ``"sgd"``: ``"constant"``, ``"invscaling"`` or ``"adaptive"``.
        learning_rate_init: the learning rate to begin with.
        power_t: of ``"invscaling"``.
        max_iter: the most epochs, or iterations of L-BFGS.
        shuffle: whether each epoch has an order of its own.
        random_state: fixes the starting weights, the orders, the validation rows and dropout.
        tol: what counts as progress of an epoch; for L-BFGS the largest element of the last gradient.
        verbose: whether each epoch is reported.
        warm_start: whether ``fit`` goes on from the last fit.
        momentum, nesterovs_momentum: of ``"sgd"``.
        early_stopping: whether held-out rows decide when to stop and which epoch to keep.
        validation_fraction: the share of the rows that is held out then.
        beta_1, beta_2, epsilon: of ``"adam"``.
        n_iter_no_change: epochs without progress before training stops.
        max_fun: the most looks of L-BFGS at the error.
        delta: of ``"huber"``: where the error turns from square to straight.
        quantile: of ``"quantile"``: the share of targets that lie below the prediction; or one share for
            each output.
        dropout: the share of values that each step drops behind a hidden layer; or one for each of them.
        clip_norm: the largest norm of all gradients together; larger ones are shrunk.
        clip_value: the largest size of an element of a gradient.
        schedule: such as ``ds.Cosine(0.01)``: the learning rates of all steps, instead of
            ``learning_rate`` and ``learning_rate_init``.
        monitor: scikit-learn's name of a metric, or a scorer, that early stopping watches; None for R².
        callbacks: called with the estimator after each epoch; one that returns True ends training.
        checkpoint: where a fit by ``"adam"`` or ``"sgd"`` is saved as it goes, a ``ds.Checkpoint``; of one
            fit, not of a search.
        n_jobs: the most threads, as joblib counts them; None lets the engine choose.
        precision: ``"float32"``, ``"float64"`` or ``"bfloat16"`` (bfloat16 products, float32 sums and
            weights); None keeps that of X. L-BFGS computes in float64.
        engine: ``"native"``, ``"torch"`` (the extra ``downslope[torch]``) or ``"reference"``; None takes what
            DOWNSLOPE_ENGINE says, or the native one.
        device: of torch, ``"cuda"`` or ``"cpu"``; None takes a GPU if there is one.

    Attributes:
        coefs_: the weights of each layer, (inputs, outputs).
        intercepts_: the biases of each layer, (outputs,).
        loss_, best_loss_: that of the last epoch, and the least of all; None with early stopping.
        loss_curve_: the loss of each epoch.
        validation_scores_, best_validation_score_: with early stopping; else None.
        n_iter_, t_: epochs of the last fit, and rows that all epochs have used.
        n_layers_, n_outputs_, out_activation_: the shape of the network.
        n_features_in_, feature_names_in_: of the X of ``fit``.

    >>> from downslope.estimators import MLPRegressor
    >>> X = [[i / 10] for i in range(-20, 21)]
    >>> y = [row[0] ** 2 for row in X]
    >>> model = MLPRegressor(hidden_layer_sizes=8, activation="tanh", solver="lbfgs", random_state=0)
    >>> model.fit(X, y).predict([[1.0]]).round(1), model.score(X, y) > 0.99
    (array([1.]), True)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseMLP._parameter_constraints,
        "loss": [StrOptions({"squared_error", "poisson", "absolute_error", "huber", "quantile"})],
        "delta": [Interval(Real, 0, None, closed="neither")],
        "quantile": [Interval(Real, 0, 1, closed="neither"), "array-like"],
    }

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str | Sequence[str] = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        delta: float = 1.0,
        quantile: float | Sequence[float] = 0.5,
        dropout: float | Sequence[float] = 0.0,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        schedule: Schedule | None = None,
        monitor: str | Callable[..., float] | None = None,
        callbacks: Callable[[Any], Any] | Sequence[Callable[[Any], Any]] | None = None,
        checkpoint: Checkpoint | None = None,
        n_jobs: int | None = None,
        precision: str | None = None,
        engine: str | None = None,
        device: str | None = None,
    ) -> None:
        keep(self, locals())

    delta: float
    quantile: Any

    def _network_loss(self) -> dict[str, Any]:
        if self.loss == "huber":
            return {"loss": Huber(self.delta)}
        if self.loss == "quantile":
            return {"loss": Quantile(self.quantile)}
        return {"loss": self.loss}

    def _validate_input(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Any, NDArray[Any]]:
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            multi_output=True,
            y_numeric=True,
            dtype=(np.float64, np.float32),
            reset=reset,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if self.loss == "poisson" and np.any(y < 0):
            raise DownslopeError(f"the loss poisson is for targets of at least 0; y has {y[y < 0][0]:g}")
        return X, y

    def _streamed(self, named: NamedRows, incremental: bool) -> tuple[StreamedTable, int]:
        return StreamedTable(named), len(named.targets)

    def predict(self, X: Any) -> NDArray[Any]:
        """What is predicted of rows, (n,) or (n, outputs).

        Args:
            X: array-like or sparse matrix, (n, features); or a dataset, as for ``fit``.
        """
        return self._targets(self._outputs(X))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R² of what is predicted, a mean over outputs.

        Args:
            X, y, sample_weight: as of ``fit``.
        """
        return float(super().score(*measured_rows(X, y, sample_weight)))

    def _targets(self, y: NDArray[Any]) -> NDArray[Any]:
        return y.ravel() if y.shape[1] == 1 else y

    def _score_of(self, predicted: NDArray[Any], y: NDArray[Any], weights: NDArray[Any] | None) -> float:
        """R², a mean over outputs; of a constant target it is 1 where all is right, else 0."""
        if not np.all(np.isfinite(predicted)):
            return float("nan")
        scores = r_squared(y, predicted, weights)
        return float(np.mean(np.where(np.isnan(scores), np.all(y == predicted, axis=0), scores)))

    @available_if(goes_on)  # type: ignore[untyped-decorator]
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """One epoch over the rows, from where the last one ended.

        Args:
            X: array-like or sparse matrix, (n, features).
            y: array-like, (n,) or (n, outputs).
            sample_weight: how much each row counts, (n,).
        """
        return self._fit(X, y, sample_weight, incremental=True)
