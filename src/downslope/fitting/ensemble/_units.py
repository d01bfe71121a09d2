"""The unit in which networks learn what others leave, and its way into their last layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.nets import AnyNetwork, last_parameters

__all__ = ["in_units", "unit_of"]

_SMALLEST = 1e-30


def unit_of(errors: NDArray[np.floating[Any]], weights: NDArray[np.float32]) -> np.float32:
    """The power of two near the mean size of errors, which networks would take long to come down to."""
    size = float(np.average(np.abs(errors.astype(np.float64)), weights=weights))
    return np.float32(2.0 ** np.round(np.log2(max(size, _SMALLEST))))


def in_units(
    network: AnyNetwork, parameters: Mapping[str, NDArray[Any]], unit: np.float32
) -> dict[str, NDArray[Any]]:
    """Parameters with which a network, or each member, predicts so many times as much."""
    of_last_layer = last_parameters(network, 2)
    return dict(parameters) | {name: parameters[name] * unit for name in of_last_layer}
