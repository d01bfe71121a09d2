"""How good predictions are, in the units of the target."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.tables import Target
from downslope.training import r_squared

__all__ = [
    "FREQUENCIES",
    "LINEAR_MODEL",
    "MEAN",
    "MEDIAN",
    "NETWORK",
    "Scores",
    "baseline_prediction",
    "class_scores",
    "number_scores",
    "scores",
    "surprise",
]

FREQUENCIES, MEAN, MEDIAN = "baseline (class frequencies)", "baseline (mean)", "baseline (median)"
LINEAR_MODEL, NETWORK = "linear model", "network"
"""What predictions are of, where their scores stand beside one another."""

_SMALLEST = 1e-7


@dataclass(frozen=True)
class Scores:
    """The quality of some predictions.

    Attributes:
        mean_absolute_error: mean of |y − prediction|, in the units of the target; regression only.
        root_mean_squared_error: √mean (y − prediction)²; regression only.
        r2: the share of the variance that is explained, None for a constant target; regression only.
        accuracy: the share of rows whose class is rightly said; classification only.
        log_loss: mean of −ln p(true class), with p at least 1e-7; classification only.
    """

    mean_absolute_error: float | None = None
    root_mean_squared_error: float | None = None
    r2: float | None = None
    accuracy: float | None = None
    log_loss: float | None = None

    @property
    def known(self) -> dict[str, float | None]:
        """The scores of the task by their names in words; None where there is no value."""
        if self.accuracy is not None:
            return {"accuracy": self.accuracy, "log loss": self.log_loss}
        return {
            "mean absolute error": self.mean_absolute_error,
            "root mean squared error": self.root_mean_squared_error,
            "R²": self.r2,
        }


def scores(
    target: Target, y: NDArray[Any], predicted: NDArray[Any], weights: NDArray[Any] | None = None
) -> Scores:
    """The scores of predictions.

    Args:
        target: what was predicted.
        y: encoded targets, (rows,).
        predicted: probabilities (rows, classes), or numbers in the target's units (rows,).
        weights: how much each row counts, (rows,); None for all alike.

    >>> scores(Target("t"), np.array([1.0, 3.0]), np.array([1.0, 2.0])).r2
    0.5
    """
    if target.classes:
        return class_scores(y, predicted, weights, target.decided(predicted))
    return number_scores(target.numbers(y), predicted, weights)


def class_scores(
    y: NDArray[Any],
    predicted: NDArray[Any],
    weights: NDArray[Any] | None,
    chosen: NDArray[Any],
) -> Scores:
    """The scores of probabilities (rows, classes); y are the true classes and chosen those said, (rows,)."""
    hits = chosen == y
    return Scores(
        accuracy=float(np.average(hits, weights=weights)),
        log_loss=float(np.average(surprise(y, predicted), weights=weights)),
    )


def surprise(y: NDArray[Any], predicted: NDArray[Any]) -> NDArray[np.float64]:
    """−ln p(true class) of each row, with p at least 1e-7, (rows,)."""
    chosen = predicted[np.arange(len(y)), y.astype(int)]
    found: NDArray[np.float64] = -np.log(np.clip(chosen, _SMALLEST, 1.0))
    return found


def number_scores(true: NDArray[Any], predicted: NDArray[Any], weights: NDArray[Any] | None = None) -> Scores:
    """The scores of numbers in the target's units, (rows,) as the true ones."""
    errors = np.abs(true - predicted)
    exponent = np.frexp(errors.max())[1]  # sums and squares of large errors are beyond the largest number
    scaled = np.ldexp(errors, -exponent)
    mean, square = (np.average(values, weights=weights) for values in (scaled, scaled**2))
    r2 = float(r_squared(true, predicted, weights))
    return Scores(
        float(np.ldexp(mean, exponent)),
        float(np.ldexp(np.sqrt(square), exponent)),
        None if np.isnan(r2) else r2,
    )


def baseline_prediction(
    target: Target, y: NDArray[Any], rows: int, weights: NDArray[Any] | None = None
) -> NDArray[np.float64]:
    """The same prediction for every row, whatever its inputs: the mean, or the shares of the classes.

    Args:
        target: what is predicted.
        y: encoded targets, (rows,).
        rows: for how many rows.
        weights: how much each row of y counts, (rows,); None for all alike.
    """
    if not target.classes:
        numbers = target.numbers(y)
        exponent = np.frexp(np.abs(numbers).max())[1]  # the sum of large numbers is beyond the largest
        mean = np.average(np.ldexp(numbers, -exponent), weights=weights)
        return np.full(rows, float(np.ldexp(mean, exponent)))
    counts = np.bincount(y.astype(int), weights, minlength=len(target.classes))
    return np.tile(counts / counts.sum(), (rows, 1))
