"""The rows that a multi-layer perceptron is trained on: dense, or sparse and made dense a part at a time."""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from scipy.special import xlogy
from sklearn.model_selection import train_test_split

from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.estimators._refusals import in_scikit_learns_words
from downslope.nets import Network
from downslope.training import Batches, StepBlock, relative_weights

__all__ = [
    "DENSE_BYTES",
    "MLPArrays",
    "MLPBatches",
    "MLPRows",
    "MLPValidationRows",
    "RandomBatches",
    "TrainingRows",
    "dense",
    "poisson_offset",
]

DENSE_BYTES = 1 << 27
"""Sparse rows up to this size are made dense all at once, larger ones in parts of this size."""


def dense(x: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    """A matrix as an array of this dtype, row by row in memory."""
    return np.ascontiguousarray(x.toarray() if issparse(x) else x, dtype)


def poisson_offset(y: NDArray[Any]) -> NDArray[Any]:
    """What makes the deviance of a perfect prediction of each row 0, (n,)."""
    offset: NDArray[Any] = (xlogy(y, y) - y).reshape(len(y), -1).sum(axis=1)
    return offset


class MLPBatches(Batches, Protocol):
    """The batches of the epochs of one fit."""

    @property
    def steps_in_epoch(self) -> int:
        """Steps that use every row once."""

    @property
    def drawn(self) -> tuple[int, NDArray[np.int64]]:
        """What the order of the latest epoch is known by: its number, and the order where it is kept."""

    def go_on(self, drawn: int, order: NDArray[np.int64]) -> None:
        """Go on with what ``drawn`` was."""

    def close(self) -> None:
        """Read nothing more ahead."""


class TrainingRows(Protocol):
    """What the stochastic solvers train on: rows in memory, or those of a dataset."""

    @property
    def relative(self) -> bool:
        """Whether batches of any size descend the error of all rows; else each is divided by its own Σ w."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of their numbers."""

    @property
    def without_weight(self) -> NDArray[np.float64]:
        """The share of the rows that has none, (1,)."""

    @property
    def asked(self) -> dict[str, Any]:
        """What says that the rows are the same as before, by name."""

    def __len__(self) -> int: ...

    def batches(self, size: int, random: np.random.RandomState, before: int, *, shuffle: bool) -> MLPBatches:
        """In the orders that ``random`` draws, after ``before`` steps of earlier fits."""


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
        offset = poisson_offset(targets) if loss == "poisson" else None
        return cls(dense(x, dtype) if small else x.tocsr(), targets, weights, relative, offset)

    def __len__(self) -> int:
        return len(self.y)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of their numbers."""
        return self.y.dtype

    @property
    def without_weight(self) -> NDArray[np.float64]:
        """The share of the rows that has none, (1,)."""
        return np.atleast_1d(np.mean(self.weights == 0))

    @property
    def asked(self) -> dict[str, Any]:
        """The rows themselves."""
        return {"x": self.x if self.is_dense else self.x.toarray(), "y": self.y, "weights": self.weights}

    def batches(
        self, size: int, random: np.random.RandomState, before: int, *, shuffle: bool
    ) -> RandomBatches:
        """In orders that are drawn as scikit-learn does."""
        return RandomBatches(self, size, random if shuffle else None, before)

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


@dataclass(frozen=True)
class MLPArrays:
    """Rows in memory, (n, features), with targets as numbers, (n, outputs), and weights, (n,).

    With ``stratify`` classes are spread alike over the rows to train on and those to measure on.
    """

    x: Any
    y: NDArray[Any]
    weights: NDArray[Any] | None
    stratify: bool

    def rows(self, network: Network, dtype: np.dtype[Any], *, relative: bool, known: bool) -> MLPRows:
        """All to train on; ``known`` says that these are all there are, whose mean weight is 1 then."""
        weights = self.weights
        if relative and known and weights is not None:
            weights = relative_weights(weights)
        return MLPRows.of(self.x, self.y, weights, network.loss, dtype, relative=relative)

    def parts(
        self,
        network: Network,
        dtype: np.dtype[Any],
        fraction: float | None,
        random: np.random.RandomState,
        *,
        relative: bool,
        known: bool,
    ) -> tuple[MLPRows, MLPValidationRows | None]:
        """The rows to train on, and a share that measures.

        Raises:
            ValueError: if fewer than two rows would measure.
        """
        if fraction is None:
            return self.rows(network, dtype, relative=relative, known=known), None
        arrays = (self.x, self.y) if self.weights is None else (self.x, self.y, self.weights)
        with in_scikit_learns_words("validation_fraction: "):
            found = train_test_split(
                *arrays, random_state=random, test_size=fraction, stratify=self.y if self.stratify else None
            )
        x_train, x_held, y_train, y_held, *rest = found
        if x_held.shape[0] < 2:
            raise DownslopeError(
                "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
            )
        w_train, w_held = rest if rest else (None, None)
        training = replace(self, x=x_train, y=y_train, weights=w_train)
        rows = training.rows(network, dtype, relative=relative, known=known)
        return rows, MLPValidationRows(x_held, y_held, w_held)


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

    def close(self) -> None:
        """There is nothing to close."""

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
