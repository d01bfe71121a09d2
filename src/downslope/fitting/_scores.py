"""How good predictions are, in the units of the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.tables import Target

__all__ = ["Scores", "scores", "trivial_guess"]

_SMALLEST = 1e-7


@dataclass(frozen=True)
class Scores:
    """The quality of some predictions.

    Attributes:
        typical_error: mean of |y − prediction|, in the units of the target; regression only.
        root_mean_square: √mean (y − prediction)²; regression only.
        r2: the share of the variance that is explained; regression only.
        accuracy: the share of rows whose most probable class is right; classification only.
        log_loss: mean of −ln p(true class), with p at least 1e-7; classification only.
    """

    typical_error: float | None = None
    root_mean_square: float | None = None
    r2: float | None = None
    accuracy: float | None = None
    log_loss: float | None = None


def scores(target: Target, y: NDArray[Any], predicted: NDArray[Any]) -> Scores:
    """The scores of predictions.

    Args:
        target: what was predicted.
        y: encoded targets, (rows,).
        predicted: probabilities (rows, classes), or numbers in the target's units (rows,).

    >>> scores(Target("t"), np.array([1.0, 3.0]), np.array([1.0, 2.0])).r2
    0.5
    """
    if target.classes:
        chosen = predicted[np.arange(len(y)), y.astype(int)]
        hits = predicted.argmax(axis=1) == y
        return Scores(
            accuracy=float(hits.mean()), log_loss=float(-np.log(np.clip(chosen, _SMALLEST, 1.0)).mean())
        )
    true = target.numbers(y)
    missed = true - predicted
    spread = float(np.mean((true - true.mean()) ** 2))
    square = float(np.mean(missed**2))
    r2 = 1 - square / spread if spread else None
    return Scores(float(np.abs(missed).mean()), square**0.5, r2)


def trivial_guess(target: Target, y: NDArray[Any], rows: int) -> NDArray[np.float64]:
    """The same guess for every row: the mean, or the shares of the classes, of encoded targets y."""
    if not target.classes:
        return np.full(rows, float(target.numbers(y).mean()))
    shares = np.bincount(y.astype(int), minlength=len(target.classes)) / len(y)
    return np.tile(shares, (rows, 1))
