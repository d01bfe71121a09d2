"""What is no more than rounding: errors as small as rounding makes them of the numbers they come from."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from downslope.engines import Evaluator
from downslope.insight import dense_layers
from downslope.nets import Network
from downslope.studio.views.pictures._sampling import quiet
from downslope.training import Arrays

__all__ = ["is_rounding", "rounding_of_rows"]

_LOSSES = ("squared_error", "absolute_error", "huber")  # of y − z alone, 0 where that is 0


@quiet
def rounding_of_rows(network: Network, parameters: Arrays, data: Arrays) -> NDArray[np.float64] | None:
    """How large rounding alone can make y − z, (rows, outputs); None where the output is no plain sum.

    z = Σ w·h + b takes n + 1 roundings of at most half an epsilon each, y − z one more, and none of the
    partial results is larger than Σ|w·h| + |b| + |y|: the usual bound of a sum, (n + 2)·ε/2 of that.
    """
    if str(network.loss) not in _LOSSES or not network.graph().stages:
        return None
    last = dense_layers(network)[-1] if dense_layers(network) else None
    if last is None or last.z is not network.graph().output:
        return None
    (h,) = _inputs_of(network).rows({**parameters, **data})
    weight = np.abs(np.asarray(parameters[last.weight.name], np.float64))
    terms = np.abs(np.asarray(h, np.float64)) @ weight.T
    if last.bias is not None:
        terms += np.abs(np.asarray(parameters[last.bias.name], np.float64))
    epsilon = np.finfo(np.result_type(data["y"], parameters[last.weight.name])).eps
    bound: NDArray[np.float64] = (weight.shape[1] + 2) * epsilon / 2 * (terms + np.abs(data["y"]))
    return bound


@quiet
def is_rounding(network: Network, error: float, bounds: NDArray[np.float64] | None) -> bool:
    """Whether a mean error is no larger than that of rows whose y − z are at their bounds."""
    if bounds is None or not np.isfinite(error):
        return False
    per_output = bounds if str(network.loss) == "absolute_error" else np.square(bounds)
    return error <= float(per_output.sum(axis=1).mean())


@lru_cache(maxsize=2)
def _inputs_of(network: Network) -> Evaluator:
    """What comes into the output layer."""
    return Evaluator([dense_layers(network)[-1].h])
