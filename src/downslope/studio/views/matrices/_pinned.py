"""One unit of a network of any size as a small network: its strongest inputs and outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines import Evaluator
from downslope.errors import DownslopeError
from downslope.graph import Node, gradient
from downslope.insight import DenseStage, dense_layers
from downslope.nets import Network

__all__ = ["pinned"]


def pinned(
    network: Network,
    parameters: Mapping[str, NDArray[Any]],
    data: Mapping[str, NDArray[Any]],
    layer: str,
    unit: int,
    row: int | None,
    *,
    strongest: int = 8,
    features: Sequence[str] = (),
    slopes: Mapping[str, NDArray[Any]] | None = None,
) -> dict[str, Any]:
    """One unit as a small network: z = Σⱼ wⱼ·hⱼ + b, a = φ(z), its strongest inputs, and where its a goes.

    Without a row everything is the mean over the rows, weighted as the error weighs them, of which the sum
    holds too: the mean of z is Σⱼ wⱼ·(mean of hⱼ) + b. (The mean of a is not φ of that.) The gradients are
    those of the error, penalties included, of the rows or of the one.

    Args:
        network: dropout is at rest.
        parameters: all of them by name.
        data: ``x`` (rows, inputs), ``y`` and ``row_weights``, as ``descend`` takes them.
        layer: the name of a dense layer.
        unit: its number, counted from 0.
        row: its number, counted from 0, or None for the mean over all.
        strongest: inputs with the largest |w·h| and outputs with the largest |w| that are shown.
        features: what the columns of x are called.
        slopes: the gradients of a step by parameter, dropout at work, to be shown instead.

    Returns:
        ``layer``, ``unit``, ``row``, ``rows`` (how many the means are over), ``activation``; ``inputs``: of
        each ``number``, ``name``, ``weight``, ``value``, ``product``, ``gradient``; ``others``: ``count`` and
        ``sum`` of the products that are not shown; ``bias`` and ``bias_gradient`` (None without one); ``z``;
        ``a``; ``next``, the layer that takes a, or None; ``outputs``: of each ``number``, ``name``,
        ``weight``, ``gradient``; and ``others_next``: the count of those that are not shown.

    Raises:
        DownslopeError: if there is no such layer, unit or row.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=2, layers=[Dense(1)])
    >>> weights = {"layer1.weight": np.array([[2.0, -1.0]]), "layer1.bias": np.array([0.5])}
    >>> data = {"x": np.array([[3.0, 4.0]]), "y": np.array([[2.0]]), "row_weights": np.ones(1)}
    >>> found = pinned(net, weights, data, "layer1", 0, None, features=["age", "size"])
    >>> [(i["name"], i["product"], i["gradient"]) for i in found["inputs"]]
    [('age', 6.0, 3.0), ('size', -4.0, 4.0)]
    >>> found["z"]
    2.5
    """
    dense = _checked(network, layer, unit)
    if row is not None:
        data = _row(data, row)
    given = {**parameters, **data}
    values, derivatives = _evaluators(network, dense)
    weights = np.asarray(data["row_weights"], np.float64)
    weights = weights / weights.sum()
    h, z, a = (weights @ values for values in values.rows(given))
    gradients = slopes or dict(zip(_parameters(network, dense), derivatives.mean(given), strict=True))
    weight = parameters[dense.weight.name][unit].astype(np.float64)
    bias = None if dense.bias is None else dense.bias.name
    products = weight * h
    shown = _strongest(products, strongest)
    return {
        "layer": layer,
        "unit": unit,
        "row": row,
        "rows": len(weights),
        "activation": dense.activation,
        "inputs": [
            {
                "number": int(j),
                "name": _input_name(network, dense, int(j), features),
                "weight": float(weight[j]),
                "value": float(h[j]),
                "product": float(products[j]),
                "gradient": float(gradients[dense.weight.name][unit, j]),
            }
            for j in shown
        ],
        "others": {"count": len(products) - len(shown), "sum": float(np.delete(products, shown).sum())},
        "bias": None if bias is None else float(parameters[bias][unit]),
        "bias_gradient": None if bias is None else float(gradients[bias][unit]),
        "z": float(z[unit]),
        "a": float(a[unit]),
        **_outputs(_after(network, dense), parameters, gradients, unit, strongest),
    }


def _after(network: Network, dense: DenseStage) -> DenseStage | None:
    """The first dense layer that takes a layer's activation."""
    return next((layer for layer in dense_layers(network) if layer.h is dense.a), None)


def _parameters(network: Network, dense: DenseStage) -> dict[str, Node]:
    """The parameters of a layer, and the weights by which the next one takes it."""
    after = _after(network, dense)
    shown = (dense.weight, dense.bias, None if after is None else after.weight)
    return {node.name: node for node in shown if node is not None}


@lru_cache(maxsize=4)
def _evaluators(network: Network, dense: DenseStage) -> tuple[Evaluator, Evaluator]:
    """Of the values h, z and a of a layer, and of the gradients of its parameters and of the next weights."""
    derivatives = gradient(network.graph().error, list(_parameters(network, dense).values()))
    return Evaluator([dense.h, dense.z, dense.a]), Evaluator(derivatives)


def _checked(network: Network, layer: str, unit: int) -> DenseStage:
    layers = dense_layers(network)
    dense = next((known for known in layers if known.name == layer), None)
    if dense is None:
        known = ", ".join(each.name for each in layers)
        raise DownslopeError(f"there is no dense layer {layer!r}; the network has {known}")
    if dense.a.shape != dense.z.shape:
        raise DownslopeError(
            f"the page cannot show the units of {layer}: its activation {dense.activation} makes "
            f"{dense.a.shape[1]} values of {dense.z.shape[1]}"
        )
    count = int(dense.z.shape[1])
    if not 0 <= unit < count:
        raise DownslopeError(f"{layer} has units 0 to {count - 1}, not {unit}")
    return dense


def _row(data: Mapping[str, NDArray[Any]], row: int) -> dict[str, NDArray[Any]]:
    count = len(data["x"])
    if not 0 <= row < count:
        raise DownslopeError(f"there are rows 0 to {count - 1}, not {row}")
    one = {name: values[row : row + 1] for name, values in data.items()}
    return {**one, "row_weights": np.ones_like(one["row_weights"])}  # a row of weight 0 has an error too


def _strongest(values: NDArray[Any], count: int) -> NDArray[np.int64]:
    return np.argsort(-np.abs(values), kind="stable")[:count]


def _input_name(network: Network, dense: DenseStage, number: int, features: Sequence[str]) -> str:
    if dense.h is not network.graph().x:
        return f"h{number + 1}"
    return features[number] if number < len(features) else f"x{number + 1}"


def _outputs(
    after: DenseStage | None,
    parameters: Mapping[str, NDArray[Any]],
    gradients: Mapping[str, NDArray[Any]],
    unit: int,
    strongest: int,
) -> dict[str, Any]:
    """The weights by which the next dense layer takes a unit."""
    if after is None:
        return {"next": None, "outputs": [], "others_next": 0}
    name = after.weight.name
    weights = parameters[name][:, unit]
    shown = _strongest(weights, strongest)
    outputs = [
        {
            "number": int(k),
            "name": f"unit {k + 1}",
            "weight": float(weights[k]),
            "gradient": float(gradients[name][k, unit]),
        }
        for k in shown
    ]
    return {"next": after.name, "outputs": outputs, "others_next": len(weights) - len(shown)}
