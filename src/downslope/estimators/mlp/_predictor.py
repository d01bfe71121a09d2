"""What a fitted perceptron says of a few rows, again and again: its parameters are set once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.nets import Network
from downslope.training import Predictor

__all__ = ["keep_predictor", "kept_predictor"]


@dataclass(frozen=True)
class _Kept:
    network: Network
    dtype: np.dtype[Any]
    arrays: list[bytes]
    predictor: Predictor


# beside the estimators: a prediction changes no attribute of theirs
_kept: WeakKeyDictionary[Any, _Kept] = WeakKeyDictionary()


def kept_predictor(
    estimator: Any, network: Network, dtype: np.dtype[Any], arrays: Sequence[NDArray[Any]]
) -> Predictor | None:
    """That of the estimator's last call, unless anything differs: arrays can be changed in their place."""
    kept = _kept.get(estimator)
    if kept is None or kept.network is not network or kept.dtype != dtype:
        return None
    return kept.predictor if kept.arrays == [array.tobytes() for array in arrays] else None


def keep_predictor(
    estimator: Any, network: Network, arrays: Sequence[NDArray[Any]], values: dict[str, NDArray[Any]]
) -> Predictor:
    """Make and keep one for the next calls; ``values`` are copies of the arrays, by their names."""
    predictor = Predictor(network, values)
    dtype = values["layer1.bias"].dtype
    _kept[estimator] = _Kept(network, dtype, [array.tobytes() for array in arrays], predictor)
    return predictor
