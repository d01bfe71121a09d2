"""``gradient_norms``: how large the gradient of each row is."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope._keywords import suggests_keywords
from downslope.engines import Evaluator
from downslope.graph import row_gradient_norms
from downslope.nets import Network, Point, checked_one, parameter_values
from downslope.training import checked_data

__all__ = ["gradient_norms"]


@suggests_keywords
def gradient_norms(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    *,
    parameters: Point,
    row_weights: ArrayLike | None = None,
) -> NDArray[np.float32] | NDArray[np.float64]:
    """The size of each row's own gradient: ‖∂(wₙEₙ)/∂(all parameters)‖, Euclidean, without penalties.

    In a dense layer it is ‖δₙ‖²·(‖hₙ‖² + 1) squared, summed over the layers: about the price of one gradient
    of all rows together, because no row's gradient is formed (Goodfellow, "Efficient per-example gradient
    computations", 2015).

    Args:
        network: any network; dropout is at rest.
        x: inputs, (rows, network.inputs). float32 stays float32, everything else becomes float64.
        y: targets, as ``descend`` takes them.
        parameters: by name, all in one flat list, or a run's or a model's.
        row_weights: w, how much each row counts, (rows,); 1 where not given.

    Returns:
        The norms, (rows,). The rows that are badly fitted, mislabelled or outlying have the large ones.

    Raises:
        DownslopeError: if the data or the parameters do not fit the network; the message says what.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=2, layers=[Dense(1, bias=False)])
    >>> fit = {"layer1.weight": [[1.0, 1.0]]}  # δ = −2(y − z) = −2 and 0, h = x
    >>> gradient_norms(net, [[3.0, 4.0], [1.0, 2.0]], [8.0, 3.0], parameters=fit)
    array([10.,  0.])
    """
    checked_one(network)
    data = checked_data(network, x, y, row_weights)
    values = parameter_values(network, parameters, data["x"].dtype)
    (norms,) = _program(network).rows({**values, **data})
    return norms if row_weights is None else norms * data["row_weights"]


@lru_cache(maxsize=16)
def _program(network: Network) -> Evaluator:
    graph = network.graph()
    return Evaluator([row_gradient_norms(graph.errors, list(graph.parameters.values()))])
