"""``hessian_vector_product``: how the gradient turns along a direction."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope import graph as graphs
from downslope._keywords import suggests_keywords
from downslope.engines import Evaluator
from downslope.nets import Network, Point, checked_one, parameter_values
from downslope.training import checked_data

__all__ = ["hessian_vector_product"]


@suggests_keywords
def hessian_vector_product(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    *,
    parameters: Point,
    vector: Point,
    row_weights: ArrayLike | None = None,
) -> dict[str, NDArray[np.float32]] | dict[str, NDArray[np.float64]]:
    """H·v: the second derivatives of the error, penalties included, times a direction.

    H·v = ∂(Σ ∂E/∂w·v)/∂w, the chain rule applied to its own result: the price of a few gradients, whatever
    the number of parameters, because H is never formed (Pearlmutter, "Fast exact multiplication by the
    Hessian", 1994). Where an activation has a kink, its second derivative there is taken as 0.

    Args:
        network: any network; dropout is at rest.
        x: inputs, (rows, network.inputs). float32 stays float32, everything else becomes float64.
        y: targets, as ``descend`` takes them.
        parameters: the point: by name, all in one flat list, or a run's or a model's.
        vector: v, a number for each parameter, by name or in one flat list.
        row_weights: how much each row counts, (rows,).

    Returns:
        H·v by name, each part in the shape of its parameter.

    Raises:
        DownslopeError: if something given does not fit the network; the message says what.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=2, layers=[Dense(1, bias=False)])  # H = 2·mean(x xᵀ)
    >>> at, v = {"layer1.weight": [[0.0, 0.0]]}, {"layer1.weight": [[1.0, 0.0]]}
    >>> hessian_vector_product(net, [[1.0, 2.0], [3.0, 4.0]], [0.0, 0.0], parameters=at, vector=v)
    {'layer1.weight': array([[10., 14.]])}
    """
    checked_one(network)
    data = checked_data(network, x, y, row_weights)
    dtype = data["x"].dtype
    values = parameter_values(network, parameters, dtype)
    direction = parameter_values(network, vector, dtype, "vector")
    along = {_along(name): v for name, v in direction.items()}
    products = _program(network).mean({**values, **along, **data})
    # copies: what an engine gives may be a view of one number, repeated
    return {name: np.array(product, dtype) for name, product in zip(values, products, strict=True)}


@lru_cache(maxsize=16)
def _program(network: Network) -> Evaluator:
    graph = network.graph()
    vectors = [graphs.input_(_along(name), node.shape) for name, node in graph.parameters.items()]
    return Evaluator(graphs.hessian_vector_product(graph.error, list(graph.parameters.values()), vectors))


def _along(name: str) -> str:
    return f"vector.{name}"
