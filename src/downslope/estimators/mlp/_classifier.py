"""``MLPClassifier``: scikit-learn's multi-layer perceptron for classes, on Downslope's engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import column_or_1d, compute_class_weight, compute_sample_weight
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import (
    _check_partial_fit_first_call,
    check_classification_targets,
    type_of_target,
    unique_labels,
)
from sklearn.utils.validation import validate_data

from downslope._checks import show
from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError
from downslope.estimators.mlp._base import BaseMLP, goes_on
from downslope.estimators.mlp._dataset import NamedRows, StreamedTable, dataset_of, measured_rows
from downslope.estimators.mlp._parameters import keep
from downslope.training import Checkpoint, Schedule

__all__ = ["MLPClassifier"]


@suggests_keywords
class MLPClassifier(ClassifierMixin, BaseMLP):  # type: ignore[misc]
    """A network for classes, with the parameters, attributes and warnings of ``sklearn.neural_network``'s.

    The same ``random_state`` draws the same starting weights, batches and validation rows as there. Two
    classes have one output, σ(z); more have one each, softmax(z); of several labels each has its own σ(z).

    Args:
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
        class_weight: how much the rows of each class count: a mapping, ``"balanced"``, or None for 1.
        dropout: the share of values that each step drops behind a hidden layer; or one for each of them.
        clip_norm: the largest norm of all gradients together; larger ones are shrunk.
        clip_value: the largest size of an element of a gradient.
        schedule: such as ``ds.Cosine(0.01)``: the learning rates of all steps, instead of
            ``learning_rate`` and ``learning_rate_init``.
        monitor: scikit-learn's name of a metric, or a scorer, that early stopping watches; None for the
            accuracy.
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
        classes_: the classes, or the numbers of the labels.
        coefs_: the weights of each layer, (inputs, outputs).
        intercepts_: the biases of each layer, (outputs,).
        loss_, best_loss_: that of the last epoch, and the least of all; None with early stopping.
        loss_curve_: the loss of each epoch.
        validation_scores_, best_validation_score_: with early stopping; else None.
        n_iter_, t_: epochs of the last fit, and rows that all epochs have used.
        n_layers_, n_outputs_, out_activation_: the shape of the network.
        n_features_in_, feature_names_in_: of the X of ``fit``.

    >>> from downslope.estimators import MLPClassifier
    >>> X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    >>> model = MLPClassifier(hidden_layer_sizes=8, activation="tanh", solver="lbfgs", random_state=0)
    >>> model.fit(X, ["even", "odd", "odd", "even"]).predict([[1.0, 0.0], [1.0, 1.0]])
    array(['odd', 'even'], dtype='<U4')
    """

    loss = "log_loss"

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseMLP._parameter_constraints,
        "class_weight": [StrOptions({"balanced"}), dict, list, None],
    }

    classes_: NDArray[Any]
    class_weight: Any
    _label_binarizer: LabelBinarizer

    def __init__(
        self,
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
        class_weight: str | Mapping[Any, float] | Sequence[Mapping[Any, float]] | None = None,
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

    def _network_loss(self) -> dict[str, Any]:
        several = self._label_binarizer.y_type_ == "multiclass"
        return {"loss": "cross_entropy" if several else "binary_cross_entropy"}

    def _validate_input(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Any, NDArray[Any]]:
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            multi_output=True,
            dtype=(np.float64, np.float32),
            reset=reset,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if not hasattr(self, "classes_") or not (self.warm_start or incremental):
            self._label_binarizer = LabelBinarizer()
            self._label_binarizer.fit(y)
            self.classes_ = self._label_binarizer.classes_
        else:
            self._refuse_other_classes(unique_labels(y))
        return X, self._label_binarizer.transform(y).astype(bool)

    def _streamed(self, named: NamedRows, incremental: bool) -> tuple[StreamedTable, int]:
        goes_on = hasattr(self, "classes_") and (self.warm_start or incremental)
        if named.several:
            if self.class_weight is not None:
                raise DownslopeError("class_weight is of one target where X is a dataset; leave it out")
            found, counts = np.eye(len(named.targets), dtype=int), None
        else:
            found, counts = named.labels()
            check_classification_targets(found)
        if not goes_on:
            self._label_binarizer = LabelBinarizer().fit(found)
            self.classes_ = self._label_binarizer.classes_
        else:
            self._refuse_other_classes(unique_labels(found))
        if counts is None:
            return StreamedTable(named), len(named.targets)
        weights = None
        if self.class_weight is not None:
            weights = np.ones(len(self.classes_))
            weights[np.isin(self.classes_, found)] = (
                counts.sum() / (len(found) * counts)
                if self.class_weight == "balanced"
                else compute_class_weight(self.class_weight, classes=found, y=found)
            )
        outputs = 1 if len(self.classes_) == 2 else len(self.classes_)
        return StreamedTable(named, self.classes_, weights), outputs

    def _restore_classes(self) -> None:
        several = self.out_activation_ == "logistic" and self.n_outputs_ > 1
        wanted = self.n_outputs_ if several or self.n_outputs_ > 1 else 2
        if len(np.unique(getattr(self, "classes_", ()))) != wanted:
            raise DownslopeError(f"it has other classes than the {wanted} of its outputs")
        labels = np.eye(wanted, dtype=int) if several else self.classes_
        self._label_binarizer = LabelBinarizer().fit(labels)

    def _refuse_other_classes(self, classes: NDArray[Any]) -> None:
        if self.warm_start:
            if set(classes) != set(self.classes_):
                raise DownslopeError(
                    "warm_start can only be used where `y` has the same classes as in the previous call to "
                    f"fit. Previously got {self.classes_}, `y` has {classes}"
                )
        elif len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise DownslopeError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has "
                f"{classes}."
            )

    def _weights(self, y: Any, sample_weight: NDArray[Any] | None) -> NDArray[Any] | None:
        if self.class_weight is None:
            return sample_weight
        if isinstance(self.class_weight, list) and np.ndim(y) < 2:
            raise DownslopeError(
                f"class_weight needs a mapping from classes to weights, or 'balanced', not "
                f"{show(self.class_weight)}; a list of mappings is for several labels"
            )
        by_class: NDArray[Any] = compute_sample_weight(self.class_weight, y)
        return by_class if sample_weight is None else by_class * sample_weight

    def predict(self, X: Any) -> NDArray[Any]:
        """The class of each row, (n,), or its labels, (n, labels).

        Args:
            X: array-like or sparse matrix, (n, features); or a dataset, as for ``fit``.
        """
        return self._targets(self._outputs(X))

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """The probability of each class, (n, classes), in the order of ``classes_``.

        Args:
            X: array-like or sparse matrix, (n, features); or a dataset, as for ``fit``.
        """
        found = self._outputs(X)
        return np.concatenate([1 - found, found], axis=1) if self.n_outputs_ == 1 else found

    def predict_log_proba(self, X: Any) -> NDArray[Any]:
        """The logarithm of ``predict_proba``, (n, classes).

        Args:
            X: array-like or sparse matrix, (n, features).
        """
        found = self.predict_proba(X)
        np.log(found, out=found)
        return found

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of rows that are right in everything.

        Args:
            X, y, sample_weight: as of ``fit``.
        """
        return float(super().score(*measured_rows(X, y, sample_weight)))

    def _targets(self, y: NDArray[Any]) -> NDArray[Any]:
        whole = y.ravel() if self.n_outputs_ == 1 else y
        return cast(NDArray[Any], self._label_binarizer.inverse_transform(whole))

    def _score_of(self, predicted: NDArray[Any], y: NDArray[Any], weights: NDArray[Any] | None) -> float:
        """The share of rows that are right in everything."""
        if self.out_activation_ == "softmax":
            right = np.argmax(predicted, axis=1) == np.argmax(y, axis=1)
        else:
            right = np.all((predicted > 0.5) == y, axis=1)
        return float(np.average(right, weights=weights))

    @available_if(goes_on)  # type: ignore[untyped-decorator]
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """One epoch over the rows, from where the last one ended.

        Args:
            X: array-like or sparse matrix, (n, features).
            y: array-like, (n,) or (n, labels).
            sample_weight: how much each row counts, (n,).
            classes: every class there will be; the first call needs them.
        """
        if self.class_weight == "balanced":
            raise DownslopeError(
                "class_weight='balanced' needs all rows at once, which partial_fit does not have; give the "
                "weights of the classes, as compute_class_weight(class_weight='balanced', ...) finds them"
            )
        if _check_partial_fit_first_call(self, classes):
            known = classes
            if dataset_of(X) is not None:
                known = classes if isinstance(y, str) else np.eye(len(y), dtype=int)
            elif type_of_target(y).startswith("multilabel"):
                known = y
            self._label_binarizer = LabelBinarizer().fit(known)
        return self._fit(X, y, sample_weight, incremental=True)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
