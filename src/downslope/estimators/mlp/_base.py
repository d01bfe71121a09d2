"""What the multi-layer perceptrons have in common: fitting, going on, and what the network says of rows."""

from __future__ import annotations

import copy
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, _fit_context, is_classifier
from sklearn.metrics import check_scoring
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from downslope._checks import NOT_NEGATIVE, called, number, refuse_lost, whole
from downslope._files import SavedFile
from downslope.engines import computed_by
from downslope.errors import DownslopeError
from downslope.estimators._plain import are_few_plain_rows
from downslope.estimators._refusals import (
    check_parameters,
    in_scikit_learns_words,
    plain_weights,
    refuse_no_array,
)
from downslope.estimators._saving import from_plain, restored, save_estimator, to_plain
from downslope.estimators._threads import threads_of
from downslope.estimators.mlp._dataset import (
    NamedRows,
    StreamedTable,
    blocks_of,
    dataset_of,
    named_rows,
)
from downslope.estimators.mlp._descent import Stopping, descent_arguments
from downslope.estimators.mlp._fit import Fit, MLPSettings, OptimizerState
from downslope.estimators.mlp._lbfgs import fit_lbfgs
from downslope.estimators.mlp._network import OUTPUTS, network_of
from downslope.estimators.mlp._parameters import (
    CONSTRAINTS,
    activations,
    dropout_rates,
    dtype_for,
    functions,
    widths,
)
from downslope.estimators.mlp._predictor import keep_predictor, kept_predictor
from downslope.estimators.mlp._rows import DENSE_BYTES, MLPArrays, MLPValidationRows, dense
from downslope.estimators.mlp._stochastic import Hooks, fit_stochastic
from downslope.fitting import Model, from_sklearn
from downslope.nets import Network, TrainedNetwork, checked_parameters
from downslope.training import Schedule, forward

__all__ = ["BaseMLP", "goes_on"]

_KEPT = (
    "n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_", "loss_", "loss_curve_", "best_loss_",
    "validation_scores_", "best_validation_score_", "classes_",
)  # fmt: skip
"""The fitted attributes that a file keeps."""

Arrays = Mapping[str, NDArray[Any]]


