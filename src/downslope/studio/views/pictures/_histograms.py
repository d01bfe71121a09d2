"""Histograms of weights, activations and gradients, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines import Evaluator
from downslope.graph import Node
from downslope.nets import Network
from downslope.studio.session._session import Session
from downslope.studio.views.pictures._sampling import counted, quiet, sample_of
from downslope.training import Arrays

__all__ = ["histograms", "make"]

_ROWS = 2048  # whose activations are counted
_OFFSETS = ("bias", "shift", "offset", "phase")  # roles of parameters that are no weights


def make(session: Session, _: Mapping[str, Any], parameters: Arrays) -> dict[str, Any]:
    """The histograms of what is shown; the gradients are those of the step that follows."""
    state, step = session.state, session.next_step
    found = histograms(state.settings.network, parameters, step.gradients, state.shown_descent.split.training)
    return {**found, "gradient_rows": step.rows_in_words}


@quiet
def histograms(
    network: Network,
    parameters: Mapping[str, NDArray[Any]],
    gradients: Mapping[str, NDArray[Any]],
    data: Mapping[str, NDArray[Any]],
    bins: int = 40,
) -> dict[str, Any]:
    """Histograms of weights, activations and given gradients of the weights, layer by layer.

    Activations are those of at most 2,048 rows, evenly spaced.

    Returns:
        ``rows``, whether they are ``sampled``, and ``layers``: for each with weights its ``name``,
        ``activation`` and ``weights``, ``activations`` and ``gradients``, each with ``counts`` (bins,),
        ``edges`` (bins + 1,), ``min``, ``max``, ``mean``, ``zeros``: the share that is 0, and ``unbounded``:
        how many are not finite and not counted.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=1, layers=[Dense(2, "relu", initializer=[[1.0], [-1.0]]), Dense(1)])
    >>> rows = {"x": np.array([[1.0], [2.0]]), "y": np.zeros((2, 1)), "row_weights": np.ones(2)}
    >>> weights = net.initial_parameters()
    >>> first = histograms(net, weights, weights, rows)["layers"][0]
    >>> first["name"], first["activations"]["zeros"], first["activations"]["max"]
    ('layer1', 0.5, 2.0)
    """
    chosen = sample_of(data, _ROWS)
    values = {**parameters, **chosen}
    names, weights, stages = _layers(network)
    activated = _activations(network).rows(values)
    layers = [
        {
            "name": name,
            "activation": stage.op.name if stage.op.name not in ("add", "matmul", "concatenate") else "",
            "weights": _histogram([parameters[weight] for weight in own], bins),
            "activations": _histogram([a], bins),
            "gradients": _histogram([gradients[weight] for weight in own], bins),
        }
        for name, own, stage, a in zip(names, weights, stages, activated, strict=True)
    ]
    return {"layers": layers, "rows": len(chosen["x"]), "sampled": len(chosen["x"]) < len(data["x"])}


def _layers(network: Network) -> tuple[list[str], list[list[str]], list[Node]]:
    """The layers with weights, the names of these, and what comes out of each layer."""
    graph = network.graph()
    own: dict[str, list[str]] = {}
    for stage in graph.stages:
        weights = [node.name for role, node in stage.parameters.items() if role not in _OFFSETS]
        if weights:
            own.setdefault(stage.layer, []).extend(weights)
    last = {stage.layer: stage.node for stage in graph.stages}
    return list(own), list(own.values()), [last[layer] for layer in own]


@lru_cache(maxsize=2)
def _activations(network: Network) -> Evaluator:
    _, _, stages = _layers(network)
    return Evaluator(stages)


def _histogram(arrays: Sequence[NDArray[Any]], bins: int) -> dict[str, Any]:
    values = np.concatenate([np.ravel(array) for array in arrays]).astype(np.float64)
    finite = values[np.isfinite(values)]
    some = len(finite) > 0
    return {
        **counted(values, bins),
        "min": float(finite.min()) if some else None,
        "max": float(finite.max()) if some else None,
        "mean": float(finite.mean()) if some else None,
        "zeros": float(np.mean(values == 0)),
        "unbounded": len(values) - len(finite),
    }
