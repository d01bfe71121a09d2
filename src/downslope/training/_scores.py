"""R² and confusions, for every room that measures predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["confusion_counts", "r_squared"]

_ROUNDING = 1e-14  # an R² that is smaller is the rounding of its two sums


def r_squared(
    y: NDArray[Any], predicted: NDArray[Any], weights: NDArray[Any] | None = None
) -> NDArray[np.float64]:
    """R² = 1 − Σ w(y − ŷ)² / Σ w(y − ȳ)² of each output, where ȳ is the weighted mean; () or (outputs,).

    It is NaN where y is constant. Targets up to the largest number are scaled before they are squared.

    Args:
        y: targets, (rows,) or (rows, outputs).
        predicted: what is predicted, in the same shape.
        weights: how much each row counts, (rows,); None for all alike.

    >>> y = np.array([1.0, 2.0, 3.0])
    >>> float(r_squared(y, np.array([1.0, 2.0, 2.0])))
    0.5
    >>> float(r_squared(1e300 * y, 1e300 * y))
    1.0
    >>> y = np.array([0.1, 0.2, 0.7])
    >>> float(r_squared(y, np.full(3, y.mean())))
    0.0
    """
    exponent = -np.frexp(np.abs(y).max(initial=0.0))[1]
    y, predicted = (np.ldexp(np.asarray(values, np.float64), exponent) for values in (y, predicted))
    with np.errstate(over="ignore"):  # of predictions far beyond the targets: −∞ is their score
        square = np.average((y - predicted) ** 2, axis=0, weights=weights)
    variance = np.average((y - np.average(y, axis=0, weights=weights)) ** 2, axis=0, weights=weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = 1 - square / variance
    found = np.where(np.abs(found) < _ROUNDING, 0.0, found)
    return np.where(variance > 0, found, np.nan)


def confusion_counts(
    true: NDArray[np.integer[Any]],
    predicted: NDArray[np.integer[Any]],
    classes: int,
    weights: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """How many rows, or how much weight, of each true class by predicted class, (classes, classes).

    Args:
        true, predicted: numbers of classes from 0, (rows,).
        classes: how many there are.
        weights: how much each row counts, (rows,); None for all alike.

    >>> confusion_counts(np.array([0, 1, 1]), np.array([0, 0, 1]), 2)
    array([[1, 0],
           [1, 1]])
    """
    counts = np.bincount(true * classes + predicted, weights, minlength=classes * classes)
    return counts.reshape(classes, classes)
