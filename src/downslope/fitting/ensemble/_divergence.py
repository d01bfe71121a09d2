"""Whether training diverged: its error against the error before it, on the same rows and weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.fitting.ensemble._recipe import FitSettings
from downslope.training import Run

__all__ = ["Diverged", "refuse_diverged"]

_DIVERGED = 1e4
_SMALLEST = 1e-30


class Diverged(DownslopeError):
    """Training came to numbers that are not finite, or far worse than it began."""


def refuse_diverged(
    run: Run,
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    y: NDArray[Any],
    weights: NDArray[Any],
    learning_rate: float,
) -> None:
    """Refuse a run that ended in numbers that are not finite, or far worse than it began.

    An error that is large and still falls, as after too few epochs, is no divergence.

    Args:
        run: what was trained.
        before, after: predictions of the same rows at the starting values and at the best epoch:
            probabilities (rows, classes), or numbers (rows, 1).
        y: encoded targets, (rows,).
        weights: how much each row counts, (rows,).
        learning_rate: for the message.

    Raises:
        Diverged: if it did.
    """
    first, last = (_error(predicted, y, weights) for predicted in (before, after))
    if run.stopped != "not finite" and last <= _DIVERGED * first:  # which NaN is not
        return
    reason = run.message if run.stopped == "not finite" else f"the error rose from {first:.3g} to {last:.3g}."
    raise Diverged(
        f"training diverged at a learning rate of {learning_rate:g}: {reason} "
        f"The default learning rate is {FitSettings.learning_rate:g}"
    )


def _error(predicted: NDArray[np.float64], y: NDArray[Any], weights: NDArray[Any]) -> float:
    """The loss of predictions of encoded targets."""
    with np.errstate(over="ignore", invalid="ignore"):
        if predicted.shape[1] == 1:
            errors = (predicted[:, 0] - y) ** 2
        else:
            errors = -np.log(np.clip(predicted[np.arange(len(y)), y.astype(int)], _SMALLEST, 1))
        return float(np.average(errors, weights=weights)) if np.any(weights) else 0.0
