"""A network at one point: every value on the way, and every derivative, of some rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines import Evaluator
from downslope.graph import gradient, make
from downslope.nets import Network, Stage
from downslope.training import Arrays

__all__ = ["Look", "StageLook", "look_at"]


@dataclass(frozen=True)
class StageLook:
    """A stage of the network on some rows.

    Attributes:
        stage: which.
        values: of it, (rows, width).
        deltas: δ, ∂Eₙ/∂(its values) of each row's own error, (rows, width).
    """

    stage: Stage
    values: NDArray[Any]
    deltas: NDArray[Any]


@dataclass(frozen=True)
class Look:
    """A network at one point on some rows.

    Attributes:
        errors: of each row, (rows,).
        stages: from the first layer to the last.
        gradient: ∂E/∂w by name, of the mean error with its penalties.
    """

    errors: NDArray[Any]
    stages: Sequence[StageLook]
    gradient: Mapping[str, NDArray[Any]]

    @property
    def gradient_norm(self) -> float:
        """‖∂E/∂w‖ over all parameters."""
        return float(np.sqrt(sum(float(np.sum(np.square(g))) for g in self.gradient.values())))


def look_at(network: Network, parameters: Mapping[str, NDArray[Any]], rows: Arrays) -> Look:
    """What a network is at some parameters, on rows: x, y and row_weights."""
    stages = network.graph().stages
    with np.errstate(all="ignore"):
        errors, *parts = _rows(network).rows({**parameters, **rows})
        gradients = _means(network).mean({**parameters, **rows})
    values, deltas = parts[: len(stages)], parts[len(stages) :]
    seen = [StageLook(*each) for each in zip(stages, values, deltas, strict=True)]
    return Look(errors, seen, dict(zip(network.graph().parameters, gradients, strict=True)))


@lru_cache(maxsize=16)
def _rows(network: Network) -> Evaluator:
    graph = network.graph()
    nodes = [stage.node for stage in graph.stages]
    total = make("sum", graph.errors, axes=None, keepdims=False)
    return Evaluator([graph.errors, *nodes, *gradient(total, nodes)])


@lru_cache(maxsize=16)
def _means(network: Network) -> Evaluator:
    graph = network.graph()
    return Evaluator(gradient(graph.error, list(graph.parameters.values())))
