"""The rows that a multi-layer perceptron is trained on: dense, or sparse and made dense a part at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from scipy.special import xlogy
from sklearn.model_selection import train_test_split

from downslope.errors import DownslopeError
from downslope.estimators._refusals import in_scikit_learns_words
from downslope.training import StepBlock

__all__ = ["DENSE_BYTES", "MLPRows", "MLPValidationRows", "RandomBatches", "dense", "parted"]

DENSE_BYTES = 1 << 27
"""Sparse rows up to this size are made dense all at once, larger ones in parts of this size."""


def dense(x: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    """A matrix as an array of this dtype, row by row in memory."""
    return np.ascontiguousarray(x.toarray() if issparse(x) else x, dtype)


@dataclass(frozen=True)
class MLPRows:
    """Inputs (n, features), dense or CSR; targets in the shape of the network; weights (n,).

    With ``relative`` weights, batches of any size descend the error of all rows; else each batch is divided
    by its own sum of weights, as in scikit-learn.
    """

    x: Any
    y: NDArray[Any]
    weights: NDArray[Any]
    relative: bool = False
    offset: NDArray[Any] | None = field(default=None)

    @classmethod
    def of(
        cls,
        x: Any,
        y: NDArray[Any],
        weights: NDArray[Any] | None,
        loss: object,
        dtype: Any,
        *,
        relative: bool = False,
    ) -> MLPRows:
        """The rows for a loss in a dtype; sparse ones are made dense where that is small enough."""
        count = x.shape[0]
        small = not issparse(x) or count * x.shape[1] * np.dtype(dtype).itemsize <= DENSE_BYTES
        weights = np.ones(count, dtype) if weights is None else np.asarray(weights, dtype)
        targets = np.argmax(y, axis=1) if loss == "cross_entropy" else y.reshape(count, -1)
        targets = np.ascontiguousarray(targets, dtype)
        # the deviance of a perfect prediction is 0
        offset = (xlogy(targets, targets) - targets).sum(axis=1) if loss == "poisson" else None
        return cls(dense(x, dtype) if small else x.tocsr(), targets, weights, relative, offset)

    def __len__(self) -> int:
        return len(self.y)

    @property
    def is_dense(self) -> bool:
        """Whether the inputs are an array."""
        return isinstance(self.x, np.ndarray)

    @property
    def rows_at_once(self) -> int:
        """The rows that may be dense at a time."""
        if self.is_dense:
            return len(self)
        return int(max(1, DENSE_BYTES // (self.x.shape[1] * self.y.dtype.itemsize)))

    def columns(self, chosen: Any = slice(None)) -> dict[str, NDArray[Any]]:
        """What a program is given of some rows."""
        found = {"x": self.x[chosen], "y": self.y[chosen], "row_weights": self.weights[chosen]}
        if self.offset is not None:
            found["offset"] = self.offset[chosen]
        if not self.is_dense:
            found["x"] = dense(found["x"], self.y.dtype)
        return found


@dataclass(frozen=True)
class MLPValidationRows:
    """Rows that only measure, as the estimator gets them."""

    x: Any
    y: NDArray[Any]
    weights: NDArray[Any] | None


def parted(
    x: Any,
    y: NDArray[Any],
    weights: NDArray[Any] | None,
    fraction: float,
    random: np.random.RandomState,
    *,
    stratify: bool,
) -> tuple[Any, NDArray[Any], NDArray[Any] | None, MLPValidationRows]:
    """The rows to train on and those to measure on; with ``stratify`` classes are spread over both alike.

    Raises:
        ValueError: if fewer than two rows would measure.
    """
    arrays = (x, y) if weights is None else (x, y, weights)
    with in_scikit_learns_words("validation_fraction: "):
        parts = train_test_split(
            *arrays, random_state=random, test_size=fraction, stratify=y if stratify else None
        )
    x_train, x_held, y_train, y_held, *rest = parts
    if x_held.shape[0] < 2:
        raise DownslopeError(
            "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
        )
    w_train, w_held = rest if rest else (None, None)
    return x_train, y_train, w_train, MLPValidationRows(x_held, y_held, w_held)


class RandomBatches:
    """The batches of the epochs of one fit, in orders that a ``RandomState`` draws as scikit-learn does.

    Only the order of the latest epoch is known.

    Args:
        rows: to train on.
        size: rows of a step.
        random: draws the order of each epoch; None keeps the order of the rows.
        before: steps that were taken before this fit.
    """

    def __init__(self, rows: MLPRows, size: int, random: np.random.RandomState | None, before: int) -> None:
        self.rows, self.size = rows, size
        self.steps_in_epoch = -(-len(rows) // size)
        self._random, self._before = random, before
        self._drawn = -1  # the number of the epoch that the order is of
        self._order = np.arange(len(rows))
        self._data = rows.columns() if rows.is_dense else {}

    @property
    def drawn(self) -> tuple[int, NDArray[np.int64]]:
        """The number of the epoch whose order was drawn last, and that order, (rows,)."""
        return self._drawn, self._order

    def go_on(self, drawn: int, order: NDArray[np.int64]) -> None:
        """Go on with what ``drawn`` was."""
        self._drawn, self._order = drawn, order

    def epoch(self, step: int) -> tuple[int, int]:
        """The first and the last step of the epoch that a step belongs to."""
        past = step - self._before - 1
        first = step - past % self.steps_in_epoch
        return first, first + self.steps_in_epoch - 1

    def block(self, step: int, last: int) -> StepBlock:
        """The steps from ``step`` to ``last``, at most to the end of the epoch or of what may be dense."""
        epoch, part = divmod(step - self._before - 1, self.steps_in_epoch)
        if self._random is not None and epoch > self._drawn:
            self._drawn = epoch
            drawn = np.arange(len(self.rows))
            self._random.shuffle(drawn)
            self._order = self._order[drawn]
        steps = min(last - step + 1, self.steps_in_epoch - part)
        if self.rows.is_dense:
            whole = steps == self.steps_in_epoch
            # a batch of all rows is the same in any order
            if whole and (steps == 1 or self._random is None):
                return StepBlock(self._data, None, steps)
            return StepBlock(self._data, self._order[part * self.size : (part + steps) * self.size], steps)
        steps = min(steps, max(1, self.rows.rows_at_once // self.size))
        chosen = self._order[part * self.size : (part + steps) * self.size]
        return StepBlock(self.rows.columns(chosen), None, steps)
