"""``TableRegressor``: numbers from whole tables."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin

from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError
from downslope.estimators.table._table import TableEstimator

__all__ = ["TableRegressor"]


@suggests_keywords
class TableRegressor(RegressorMixin, TableEstimator):  # type: ignore[misc]
    """Predict a number from a whole table: ``ds.fit`` under scikit-learn's API.

    Columns of a frame may hold numbers, categories, text, yes and no, dates, and gaps; the kind of each is
    decided as ``ds.fit`` does. Columns of an array are numbers. Nothing needs scaling or encoding.

    Args:
        members: networks of each group, whose predictions are averaged; each holds some rows out.
        hidden_layer_sizes: units of each hidden layer; () for a linear model.
        activation, dropout, epochs, batch_size, learning_rate, weight_decay: of the hidden layers and their
            training, as of ``ds.fit``; a linear model does not use them.
        time_limit: seconds that ``fit`` may take: fewer networks and epochs than usual, or more groups.
        category, number: columns to use as categories or as numbers, by name, or by index from 0.
        n_jobs: number of threads.
        engine, device: ``"torch"`` trains on PyTorch, by ``"cuda"`` on a GPU.
        random_state: an integer gives the same model each time.
        verbose: whether to print each epoch.
        checkpoint: where training is saved as it goes, a ``ds.Checkpoint``; of one fit, not of a search.
        metric: the score that is predicted for, as of ``ds.fit``: of numbers also ``"mae"``, with which
            predictions are medians; of classes also ``"f1"``, ``"f1_macro"`` and ``"balanced_accuracy"``,
            which change ``predict`` and leave ``predict_proba`` as it is. Or a function of ``y_true`` and of
            what is predicted (probabilities in the order of ``classes_``, or numbers), the higher the better,
            that the groups are blended for; the file of an estimator holds none.

        For all of them None, or (), leaves the choice to ``ds.fit``.

    Attributes:
        model_: the ``ds.Model``; ``model_.save(path)`` writes it to a file.
        summary_: members, units, epochs, the encoder of each column, the scores; ``print`` it.
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
        rows = self._predicted_from(X)
        return np.asarray(self.model_.predict(rows), np.float64)

    def predict_interval(self, X: Any, level: float = 0.9) -> NDArray[np.float64]:
        """Where the target lies with a probability of ``level``: lower and upper ends, (rows, 2).

        An interval of a higher level holds those of lower levels.

        Raises:
            DownslopeError: if the level is not between 0 and 1.
        """
        rows = self._predicted_from(X)
        return self.model_.predict_interval(rows, level)

    def _target(self, y: ArrayLike) -> NDArray[Any]:
        target = super()._target(y)
        try:
            return target.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise DownslopeError(f"y holds numbers for a regressor: {error}") from None

    def _numbers(self, target: NDArray[Any]) -> NDArray[Any]:
        return target

    def _known(self, target: NDArray[Any]) -> NDArray[Any]:
        return target

    def _errors(self, outputs: NDArray[Any], target: NDArray[Any]) -> NDArray[np.float64]:
        errors = (outputs - target) / self.model_.target.scale  # whose squares are finite
        return np.asarray(errors**2)
