"""``gradient``: the derivative of the error by every parameter, as training computes it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope import graph as graphs
from downslope._keywords import suggests_keywords
from downslope.engines import Evaluator
from downslope.nets import AnyNetwork, Ensemble, Network, Point, parameter_values
from downslope.training import checked_data

__all__ = ["gradient"]


@suggests_keywords
def gradient(
    network: AnyNetwork,
    x: ArrayLike,
    y: ArrayLike,
    *,
    parameters: Point,
    row_weights: ArrayLike | None = None,
) -> dict[str, NDArray[Any]]:
    """∂E/∂w of every parameter: E is the weighted mean of the rows' errors plus the penalties l1 and l2.

    It is the gradient that a full-batch step of ``descend`` descends along, by back-propagation (Rumelhart,
    Hinton and Williams 1986). Where an activation has a kink, its derivative there is that of one side.

    Args:
        network: any network; dropout is at rest. Of an ensemble, the error is the mean over the members.
        x: inputs, (rows, network.inputs). float32 stays float32, everything else becomes float64.
        y: targets, as ``descend`` takes them.
        parameters: the point: by name, all in one flat list, or a run's or a model's.
        row_weights: how much each row counts, (rows,); for an ensemble also (rows, members).

    Returns:
        The gradient by name, each part in the shape of its parameter and the dtype of x.

    Raises:
        DownslopeError: if the data or the parameters do not fit the network; the message says what.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=2, layers=[Dense(1, bias=False)])  # ∂E/∂w = mean of −2(y − z)x, z = 11, −1
    >>> gradient(net, [[3.0, 4.0], [1.0, -1.0]], [8.0, 3.0], parameters=[1.0, 2.0])
    {'layer1.weight': array([[ 5., 16.]])}
    """
    data = checked_data(network, x, y, row_weights)
    values = parameter_values(network, parameters, data["x"].dtype)
    if not isinstance(network, Ensemble):
        return _gradient(network, values, data)
    # each member by itself: its rows count by weights of its own
    members = len(network.networks)
    found: dict[str, NDArray[Any]] = {}
    for member, own in enumerate(network.networks):
        rows = data | {"row_weights": np.ascontiguousarray(data["row_weights"][:, member])}
        parts = _gradient(own, network.of_member(member, values), rows)
        found |= {network.prefix(member) + name: part / members for name, part in parts.items()}
    return found


def _gradient(
    network: Network, values: dict[str, NDArray[Any]], data: dict[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    found = _program(network).mean({**values, **data})
    # copies: what an engine gives may be a view of one number, repeated
    return {name: np.array(part, data["x"].dtype) for name, part in zip(values, found, strict=True)}


@lru_cache(maxsize=16)
def _program(network: Network) -> Evaluator:
    graph = network.graph()
    return Evaluator(graphs.gradient(graph.error, list(graph.parameters.values())))
