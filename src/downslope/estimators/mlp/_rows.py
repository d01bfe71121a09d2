"""The rows that a multi-layer perceptron is trained on: dense, or sparse and made dense a part at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from scipy.special import xlogy

__all__ = ["DENSE_BYTES", "Rows", "dense"]

DENSE_BYTES = 1 << 27
"""Sparse rows up to this size are made dense all at once, larger ones in parts of this size."""


def dense(x: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    """A matrix as an array of this dtype, row by row in memory."""
    return np.ascontiguousarray(x.toarray() if issparse(x) else x, dtype)


@dataclass(frozen=True)
class Rows:
    """Inputs (n, features), dense or CSR; targets in the shape of the network; weights (n,)."""

    x: Any
    y: NDArray[Any]
    weights: NDArray[Any]
    offset: NDArray[Any] | None = field(default=None)

    @classmethod
    def of(cls, x: Any, y: NDArray[Any], weights: NDArray[Any] | None, loss: str, dtype: Any) -> Rows:
        """The rows for a loss in a dtype; sparse ones are made dense where that is small enough."""
        count = x.shape[0]
        small = not issparse(x) or count * x.shape[1] * np.dtype(dtype).itemsize <= DENSE_BYTES
        weights = np.ones(count, dtype) if weights is None else np.asarray(weights, dtype)
        targets = np.argmax(y, axis=1) if loss == "cross_entropy" else y.reshape(count, -1)
        targets = np.ascontiguousarray(targets, dtype)
        # the deviance of a perfect prediction is 0
        offset = (xlogy(targets, targets) - targets).sum(axis=1) if loss == "poisson" else None
        return cls(dense(x, dtype) if small else x.tocsr(), targets, weights, offset)

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
