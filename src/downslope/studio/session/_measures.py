"""Errors, predictions and gradients of a network on some rows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines import Evaluator
from downslope.graph import gradient
from downslope.nets import Network
from downslope.training import Arrays

__all__ = ["error_of", "forward_of", "gradients_of", "probabilities_of"]


def error_of(
    network: Network, parameters: Mapping[str, NDArray[Any]], data: Arrays, *, penalties: bool = False
) -> float:
    """The error of some rows, dropout at rest."""
    with np.errstate(all="ignore"):
        plain, whole = _errors(network).mean({**parameters, **data})
    return float(whole if penalties else plain)


def forward_of(
    network: Network, parameters: Mapping[str, NDArray[Any]], data: Arrays
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """z of the output, the prediction and the error of each row."""
    with np.errstate(all="ignore"):
        z, prediction, errors = _forward(network).rows({**parameters, **data})
    return z, prediction, errors


def gradients_of(
    network: Network,
    values: Mapping[str, NDArray[Any]],
    batch: Mapping[str, NDArray[Any]],
    seed: int,
    step: int,
) -> Arrays:
    """∂error/∂parameter on the rows of a step, dropout at work as in that step (counted from 1)."""
    given = {**values, **batch, "seed": seed, "draw": step}
    found = _gradients(network).mean(given)
    return dict(zip(network.graph().parameters, found, strict=True))


def probabilities_of(prediction: NDArray[Any]) -> NDArray[Any]:
    """The probability of each class, (rows, classes); of two, one output gives that of the second."""
    return prediction if prediction.shape[1] > 1 else np.concatenate([1 - prediction, prediction], axis=1)


@lru_cache(maxsize=2)
def _errors(network: Network) -> Evaluator:
    graph = network.graph()
    return Evaluator([graph.data_error, graph.error])


@lru_cache(maxsize=2)
def _forward(network: Network) -> Evaluator:
    graph = network.graph()
    return Evaluator([graph.output, graph.prediction, graph.errors])


@lru_cache(maxsize=2)
def _gradients(network: Network) -> Evaluator:
    graph = network.graph(training=True)
    return Evaluator(gradient(graph.error, list(graph.parameters.values())))
