"""``TableClassifier``: classes from whole tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.multiclass import check_classification_targets

from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError
from downslope.estimators.table._table import TableEstimator
from downslope.fitting import surprise
from downslope.training import Checkpoint

__all__ = ["TableClassifier"]

# the smallest probability above 0, and the smallest step below 1, that a float32 output can hold
_LEAST = float(np.finfo(np.float32).tiny)
_LEAST_BELOW_ONE = 2.0**-25


@suggests_keywords
class TableClassifier(ClassifierMixin, TableEstimator):  # type: ignore[misc]
    """Predict a class from a whole table: ``ds.fit`` under scikit-learn's API.

    Args:
        class_weight: how much the rows of each class count in training: ``"balanced"`` or a dict by class,
            the others 1. ``predict_proba`` stays calibrated; unless a ``metric`` decides, ``predict`` says
            the class with the largest probability times its weight.

        The others are those of ``TableRegressor``.

    Attributes:
        classes_: the classes, sorted, as they were given.

        The others are those of ``TableRegressor``.

    >>> from sklearn.datasets import load_iris
    >>> from downslope import TableClassifier
    >>> x, y = load_iris(return_X_y=True, as_frame=True)
    >>> classifier = TableClassifier(epochs=20, random_state=0).fit(x, y)
    >>> classifier.predict_proba(x).shape
    (150, 3)
    >>> bool(classifier.score(x, y) > 0.9)
    True
    """

    _task = "classification"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **TableEstimator._parameter_constraints,
        "class_weight": [None, dict, StrOptions({"balanced"})],
    }

    def __init__(
        self,
        *,
        members: int | None = None,
        hidden_layer_sizes: int | Iterable[int] | None = None,
        activation: Any = None,
        dropout: float | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        weight_decay: float | None = None,
        time_limit: float | None = None,
        category: Iterable[str | int] = (),
        number: Iterable[str | int] = (),
        n_jobs: int | None = None,
        engine: str | None = None,
        device: str | None = None,
        random_state: Any = None,
        verbose: int = 0,
        checkpoint: Checkpoint | None = None,
        metric: str | Callable[..., Any] | None = None,
        class_weight: Any = None,
    ) -> None:
        super().__init__(
            members=members,
            hidden_layer_sizes=hidden_layer_sizes,
            activation=activation,
            dropout=dropout,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            time_limit=time_limit,
            category=category,
            number=number,
            n_jobs=n_jobs,
            engine=engine,
            device=device,
            random_state=random_state,
            verbose=verbose,
            checkpoint=checkpoint,
            metric=metric,
        )
        self.class_weight = class_weight

    def partial_fit(self, X: Any, y: ArrayLike, classes: ArrayLike | None = None) -> Self:
        """Go on with further rows, for one epoch; the first call is ``fit``, and needs rows of every class.

        Args:
            X: a table, as for ``fit``.
            y: the target, (rows,).
            classes: all there are, which the first call is held to.

        Raises:
            ValueError: for other columns or classes than in the first call.
        """
        if classes is not None and not hasattr(self, "model_"):
            lacking = [
                c for c in np.unique(np.asarray(classes)).tolist() if c not in set(np.ravel(y).tolist())
            ]
            if lacking:
                raise DownslopeError(
                    f"the first call of partial_fit has no row of the class {lacking[0]!r}; give it rows of "
                    "every class"
                )
        return super().partial_fit(X, y)

    def predict(self, X: Any) -> NDArray[Any]:
        """The class of each row, (rows,), as it was given to ``fit``: the most probable, or by ``metric``."""
        probabilities = self.predict_proba(X)
        chosen: NDArray[Any] = self.classes_[self.model_.target.decided(probabilities)]
        return chosen

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """The probability of each class, (rows, classes), in the order of ``classes_``."""
        rows = self._predicted_from(X)
        return self.model_.predict_proba(rows)

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """The logarithm of the probabilities, (rows, classes); −87 at least, where one is 0."""
        return np.log(np.maximum(self.predict_proba(X), _LEAST))

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Log-odds of the second class, (rows,); with more classes a score for each, (rows, classes).

        The logistic function, or softmax, makes probabilities of them.
        """
        probabilities = self.predict_proba(X)
        if len(self.classes_) > 2:
            return np.log(np.maximum(probabilities, _LEAST))
        return np.log(np.maximum(probabilities[:, 1], _LEAST)) - np.log(
            np.maximum(probabilities[:, 0], _LEAST_BELOW_ONE)
        )

    def _target(self, y: ArrayLike) -> NDArray[Any]:
        target = super()._target(y)
        check_classification_targets(target)
        return target

    def _settings(self) -> dict[str, Any]:
        """With the weights of the classes by the numbers that ``ds.fit`` gets for them."""
        found, given = super()._settings(), self.class_weight
        if isinstance(given, str):
            return {**found, "class_weight": given}
        if given:
            places = {name: place for place, name in enumerate(self.classes_.tolist())}
            unknown = [name for name in given if name not in places]
            if unknown:
                raise DownslopeError(
                    f"class_weight names {unknown[0]!r}, and y has the classes {self.classes_.tolist()}; "
                    "name one of these"
                )
            found["class_weight"] = {places[name]: weight for name, weight in given.items()}
        return found

    def _of_given_targets(self, metric: Callable[..., Any]) -> Callable[..., Any]:
        classes = self.classes_

        def of_numbers(y_true: NDArray[Any], predicted: NDArray[np.float64]) -> Any:
            return metric(classes[y_true.astype(np.int64)], predicted)

        of_numbers.__name__ = getattr(metric, "__name__", type(metric).__name__)
        return of_numbers

    def _numbers(self, target: NDArray[Any]) -> NDArray[Any]:
        self.classes_, numbers = np.unique(target, return_inverse=True)
        if len(self.classes_) < 2:
            raise DownslopeError(
                f"y holds the single class {self.classes_.tolist()[0]!r}; give rows of at least two classes"
            )
        return np.asarray(numbers, np.int64)

    def _known(self, target: NDArray[Any]) -> NDArray[Any]:
        unknown = sorted(set(target.tolist()) - set(self.classes_.tolist()))
        if unknown:
            raise DownslopeError(
                f"y holds the class {unknown[0]!r}, and the first call had {self.classes_.tolist()}; give it "
                "rows of every class"
            )
        names = np.array(self.model_.target.classes, object)
        return np.asarray(names[np.searchsorted(self.classes_, target)])

    def _errors(self, outputs: NDArray[Any], target: NDArray[Any]) -> NDArray[np.float64]:
        return surprise(target, outputs)
