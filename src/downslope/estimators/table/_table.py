"""What ``TableRegressor`` and ``TableClassifier`` share: whole tables under scikit-learn's API."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from downslope._checks import SIZE, items, one_or_more, whole
from downslope._checks import Interval as Within
from downslope._extras import polars as pl
from downslope._files import SavedFile
from downslope.engines import DEVICES, ENGINES
from downslope.errors import DownslopeError
from downslope.estimators._interrupts import refuse_cut
from downslope.estimators._plain import are_few_plain_rows
from downslope.estimators._refusals import (
    Interval,
    check_parameters,
    in_scikit_learns_words,
    plain_weights,
    refuse_no_array,
)
from downslope.estimators._saving import from_plain, save_estimator, to_plain
from downslope.estimators._threads import threads_of
from downslope.estimators.table._dataset import DatasetInputs, dataset_inputs
from downslope.estimators.table._inputs import TableInputs, table_inputs
from downslope.fitting import (
    FitPhase,
    Model,
    Summary,
    error_increases,
    fit,
    read_model,
    sampled_rows,
    shares,
    summary_html,
)
from downslope.tables import Dataset, name_text, refuse_text
from downslope.training import Checkpoint

__all__ = ["TableEstimator"]

_OF_HIDDEN_LAYERS = ("activation", "dropout", "epochs", "batch_size", "learning_rate", "weight_decay")
_LARGEST_SEED = 2**31 - 1
_MODEL = "model."  # before the names of what a file holds of the model


class TableEstimator(BaseEstimator):  # type: ignore[misc]
    """Everything but what depends on the kind of the target."""

    _task: str
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "members": [None, Interval(Integral, 1, None, closed="left")],
        "hidden_layer_sizes": [None, "array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [object],  # which fit looks at
        "dropout": [None, Interval(Real, 0, 1, closed="left")],
        "epochs": [None, Interval(Integral, 1, None, closed="left")],
        "batch_size": [None, Interval(Integral, 1, None, closed="left")],
        "learning_rate": [None, Interval(Real, 0, None, closed="neither")],
        "weight_decay": [None, Interval(Real, 0, None, closed="left")],
        "time_limit": [None, Interval(Real, 0, None, closed="neither")],
        "category": ["array-like", str],
        "number": ["array-like", str],
        "n_jobs": [None, Integral],
        "engine": [None, StrOptions(set(ENGINES))],
        "device": [None, StrOptions(set(DEVICES))],
        "metric": [None, str, callable],  # whose names fit knows
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "checkpoint": [Checkpoint, None],
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
    ) -> None:
        self.members = members
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.time_limit = time_limit
        self.category = category
        self.number = number
        self.n_jobs = n_jobs
        self.engine = engine
        self.device = device
        self.random_state = random_state
        self.verbose = verbose
        self.checkpoint = checkpoint
        self.metric = metric

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit to a table.

        Args:
            X: a pandas, Polars or PyArrow frame with numbers, categories, dates and gaps, or an array (rows,
                columns); or a ``ds.Dataset``, which need not fit into memory.
            y: the target, (rows,); of a dataset the name of its column.
            sample_weight: how much each row counts, (rows,); of a dataset the name of its column. Rows of
                weight 0 are left out.

        Raises:
            ValueError: for what no network can be fitted to; the message names the column and what to do.
        """
        self._validate_params()
        if isinstance(X, Dataset):
            class_weight = getattr(self, "class_weight", None)
            return self._fitted_dataset(dataset_inputs(X, y, sample_weight, class_weight=class_weight))
        refuse_no_array("X", X)
        refuse_no_array("y", y)
        sample_weight = plain_weights(sample_weight)
        with in_scikit_learns_words():
            target = self._target(y)
            table = table_inputs(self, X)
            check_consistent_length(table.frame, target)
            weights = self._row_weights(table.frame, target, sample_weight)
        if weights is not None and not weights.all():
            counted = weights > 0
            table = TableInputs(table.frame.filter(pl.Series(counted)), table.numbers)
            target, weights = target[counted], weights[counted]
        return self._fitted(table, self._numbers(target), weights)

    def _validate_params(self) -> None:
        check_parameters(self)

    def _fitted(self, table: TableInputs, target: NDArray[Any], weights: NDArray[np.float64] | None) -> Self:
        frame = table.frame
        name = _free_name(frame.columns)
        category = _named("category", self.category, frame.columns)
        number = [n for n in table.numbers if n not in category] + _named(
            "number", self.number, frame.columns
        )
        self._seed, settings = _seed(self.random_state), self._settings()
        if callable(self.metric):
            settings["metric"] = self._of_given_targets(self.metric)
        self.model_: Model = fit(
            frame.with_columns(pl.Series(name, target)),
            name,
            task=self._task,
            category=category,
            number=number,
            seed=self._seed,
            source=type(self).__name__,
            progress=_printed if self.verbose else None,
            checkpoint=self.checkpoint,
            **settings,
            row_weights=weights,
        )
        refuse_cut(self.model_.record.interrupted)
        self.summary_: Summary = self._as_model().summary
        rows = sampled_rows(frame.height, self._seed)
        self._sample: pl.DataFrame | None = frame[rows]
        self._sample_target: NDArray[Any] = target[rows]
        self._importances: NDArray[np.float64] | None = None
        return self

    def _fitted_dataset(self, inputs: DatasetInputs) -> Self:
        names = inputs.names
        self._seed = _seed(self.random_state)
        self.model_ = fit(
            inputs.dataset,
            inputs.target,
            task=self._task,
            category=_named("category", self.category, names),
            number=_named("number", self.number, names),
            seed=self._seed,
            source=type(self).__name__,
            progress=_printed if self.verbose else None,
            checkpoint=self.checkpoint,
            **self._settings(),
            row_weights=inputs.weights or None,
        )
        refuse_cut(self.model_.record.interrupted)
        self.summary_, self._importances = self.model_.summary, None
        self.n_features_in_, self.feature_names_in_ = len(names), np.array(names, object)
        self._sample, sampled = inputs.sample(self.model_.target, self._seed)
        self._sample_target = sampled
        if self.model_.target.classes:
            self.classes_, self._sample_target = inputs.classes(self.model_.target), sampled.astype(np.int64)
        return self

    def partial_fit(self, X: Any, y: ArrayLike) -> Self:
        """Go on with further rows, for one epoch; the first call is ``fit``.

        The columns, their encoders and levels, the classes and the scores are those of the first call, as
        ``Model.learn`` has it.

        Args:
            X: a table, as for ``fit``.
            y: the target, (rows,).

        Raises:
            ValueError: for other columns than in the first call.
        """
        if not hasattr(self, "model_"):
            return self.fit(X, y)
        self._validate_params()
        refuse_no_array("X", X)
        refuse_no_array("y", y)
        table = self._table(X)
        with in_scikit_learns_words():
            target = self._target(y)
            check_consistent_length(table, target)
        self._seed = (self._seed + 1) % _LARGEST_SEED  # batches of their own
        self.model_ = self.model_.learn(table, self._known(target), seed=self._seed)
        self.summary_, self._importances = self._as_model().summary, None
        return self

    def _known(self, target: NDArray[Any]) -> NDArray[Any]:
        """Further targets as the model has them."""
        raise NotImplementedError

    def _settings(self) -> dict[str, Any]:
        """The arguments of ``fit`` that are given; what is None stays ``fit``'s own choice."""
        sizes: Any = self.hidden_layer_sizes
        hidden = sizes if sizes is None else one_or_more("hidden_layer_sizes", sizes, SIZE)
        asked = {
            "members": self.members,
            "hidden": hidden,
            "time_limit": self.time_limit,
            "threads": threads_of(self.n_jobs),
            "engine": self.engine,
            "device": self.device,
            "metric": self.metric,
        }
        if hidden != ():  # a search over hidden_layer_sizes keeps its other parameters
            asked |= {name: getattr(self, name) for name in _OF_HIDDEN_LAYERS}
        return {name: value for name, value in asked.items() if value is not None}

    def _target(self, y: ArrayLike) -> NDArray[Any]:
        """The target under scikit-learn's validation, (rows,)."""
        shape: tuple[int, ...] = getattr(y, "shape", ())
        if len(shape) == 2 and shape[1] > 1:
            raise DownslopeError(
                f"y should be a 1d array, got an array of shape {shape} instead: {type(self).__name__} "
                "predicts one column; fit one for each, as the estimators of sklearn.multioutput do"
            )
        names = getattr(self, "feature_names_in_", None)
        target: NDArray[Any] = validate_data(self, X="no_validation", y=y)
        if names is not None:  # which scikit-learn forgets where it sees no X
            self.feature_names_in_ = names
        return target

    def _row_weights(
        self, frame: pl.DataFrame, target: NDArray[Any], sample_weight: ArrayLike | None
    ) -> NDArray[np.float64] | None:
        if sample_weight is None:
            return None
        weights: NDArray[np.float64] = _check_sample_weight(sample_weight, frame, dtype=np.float64)
        if (weights < 0).any():
            raise DownslopeError(f"sample_weight holds negative weights, the least {weights.min():g}")
        return weights

    def _numbers(self, target: NDArray[Any]) -> NDArray[Any]:
        """The target as ``ds.fit`` gets it."""
        raise NotImplementedError

    def _of_given_targets(self, metric: Callable[..., Any]) -> Callable[..., Any]:
        """A metric of the targets as ``ds.fit`` gets them, from one of targets as they were given."""
        return metric

    def _errors(self, outputs: NDArray[Any], target: NDArray[Any]) -> NDArray[np.float64]:
        """The error of each row by what is predicted; the importances of columns are computed of it."""
        raise NotImplementedError

    def _predicted_from(self, x: Any) -> Any:
        """What ``model_`` predicts from: a few rows of finite numbers as they are, of all else a table."""
        plain = are_few_plain_rows(self, x) and hasattr(self, "model_") and self.model_.takes_matrices
        return x if plain else self._table(x)

    def _table(self, x: Any) -> pl.DataFrame:
        """Inputs for a prediction, with the columns of ``fit``."""
        check_is_fitted(self)
        columns = self.model_.record.columns
        refuse_no_array("X", x)
        with in_scikit_learns_words():
            frame = table_inputs(self, x, [column.name for column in columns]).frame
        for column in columns:
            if column.kind == "number":
                refuse_text(frame[column.name])
        return frame

    def descent_arguments(self, X: Any, y: ArrayLike) -> dict[str, Any]:
        """All arguments of ``descend`` that train the largest network of ``model_`` on some rows.

        ``ds.doctor`` examines this descent.

        Args:
            X: a table, as for ``predict``.
            y: the target, (rows,).
        """
        check_is_fitted(self)
        return self.model_.descent_arguments(self._table(X), self._numbers(self._target(y)))

    @property
    def feature_importances_(self) -> NDArray[np.float64]:
        """By how much the mean error grows when a column is shuffled, as shares of 1, (columns,).

        The squared error or −ln p of the true class, over at most 2000 rows of those fitted to, each column
        shuffled five times (Breiman 2001; Fisher, Rudin and Dominici 2019). Computed when first asked for.
        Of two columns with the same information, each may look unimportant. ``permutation_importance`` of
        ``sklearn.inspection`` does this on rows that were not in the training data.
        """
        check_is_fitted(self)
        if self._importances is None:
            model = self.model_
            used = [column.name for column in self.summary_.columns if column.inputs]
            increases = dict.fromkeys((column.name for column in self.summary_.columns), 0.0)

            def errors(x: NDArray[Any]) -> NDArray[np.float64]:
                repeats = len(x) // len(self._sample_target)
                return self._errors(model.outputs(x), np.tile(self._sample_target, repeats))

            x, places = self._sample_inputs(), [model.encoder.places[name] for name in used]
            found = error_increases(errors, x, places, self._seed).mean(axis=1)
            increases.update(zip(used, found.tolist(), strict=True))
            self._importances = shares(np.array(list(increases.values())))
        return self._importances

    def _sample_inputs(self) -> NDArray[Any]:
        """The rows that the importances are computed of, as the networks take them."""
        if self._sample is not None:
            self._encoded_sample: NDArray[Any] = self.model_.encode(self._sample).x
            self._sample = None
        return self._encoded_sample

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted estimator to one file, whole or not at all; ``ds.load`` reads it.

        It holds the model, the parameters, the classes and the names of the columns, as data and no code.

        Args:
            path: where; a file that is there is replaced. ``.downslope`` is the usual ending.

        Raises:
            DownslopeError: if a parameter is an object that no file holds, or it cannot be written there.
        """
        check_is_fitted(self)
        sections, arrays = self.model_.file().content()
        sections = {_MODEL + name: data for name, data in sections.items()}
        arrays = {_MODEL + name: value for name, value in arrays.items()}
        sample = {"sample.x": self._sample_inputs(), "sample.y": self._sample_target.astype(np.float64)}
        fitted = {"seed": self._seed, "classes": to_plain("classes_", getattr(self, "classes_", None))}
        save_estimator(self, path, {**sections, "fitted": fitted}, {**arrays, **sample})

    def _restore(self, file: SavedFile) -> None:
        """Make it what was saved."""
        model = read_model(file.part(_MODEL))
        with file.reading():
            fitted = file.section("fitted")
            classes, self._seed = from_plain(fitted["classes"]), int(fitted["seed"])
            count = 0 if classes is None else len(np.unique(classes))
            if (self._task, count) != (model.target.task, len(model.target.classes)):
                raise DownslopeError("the model does not fit the estimator")
            if len(model.record.columns) != self.n_features_in_:
                raise DownslopeError("the model has other columns than the estimator")
            if classes is not None:
                self.classes_ = classes
            self._sample, self._encoded_sample = None, file.arrays["sample.x"]
            self._sample_target = file.arrays["sample.y"]
            if classes is not None:
                self._sample_target = self._sample_target.astype(np.int64)
            rows = (len(self._sample_target), model.network.inputs)
            if self._encoded_sample.shape != rows or not np.isfinite(self._encoded_sample).all():
                raise DownslopeError("the sample of the rows does not fit the model")
        self.model_, self._importances = model, None
        self.summary_ = self._as_model().summary

    def _as_model(self) -> Model:
        """The model, whose classes have their names."""
        if not self.model_.target.classes:
            return self.model_
        names = tuple(str(name) for name in self.classes_.tolist())
        return replace(self.model_, target=replace(self.model_.target, classes=names))

    def _html_repr(self) -> str:
        """What a notebook shows: the summary once fitted, scikit-learn's diagram before."""
        if not hasattr(self, "summary_"):
            return str(super()._html_repr())
        return summary_html(self.summary_, type(self).__name__, self.summary_.line)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        return tags


def _named(option: str, columns: Iterable[str | int], names: list[str]) -> list[str]:
    """The names of columns that are given by name, or by index from 0 or, if negative, from the end."""
    words = "names or indices of columns"
    asked = [columns] if isinstance(columns, str) else items(option, columns, words, ordered=False)
    within = Within(-len(names), len(names) - 1)
    return [name_text(c) if isinstance(c, str) else names[whole(option, c, within)] for c in asked]


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


def _printed(phase: FitPhase) -> None:
    epoch = phase.progress
    validation = "" if epoch.validation_error is None else f", validation error {epoch.validation_error:.4g}"
    print(f"{phase.name}: step {epoch.step} of {epoch.steps}, error {epoch.error:.4g}{validation}")