class BaseMLP(BaseEstimator, ABC):  # type: ignore[misc]
    """What both estimators share: everything but the targets and the losses."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    hidden_layer_sizes: Any
    activation: str | Sequence[str]
    solver: str
    alpha: float
    batch_size: int | str
    learning_rate: str
    learning_rate_init: float
    power_t: float
    max_iter: int
    loss: str
    shuffle: bool
    random_state: Any
    tol: float
    verbose: bool | int
    warm_start: bool
    momentum: float
    nesterovs_momentum: bool
    early_stopping: bool
    validation_fraction: float
    beta_1: float
    beta_2: float
    epsilon: float
    n_iter_no_change: float
    max_fun: int
    dropout: Any
    clip_norm: float | None
    clip_value: float | None
    schedule: Schedule | None
    monitor: Any
    callbacks: Any
    checkpoint: Any
    n_jobs: int | None
    precision: str | None
    engine: str | None
    device: str | None

    coefs_: list[NDArray[Any]]
    intercepts_: list[NDArray[Any]]
    loss_: float
    loss_curve_: list[float]
    best_loss_: float | None
    validation_scores_: list[float] | None
    best_validation_score_: float | None
    n_iter_: int
    n_layers_: int
    n_outputs_: int
    n_features_in_: int
    out_activation_: str
    t_: int
    _optimizer: OptimizerState
    _no_improvement_count: int
    _best_coefs: list[NDArray[Any]]
    _best_intercepts: list[NDArray[Any]]
    _random_state: np.random.RandomState

    # what the kinds of targets differ in

    @abstractmethod
    def _validate_input(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Any, NDArray[Any]]:
        """X and y as scikit-learn's estimators take them; y as numbers, (n,) or (n, outputs)."""

    @abstractmethod
    def _streamed(self, named: NamedRows, incremental: bool) -> tuple[StreamedTable, int]:
        """The rows of a dataset with targets as numbers, and how many outputs there are."""

    @abstractmethod
    def _network_loss(self) -> dict[str, Any]:
        """The loss of the network and its settings, by the names that ``Network`` has for them."""

    @abstractmethod
    def _score_of(self, predicted: NDArray[Any], y: NDArray[Any], weights: NDArray[Any] | None) -> float:
        """The score of what the network says of some rows, by their targets as numbers."""

    @abstractmethod
    def _targets(self, y: NDArray[Any]) -> NDArray[Any]:
        """Targets as the user has them, from numbers."""

    def _weights(self, y: Any, sample_weight: NDArray[Any] | None) -> NDArray[Any] | None:
        """The weights of the rows, those of their classes in them."""
        return sample_weight

    # fitting

    def _validate_params(self) -> None:
        check_parameters(self)

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the network to rows and their targets.

        Args:
            X: array-like or sparse matrix, (n, features); or a ``ds.Dataset`` of numbers, a folder or a
                pattern, whose rows need not fit into memory.
            y: array-like, (n,) or (n, outputs); of a dataset the name of its column, or of several.
            sample_weight: how much each row counts, (n,); of a dataset the name of its column.

        Raises:
            ValueError: as scikit-learn's estimators do, if an array does not serve.
        """
        return self._fit(X, y, sample_weight, incremental=False)

    def _fit(self, X: Any, y: Any, sample_weight: Any, *, incremental: bool) -> Self:
        first = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
        dataset = dataset_of(X)
        if dataset is not None:
            named = named_rows(dataset, y, sample_weight)
            if not dataset.fits:
                self._random_state = check_random_state(self.random_state)
                with in_scikit_learns_words():
                    validate_data(self, X=named.names, skip_check_array=True, reset=first)
                    table, outputs = self._streamed(named, incremental)
                return self._fitted(table, outputs, named.dtype, first=first, incremental=incremental)
            X, y, sample_weight = named.whole()
        labels = y
        refuse_lost("X", X)
        refuse_lost("y", y, dates=is_classifier(self))
        sample_weight = plain_weights(sample_weight)
        refuse_no_array("X", X)
        refuse_no_array("y", y)
        with in_scikit_learns_words():
            X, y = self._validate_input(X, y, incremental, reset=first)
            if sample_weight is not None:
                sample_weight = _check_sample_weight(sample_weight, X)
            sample_weight = self._weights(labels, sample_weight)
            self._random_state = check_random_state(self.random_state)
        with np.errstate(over="ignore"):
            if sample_weight is not None and not np.isfinite(sample_weight.sum()):
                raise DownslopeError("sample_weight adds up to infinity; divide it by a constant")
        y = y.reshape(-1, 1) if y.ndim == 1 else y
        rows = MLPArrays(X, y, sample_weight, stratify=is_classifier(self) and y.shape[1] == 1)
        return self._fitted(rows, y.shape[1], X.dtype, first=first, incremental=incremental)

    def _fitted(
        self,
        rows: MLPArrays | StreamedTable,
        outputs: int,
        given: np.dtype[Any],
        *,
        first: bool,
        incremental: bool,
    ) -> Self:
        """Fit to rows whose targets are numbers; ``given`` is what they come in."""
        hidden = widths(self.hidden_layer_sizes)
        named = activations(self.activation, len(hidden))
        dropout = dropout_rates(self.dropout, len(hidden))
        self.n_outputs_ = outputs
        dtype = dtype_for(given if first else np.result_type(*self.coefs_), self.precision)
        units = [self.n_features_in_, *hidden, outputs]
        if first:
            self._initialize(units, named, dtype)
        elif units != self._units():
            raise DownslopeError(
                f"training goes on with the layers it began with, {self._units()}; X, hidden_layer_sizes and "
                f"y now ask for {units}. Leave warm_start out, or fit a clone"
            )
        network = network_of(units[0], hidden, named, dropout, outputs, **self._network_loss())
        with computed_by(self.engine, self.device):
            found = self._train(network, rows, dtype, incremental=incremental)
        if not all(np.isfinite(w).all() for w in (*self.coefs_, *self.intercepts_)):
            raise DownslopeError(
                "Solver produced non-finite parameter weights. The input data may contain large values and"
                f" need to be preprocessed. {found.failure}".rstrip()
            )
        return self

    def _train(
        self,
        network: Network,
        given: MLPArrays | StreamedTable,
        dtype: np.dtype[Any],
        *,
        incremental: bool,
    ) -> Fit:
        """Run the solver from where the estimator stands, and keep what it found."""
        settings, callbacks = MLPSettings.of(self), functions(self.callbacks)
        after_epoch = (lambda fit: self._stops(fit, callbacks)) if callbacks else None
        random = self._random_state
        if self.monitor is not None and (not self.early_stopping or self.solver == "lbfgs"):
            raise DownslopeError(
                "monitor is the metric that early stopping watches; give early_stopping=True and a solver "
                "with epochs, or leave monitor out"
            )
        if self.checkpoint is not None and (incremental or self.solver == "lbfgs"):
            raise DownslopeError(
                "checkpoint needs fit by solver 'adam' or 'sgd': SciPy's L-BFGS does not say what it "
                "remembers, and partial_fit is over after an epoch; leave checkpoint out, or take ds.descend"
            )
        if self.early_stopping and incremental:
            raise DownslopeError("partial_fit does not support early_stopping=True")
        relative = getattr(self, "class_weight", None) is not None
        if self.solver == "lbfgs":
            if isinstance(given, StreamedTable):
                raise DownslopeError(
                    "solver='lbfgs' takes all rows at each step, and the dataset is larger than its memory; "
                    "take 'adam' or 'sgd', or give ds.Dataset more memory"
                )
            every = given.rows(network, np.dtype(np.float64), relative=relative, known=not incremental)
            found = fit_lbfgs(settings, network, every, Fit(self._parameters(every.dtype)), after_epoch)
            found = replace(found, values={name: v.astype(dtype) for name, v in found.values.items()})
            self._keep(found)
            return found
        fraction = self.validation_fraction if self.early_stopping else None
        known = not incremental  # which knows nothing of later rows
        rows, validation = given.parts(network, dtype, fraction, random, relative=relative, known=known)
        score = None if validation is None else self._scorer(network, validation)
        found = fit_stochastic(
            *(settings, network, rows, self._standing(dtype, goes_on=incremental), random),
            Hooks(score, after_epoch),
            one_epoch=incremental,
            checkpoint=self.checkpoint,
        )
        self._keep(found)
        if score is not None:
            self.coefs_, self.intercepts_ = self._best_coefs, self._best_intercepts
        return found

    def _standing(self, dtype: np.dtype[Any], *, goes_on: bool) -> Fit:
        """Where the estimator stands before a fit; the optimizer begins anew unless it goes on.

        A warm start can come from another solver, or from a fit without early stopping, which left no record.
        """
        watched = self.early_stopping
        best = getattr(self, "best_validation_score_", None)
        least = getattr(self, "best_loss_", None)
        values = self._parameters(dtype)
        has_best = watched and hasattr(self, "_best_coefs")
        return Fit(
            values,
            self._optimizer if goes_on and hasattr(self, "_optimizer") else None,
            rows_seen=self.t_,
            loss_curve=tuple(getattr(self, "loss_curve_", ())),
            best_loss=None if watched else np.inf if least is None else least,
            scores=tuple(getattr(self, "validation_scores_", None) or ()) if watched else None,
            best_score=(-np.inf if best is None else best) if watched else None,
            best=self._named(self._best_coefs, self._best_intercepts, dtype) if has_best else values,
            without_progress=getattr(self, "_no_improvement_count", 0),
        )

    def _keep(self, fit: Fit) -> None:
        """Make the attributes say where a fit stands."""
        self.coefs_, self.intercepts_ = self._arrays(fit.values)
        self.n_iter_, self.loss_ = fit.epochs, fit.loss
        if fit.optimizer is None:
            return
        self.t_, self.loss_curve_, self.best_loss_ = fit.rows_seen, list(fit.loss_curve), fit.best_loss
        self._optimizer, self._no_improvement_count = fit.optimizer, fit.without_progress
        self.validation_scores_ = None if fit.scores is None else list(fit.scores)
        self.best_validation_score_ = fit.best_score
        if fit.scores is not None:
            self._best_coefs, self._best_intercepts = self._arrays(fit.best)

    def _stops(self, fit: Fit, callbacks: Sequence[Callable[[Any], Any]]) -> bool:
        """Call the callbacks after an epoch; whether one of them wants to stop."""
        self._keep(fit)
        answers = [callback(self) for callback in callbacks]
        return any(answers)

    def _scorer(self, network: Network, rows: MLPValidationRows) -> Callable[[Fit], float]:
        """What gives the score of the validation rows where a fit stands."""
        if self.monitor is None:
            return lambda fit: self._score_of(
                self._outputs_of(rows.x, network, fit.values), rows.y, rows.weights
            )
        if callable(self.monitor):
            called("monitor", self.monitor, "with the estimator, x and y after each epoch")
        with in_scikit_learns_words("monitor: "):
            scorer = check_scoring(self, scoring=self.monitor)
        weighted = {} if rows.weights is None else {"sample_weight": rows.weights}

        def score(fit: Fit) -> float:
            self._keep(fit)
            nameless = copy.copy(self)  # the rows have lost the names of their columns
            if hasattr(nameless, "feature_names_in_"):
                del nameless.feature_names_in_
            return number("what monitor returns", scorer(nameless, rows.x, self._targets(rows.y), **weighted))

        return score

    def _initialize(self, units: Sequence[int], activations: Sequence[str], dtype: np.dtype[Any]) -> None:
        """Everything a first fit starts from; the numbers are drawn as scikit-learn draws them."""
        self.n_iter_ = 0
        self.t_ = 0
        self.n_layers_ = len(units)
        self.out_activation_ = OUTPUTS.get(self._network_loss()["loss"], "identity")
        self.coefs_, self.intercepts_ = [], []
        last = activations[-1] if activations else str(self.activation)
        for (fan_in, fan_out), activation in zip(pairwise(units), [*activations, last], strict=True):
            bound = np.sqrt((2.0 if activation == "logistic" else 6.0) / (fan_in + fan_out))
            weight = self._random_state.uniform(-bound, bound, (fan_in, fan_out))
            bias = self._random_state.uniform(-bound, bound, fan_out)
            self.coefs_.append(weight.astype(dtype, copy=False))
            self.intercepts_.append(bias.astype(dtype, copy=False))
        self._best_coefs, self._best_intercepts = list(self.coefs_), list(self.intercepts_)
        if self.solver == "lbfgs":
            return
        self.loss_curve_ = []
        self._no_improvement_count = 0
        watched = self.early_stopping
        self.validation_scores_ = [] if watched else None
        self.best_validation_score_ = -np.inf if watched else None
        self.best_loss_ = None if watched else np.inf

    def descent_arguments(self, X: Any, y: Any) -> dict[str, Any]:
        """All arguments of ``descend`` that train this network on these rows as the fitted estimator did.

        The error, the penalty, the rule and the most epochs are those of the fit, in the measure that
        ``descend`` has; ``tol`` ends nothing, and starting values and batches are drawn anew. ``ds.doctor``
        examines this descent.

        Args:
            X: array-like or sparse matrix, (n, features).
            y: array-like, (n,) or (n, outputs).

        Raises:
            ValueError: as scikit-learn's estimators do, if an array does not serve or nothing was fitted.

        >>> from downslope import MLPRegressor, descend
        >>> rows, targets = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
        >>> fitted = MLPRegressor(hidden_layer_sizes=(8,), solver="lbfgs", max_iter=50).fit(rows, targets)
        >>> run = descend(**fitted.descent_arguments(rows, targets))
        >>> run.settings["optimizer"], run.settings["steps"]
        ('lbfgs', 50)
        """
        check_is_fitted(self)
        with in_scikit_learns_words():
            X, y = self._validate_input(X, y, False, reset=False)
        y = y.reshape(-1, 1) if y.ndim == 1 else y
        hidden = widths(self.hidden_layer_sizes)
        named, dropout = activations(self.activation, len(hidden)), dropout_rates(self.dropout, len(hidden))
        network = network_of(X.shape[1], hidden, named, dropout, y.shape[1], **self._network_loss())
        watched = self.early_stopping
        stopping = Stopping(
            int(self.max_iter),
            float(self.validation_fraction) if watched else None,
            int(self.n_iter_no_change) if watched and np.isfinite(self.n_iter_no_change) else None,
        )
        return descent_arguments(MLPSettings.of(self), network, X, y, stopping)

    # between the arrays of scikit-learn, (inputs, outputs), and the parameters of the network

    def _units(self) -> list[int]:
        """The width of the inputs and of each layer, as the arrays have them.

        Raises:
            ValueError: if the arrays do not fit one another, because someone has changed them.
        """
        shapes = [np.shape(w) for w in self.coefs_]
        units = [self.n_features_in_, *(shape[-1] for shape in shapes)]
        biases = [np.shape(b) for b in self.intercepts_]
        if shapes != list(pairwise(units)) or biases != [(width,) for width in units[1:]]:
            raise DownslopeError(
                f"coefs_ of the shapes {shapes} and intercepts_ of the shapes {biases} make no network of "
                f"{self.n_features_in_} inputs"
            )
        return units

    def _parameters(self, dtype: np.dtype[Any]) -> dict[str, NDArray[Any]]:
        """The parameters of the network by name."""
        return self._named(self.coefs_, self.intercepts_, dtype)

    @staticmethod
    def _named(
        coefs: Sequence[NDArray[Any]], intercepts: Sequence[NDArray[Any]], dtype: np.dtype[Any]
    ) -> dict[str, NDArray[Any]]:
        found = {}
        for layer, (w, b) in enumerate(zip(coefs, intercepts, strict=True), 1):
            found[f"layer{layer}.weight"] = np.ascontiguousarray(np.asarray(w).T, dtype)
            found[f"layer{layer}.bias"] = np.array(b, dtype)
        return found

    def _arrays(self, values: Arrays) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
        """``coefs_`` and ``intercepts_`` of the parameters of the network."""
        layers = range(1, self.n_layers_)
        coefs = [np.ascontiguousarray(values[f"layer{i}.weight"].T) for i in layers]
        return coefs, [values[f"layer{i}.bias"].copy() for i in layers]

    # files

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted estimator to one file, whole or not at all; ``ds.load`` reads it.

        It holds the weights, the parameters, the classes and the curve of the loss, as data and no code.
        Where training goes on after it, the optimizer begins anew.

        Args:
            path: where; a file that is there is replaced. ``.downslope`` is the usual ending.

        Raises:
            DownslopeError: if a parameter is code or another object that no file holds, or it cannot be
                written there.
        """
        check_is_fitted(self)
        fitted = {name: to_plain(name, getattr(self, name)) for name in _KEPT if hasattr(self, name)}
        save_estimator(self, path, {"fitted": fitted}, self._parameters(np.result_type(*self.coefs_)))

    def _restore(self, file: SavedFile) -> None:
        """Make it what was saved."""
        with file.reading():
            found = {str(name): from_plain(value) for name, value in dict(file.section("fitted")).items()}
            if set(found) - set(_KEPT) or not {"n_layers_", "n_outputs_", "out_activation_"} <= set(found):
                raise DownslopeError("it holds other values than those of a fit")
            restored(self, found)
            for name in ("n_layers_", "n_outputs_", "n_iter_", "t_"):
                setattr(self, name, whole(name, getattr(self, name), NOT_NEGATIVE))
            self.coefs_, self.intercepts_ = self._arrays(file.arrays)
            if self._units()[-1] != self.n_outputs_:
                raise DownslopeError("the last layer has another width than the outputs")
            self._restore_classes()
            checked_parameters(self._network(), file.arrays)
        self._best_coefs, self._best_intercepts = list(self.coefs_), list(self.intercepts_)

    def _restore_classes(self) -> None:
        """Make the classes what they were; a regressor has none."""

    def _as_model(self) -> Model | TrainedNetwork:
        """The estimator as a model of a table."""
        return from_sklearn(self)

    # prediction

    def _network(self) -> Network:
        """The network that predicts, of the shape of the fitted arrays."""
        inputs, *hidden, outputs = self._units()
        named = activations(self.activation, len(hidden))
        still = (0.0,) * len(hidden)
        return network_of(inputs, tuple(hidden), named, still, outputs, **self._network_loss())

    def _outputs(self, X: Any) -> NDArray[Any]:
        """What the network says of rows, (n, outputs): numbers, rates or probabilities."""
        if are_few_plain_rows(self, X) and hasattr(self, "coefs_"):
            return self._outputs_of_few(X)
        check_is_fitted(self)
        dataset = dataset_of(X)
        if dataset is not None:
            blocks = blocks_of(dataset, getattr(self, "feature_names_in_", None))
            return np.concatenate([self._outputs(block) for block in blocks])
        refuse_lost("X", X)
        refuse_no_array("X", X)
        with in_scikit_learns_words():
            X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        return self._outputs_of(X, self._network(), self._parameters(self._dtype_for(X)))

    def _dtype_for(self, X: Any) -> np.dtype[Any]:
        dtype = np.result_type(X.dtype, *self.coefs_)
        return dtype if dtype == np.float32 else np.dtype(np.float64)

    def _outputs_of_few(self, X: NDArray[Any]) -> NDArray[Any]:
        """As ``_outputs``, of a few rows of finite numbers: to set the parameters takes longer than they."""
        network, dtype = self._network(), self._dtype_for(X)
        arrays = [np.asarray(array) for array in (*self.coefs_, *self.intercepts_)]
        predictor = kept_predictor(self, network, dtype, arrays)
        if predictor is None:
            predictor = keep_predictor(self, network, arrays, self._parameters(dtype))
        return predictor(dense(X, dtype), threads_of(self.n_jobs))

    def _outputs_of(self, X: Any, network: Network, values: Arrays) -> NDArray[Any]:
        dtype, threads = values["layer1.bias"].dtype, threads_of(self.n_jobs)
        if not issparse(X):
            return forward(network, values, dense(X, dtype), threads)
        X = X.tocsr()
        many = max(1, DENSE_BYTES // (X.shape[1] * dtype.itemsize))
        parts = [dense(X[i : i + many], dtype) for i in range(0, X.shape[0], many)]
        return np.concatenate([forward(network, values, part, threads) for part in parts])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def goes_on(estimator: BaseMLP) -> bool:
    """Whether an estimator has ``partial_fit``.

    Raises:
        AttributeError: if its solver takes all rows at once.
    """
    if estimator.solver == "lbfgs":
        raise AttributeError(
            f"partial_fit is only available for stochastic optimizers. {estimator.solver} is not stochastic."
        )
    return True
