"""A network at one point: every value on the way, and every derivative, of some rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._forks import cached_property
from downslope.engines import Evaluator
from downslope.graph import gradient as derivatives
from downslope.graph import make
from downslope.insight.gradients import gradient
from downslope.nets import Network, Stage
from downslope.training import Arrays

__all__ = ["Look", "StageLook"]


@dataclass(frozen=True, eq=False)
class StageLook:
    """A stage of the network on some rows.

    Attributes:
        stage: which.
    """

    stage: Stage
    _place: int
    _look: Look

    @property
    def values(self) -> NDArray[Any]:
        """Of it, (rows, width)."""
        return self._look.values[self._place]

    @property
    def deltas(self) -> NDArray[Any]:
        """δ, ∂Eₙ/∂(its values) of each row's own error, (rows, width)."""
        return self._look.deltas[self._place]


@dataclass(frozen=True, eq=False)
class Look:
    """A network at one point on some rows; each quantity is computed when it is asked for.

    Attributes:
        network: which.
        parameters: the point, by name.
        rows: x, y and row_weights.
    """

    network: Network
    parameters: Mapping[str, NDArray[Any]]
    rows: Arrays

    @property
    def errors(self) -> NDArray[Any]:
        """Of each row, (rows,)."""
        return self._forward[0]

    @property
    def values(self) -> Sequence[NDArray[Any]]:
        """Of each stage, (rows, width)."""
        return self._forward[1:]

    @cached_property
    def stages(self) -> Sequence[StageLook]:
        """From the first layer to the last."""
        return [StageLook(stage, i, self) for i, stage in enumerate(self.network.graph().stages)]

    @cached_property
    def _forward(self) -> Sequence[NDArray[Any]]:
        with np.errstate(all="ignore"):
            return _values(self.network).rows({**self.parameters, **self.rows})

    @cached_property
    def deltas(self) -> Sequence[NDArray[Any]]:
        """δ of each stage, (rows, width)."""
        with np.errstate(all="ignore"):
            return _deltas(self.network).rows({**self.parameters, **self.rows})

    @cached_property
    def gradient(self) -> Mapping[str, NDArray[Any]]:
        """∂E/∂w by name, of the mean error with its penalties."""
        with np.errstate(all="ignore"):
            return gradient(self.network, parameters=self.parameters, **self.rows)

    @property
    def gradient_norm(self) -> float:
        """‖∂E/∂w‖ over all parameters."""
        return float(np.sqrt(sum(float(np.sum(np.square(g))) for g in self.gradient.values())))


@lru_cache(maxsize=16)
def _values(network: Network) -> Evaluator:
    graph = network.graph()
    return Evaluator([graph.errors, *(stage.node for stage in graph.stages)])


@lru_cache(maxsize=16)
def _deltas(network: Network) -> Evaluator:
    graph = network.graph()
    total = make("sum", graph.errors, axes=None, keepdims=False)
    return Evaluator(derivatives(total, [stage.node for stage in graph.stages]))
