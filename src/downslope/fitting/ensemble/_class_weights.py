"""Rows of a class that count more in training, and what takes that out of the probabilities again.

A network that was trained where each row of class k counts wₖ times gives p̃ₖ ∝ wₖ pₖ. So ln wₖ is subtracted
from its last z (Elkan, "The foundations of cost-sensitive learning", 2001, theorem 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.fitting.ensemble._recipe import FitSettings
from downslope.nets import AnyNetwork, last_parameters
from downslope.tables import Target, listed

__all__ = ["class_weights_of", "taken_back"]


def class_weights_of(settings: FitSettings, target: Target, y: NDArray[Any]) -> NDArray[np.float32] | None:
    """How much the rows of each class count in training, (classes,), of mean 1 over the rows; None for alike.

    Args:
        settings: of the fit.
        target: numbers have no classes.
        y: the numbers of the classes, (rows,).

    Raises:
        DownslopeError: if a class is named that there is not.
    """
    asked, classes = settings.class_weight, target.classes
    if asked is None or not classes:
        return None
    counts = np.bincount(y.astype(np.int64), minlength=len(classes))
    if isinstance(asked, str):  # balanced
        found = np.where(counts, len(y) / np.maximum(counts, 1), 1.0)
    else:
        unknown = [name for name in asked if name not in classes]
        if unknown:
            raise DownslopeError(
                f'class_weight names "{unknown[0]}", and "{target.name}" has the classes {listed(classes)}; '
                "name one of these"
            )
        found = np.array([asked.get(name, 1.0) for name in classes])
    return (found * (len(y) / (counts @ found))).astype(np.float32)


def taken_back(
    network: AnyNetwork, parameters: Mapping[str, NDArray[Any]], class_weights: NDArray[Any] | None
) -> dict[str, NDArray[Any]]:
    """Parameters with which a network gives the probabilities of rows that all count alike.

    Args:
        network: trained with weights of classes.
        parameters: of its training.
        class_weights: (classes,); None where there were none.
    """
    found = dict(parameters)
    if class_weights is None:
        return found
    logs = np.log(np.asarray(class_weights, np.float64))
    shift = logs - logs.mean() if len(logs) > 2 else logs[1:] - logs[:1]
    for name in last_parameters(network, 1):  # added to the last z
        found[name] = (found[name] - shift).astype(found[name].dtype)
    return found
