"""Errors on rows that a fit has not seen, the smaller the better, alike for all libraries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["log_loss", "relative_error"]

_PROBABILITY = 1e-7  # the smallest that counts


def relative_error(predicted: Any, y: Any) -> float:
    """The root mean squared error over the standard deviation of the targets."""
    true = np.asarray(y, float)
    return float(np.sqrt(np.mean((np.asarray(predicted) - true) ** 2)) / true.std())


def log_loss(probabilities: Any, classes: Sequence[Any], y: Any) -> float:
    """The mean log loss, in nats; a class that the fit does not know has the smallest probability."""
    told, places = np.asarray(probabilities), {str(name): place for place, name in enumerate(classes)}
    right = [told[row, places[str(one)]] if str(one) in places else 0.0 for row, one in enumerate(y)]
    return float(-np.log(np.clip(right, _PROBABILITY, 1)).mean())
