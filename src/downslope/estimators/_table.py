"""``TableRegressor`` and ``TableClassifier``: whole tables under scikit-learn's API."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_consistent_length, check_random_state, compute_sample_weight
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from downslope.errors import DownslopeError
from downslope.estimators._drawing import drawing
from downslope.estimators._fit import Phase, fit
from downslope.estimators._given import Given, given
from downslope.estimators._importance import error_increases, sampled_rows, shares
from downslope.estimators._summary import Summary, summary_of
from downslope.tables import refuse_text

__all__ = ["TableClassifier", "TableRegressor"]

_LARGEST_SEED = 2**31 - 1
# the smallest probability above 0, and the smallest step below 1, that a float32 output can tell
_LEAST = float(np.finfo(np.float32).tiny)
_LEAST_BELOW_ONE = 2.0**-25
_LEAST_SCORED = 1e-7


class _Table(BaseEstimator):  # type: ignore[misc]
    """What both estimators share: everything but the kind of the target."""

    _task: str
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "members": [None, Interval(Integral, 1, None, closed="left")],
        "hidden_layer_sizes": [None, "array-like", Interval(Integral, 1, None, closed="left")],
        "epochs": [None, Interval(Integral, 1, None, closed="left")],
        "batch_size": [None, Interval(Integral, 1, None, closed="left")],
        "learning_rate": [None, Interval(Real, 0, None, closed="neither")],
        "time_limit": [None, Interval(Real, 0, None, closed="neither")],
        "category": ["array-like", str],
        "number": ["array-like", str],
        "n_jobs": [None, Integral],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        *,
        members: int | None = None,
        hidden_layer_sizes: int | Iterable[int] | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        time_limit: float | None = None,
        category: Iterable[str | int] = (),
        number: Iterable[str | int] = (),
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.members = members
        self.hidden_layer_sizes = hidden_layer_sizes
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.time_limit = time_limit
        self.category = category
        self.number = number
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit to a table.

        Args:
            X: a pandas, Polars or PyArrow frame with numbers, categories, dates and gaps, or an array (rows,
                columns).
            y: the target, (rows,).
            sample_weight: how much each row counts, (rows,); rows of weight 0 are left out.

        Raises:
            ValueError: for what no network can be fitted to; the message names the column and what to do.
        """
        self._validate_params()
        target = self._target(y)
        table = given(self, X)
        check_consistent_length(table.frame, target)
        weights = self._row_weights(table.frame, target, sample_weight)
        if weights is not None and not weights.all():
            counted = weights > 0
            table = Given(table.frame.filter(pl.Series(counted)), table.numbers)
            target, weights = target[counted], weights[counted]
        return self._fitted(table, self._numbers(target), weights)

    def _fitted(self, table: Given, target: NDArray[Any], weights: NDArray[np.float64] | None) -> Self:
        frame = table.frame
        name = _free_name(frame.columns)
        category = _named(self.category, frame.columns)
        number = [n for n in table.numbers if n not in category] + _named(self.number, frame.columns)
        self._seed = _seed(self.random_state)
        self.model_ = fit(
            frame.with_columns(pl.Series(name, target)),
            name,
            task=self._task,
            category=category,
            number=number,
            seed=self._seed,
            source=type(self).__name__,
            progress=_printed if self.verbose else None,
            **self._settings(),
            row_weights=weights,
        )
        self.summary_: Summary = summary_of(self.model_)
        rows = sampled_rows(frame.height, self._seed)
        self._sample, self._sample_target = frame[rows], target[rows]
        self._importances: NDArray[np.float64] | None = None
        return self

    def _settings(self) -> dict[str, Any]:
        """The arguments of ``fit`` that are asked for; what is None stays ``fit``'s own choice."""
        hidden: Any = self.hidden_layer_sizes
        asked = {
            "members": self.members,
            "hidden": hidden if hidden is None else tuple(map(int, np.atleast_1d(hidden))),
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "learning_rate": self.learning_rate,
            "time_limit": self.time_limit,
            "n_jobs": self.n_jobs,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def _target(self, y: ArrayLike) -> NDArray[Any]:
        """The target under scikit-learn's validation, (rows,)."""
        shape: tuple[int, ...] = getattr(y, "shape", ())
        if len(shape) == 2 and shape[1] > 1:
            raise ValueError(
                f"y should be a 1d array, got an array of shape {shape} instead: {type(self).__name__} "
                "predicts one column; fit one for each, as the estimators of sklearn.multioutput do"
            )
        target: NDArray[Any] = validate_data(self, X="no_validation", y=y)
        return target

    def _row_weights(
        self, frame: pl.DataFrame, target: NDArray[Any], sample_weight: ArrayLike | None
    ) -> NDArray[np.float64] | None:
        if sample_weight is None:
            return None
        weights: NDArray[np.float64] = _check_sample_weight(sample_weight, frame, dtype=np.float64)
        if (weights < 0).any():
            raise ValueError(f"sample_weight holds negative weights, the least {weights.min():g}")
        return weights

    def _numbers(self, target: NDArray[Any]) -> NDArray[Any]:
        """The target as ``ds.fit`` gets it."""
        raise NotImplementedError

    def _errors(self, frame: pl.DataFrame, target: NDArray[Any]) -> NDArray[np.float64]:
        """The error of each row, by which inputs are held important."""
        raise NotImplementedError

    def _table(self, x: Any) -> pl.DataFrame:
        """Inputs for a prediction, with the columns of ``fit``."""
        check_is_fitted(self)
        columns = self.model_.record.columns
        frame = given(self, x, [column.name for column in columns]).frame
        for column in columns:
            if column.kind == "number":
                refuse_text(frame[column.name])
        return frame

    @property
    def feature_importances_(self) -> NDArray[np.float64]:
        """By how much the mean error grows when a column is shuffled, as shares of 1, (columns,).

        The squared error or −ln p of the true class, over at most 2000 rows of those fitted to, each column
        shuffled five times (Breiman 2001; Fisher, Rudin and Dominici 2019). Computed when first asked for.
        Of two columns that tell the same, each may look unimportant. ``permutation_importance`` of
        ``sklearn.inspection`` does this on rows that the model never saw.
        """
        check_is_fitted(self)
        if self._importances is None:
            used = [column.name for column in self.summary_.columns if column.inputs]
            increases = dict.fromkeys((column.name for column in self.summary_.columns), 0.0)

            def error(frame: pl.DataFrame) -> float:
                repeats = frame.height // len(self._sample_target)
                return float(self._errors(frame, np.tile(self._sample_target, repeats)).mean())

            found = error_increases(error, self._sample, used, self._seed)
            increases.update(zip(used, found.tolist(), strict=True))
            self._importances = shares(np.array(list(increases.values())))
        return self._importances

    def _html_repr(self) -> str:
        """What a notebook shows: the drawing once fitted, scikit-learn's diagram before."""
        if not hasattr(self, "summary_"):
            return str(super()._html_repr())
        return drawing(self.summary_, type(self).__name__)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        return tags


class TableRegressor(RegressorMixin, _Table):  # type: ignore[misc]
    """Predict a number from a whole table: ``ds.fit`` under scikit-learn's API.

    Columns of a frame may hold numbers, categories, text, yes and no, dates, and gaps; the kind of each is
    decided as ``ds.fit`` does. Columns of an array are numbers. Nothing needs scaling or encoding.

    Args:
        members: networks of each kind, whose predictions are averaged; each holds some rows out.
        hidden_layer_sizes: units of each hidden layer; () for a linear network.
        epochs, batch_size, learning_rate: of the training.
        time_limit: seconds that ``fit`` may take: fewer epochs than the rows need, or more members.
        category, number: columns to take as categories or as numbers, by name, or by place from 0.
        n_jobs: threads.
        random_state: a whole number gives the same bits each time.
        verbose: whether to print each epoch.

        For all of them None leaves the choice to ``ds.fit``.

    Attributes:
        model_: the ``ds.Model``; ``model_.save(path)`` writes it to a file.
        summary_: what was used: members, units, epochs, the encoder of each column, the scores.
        feature_importances_: (columns,), shares of 1, by permutation.
        n_features_in_, feature_names_in_: number and names of the columns.

    >>> import pandas as pd
    >>> from downslope import TableRegressor
    >>> houses = pd.DataFrame({"size": [50, 60, 80, None, 120], "garden": ["no", "yes", "no", "no", "yes"]})
    >>> regressor = TableRegressor(random_state=0).fit(houses, [100.5, 130.5, 160.5, 190.0, 250.5])
    >>> regressor.predict(houses).shape
    (5,)
    >>> [column.encoder for column in regressor.summary_.columns]
    ['number', 'two levels']
    """

    _task = "regression"

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Numbers in the target's units, (rows,)."""
        table = self._table(X)
        return np.asarray(self.model_.predict(table), np.float64)

    def predict_interval(self, X: Any, level: float = 0.9) -> NDArray[np.float64]:
        """Where the target lies with a probability of ``level``: lower and upper ends, (rows, 2).

        Raises:
            DownslopeError: if the level is not between 0 and 1.
        """
        if not 0 < level < 1:
            raise DownslopeError(f"a level is a number between 0 and 1, such as 0.9, not {level!r}")
        table = self._table(X)
        return self.model_.predict_interval(table, level)

    def _target(self, y: ArrayLike) -> NDArray[Any]:
        target = super()._target(y)
        try:
            return target.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"y holds numbers for a regressor: {error}") from None

    def _numbers(self, target: NDArray[Any]) -> NDArray[Any]:
        return target

    def _errors(self, frame: pl.DataFrame, target: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray((self.model_.predict(frame) - target) ** 2)


class TableClassifier(ClassifierMixin, _Table):  # type: ignore[misc]
    """Predict a class from a whole table: ``ds.fit`` under scikit-learn's API.

    Args:
        class_weight: how much the rows of each class count: ``"balanced"`` or a dict by class.

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
        **_Table._parameter_constraints,
        "class_weight": [None, dict, StrOptions({"balanced"})],
    }

    def __init__(
        self,
        *,
        members: int | None = None,
        hidden_layer_sizes: int | Iterable[int] | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        time_limit: float | None = None,
        category: Iterable[str | int] = (),
        number: Iterable[str | int] = (),
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
        class_weight: Any = None,
    ) -> None:
        super().__init__(
            members=members,
            hidden_layer_sizes=hidden_layer_sizes,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            time_limit=time_limit,
            category=category,
            number=number,
            n_jobs=n_jobs,
            random_state=random_state,
            verbose=verbose,
        )
        self.class_weight = class_weight

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class of each row, (rows,), as it was given to ``fit``."""
        chances = self.predict_proba(X)
        chosen: NDArray[Any] = self.classes_[chances.argmax(axis=1)]
        return chosen

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """The probability of each class, (rows, classes), in the order of ``classes_``."""
        table = self._table(X)
        return self.model_.predict_proba(table)

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """The logarithm of the probabilities, (rows, classes); −87 at least, where one is 0."""
        return np.log(np.maximum(self.predict_proba(X), _LEAST))

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Log-odds of the second class, (rows,); with more classes a score for each, (rows, classes).

        The logistic function, or softmax, makes probabilities of them.
        """
        chances = self.predict_proba(X)
        if len(self.classes_) > 2:
            return np.log(np.maximum(chances, _LEAST))
        return np.log(np.maximum(chances[:, 1], _LEAST)) - np.log(np.maximum(chances[:, 0], _LEAST_BELOW_ONE))

    def _target(self, y: ArrayLike) -> NDArray[Any]:
        target = super()._target(y)
        check_classification_targets(target)
        return target

    def _row_weights(
        self, frame: pl.DataFrame, target: NDArray[Any], sample_weight: ArrayLike | None
    ) -> NDArray[np.float64] | None:
        weights = super()._row_weights(frame, target, sample_weight)
        if self.class_weight is None:
            return weights
        of_classes: NDArray[np.float64] = compute_sample_weight(self.class_weight, target)
        return of_classes if weights is None else weights * of_classes

    def _numbers(self, target: NDArray[Any]) -> NDArray[Any]:
        self.classes_, numbers = np.unique(target, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y holds the single class {self.classes_.tolist()[0]!r}; give rows of at least two classes"
            )
        return np.asarray(numbers, np.int64)

    def _errors(self, frame: pl.DataFrame, target: NDArray[Any]) -> NDArray[np.float64]:
        chosen = self.model_.predict_proba(frame)[np.arange(len(target)), target]
        return np.asarray(-np.log(np.maximum(chosen, _LEAST_SCORED)))


def _named(columns: Iterable[str | int], names: list[str]) -> list[str]:
    """Columns asked for by name, or by place from 0."""
    asked = [columns] if isinstance(columns, str) else list(columns)
    for place in asked:
        if not isinstance(place, str) and not -len(names) <= place < len(names):
            raise DownslopeError(f"there is no column {place}: the table has {len(names)} columns")
    return [place if isinstance(place, str) else names[place] for place in asked]


def _free_name(columns: list[str]) -> str:
    """A name for the target that no column has."""
    name = "y"
    while name in columns:
        name += "_"
    return name


def _seed(random_state: Any) -> int:
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(check_random_state(random_state).randint(_LARGEST_SEED))


def _printed(phase: Phase) -> None:
    told = phase.progress
    validation = "" if told.validation_error is None else f", validation error {told.validation_error:.4g}"
    print(f"{phase.name}: step {told.step} of {told.steps}, error {told.error:.4g}{validation}")
