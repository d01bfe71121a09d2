"""Starting values: how large they are beside those of the usual rules, and a call that draws them anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.insight.diagnosis._finding import Remedy
from downslope.insight.diagnosis.measured import Call
from downslope.insight.diagnosis.remedies._layers import with_each
from downslope.nets import Network
from downslope.training import Run

__all__ = ["LARGE", "SMALL", "StartingWeights", "drawn_anew", "starting_weights"]

LARGE = 2.0
"""Times the largest usual size: weights beyond it are too large."""
SMALL = 0.5
"""Of the smallest usual size: weights below it are too small."""


@dataclass(frozen=True)
class StartingWeights:
    """The weights of a dense layer at the start.

    Attributes:
        layer: its name.
        weights: of each unit, (units, inputs).
        biases: of each unit, (units,), or (0,) where there is none.
        size: root mean square of the weights.
        least, most: of that size by the rules that are in use: Glorot's, LeCun's and He's.
    """

    layer: str
    weights: NDArray[np.float64]
    biases: NDArray[np.float64]
    size: float
    least: float
    most: float

    @property
    def is_large(self) -> bool:
        """Whether they are more than twice as large as by any of these rules."""
        return self.size > LARGE * self.most

    @property
    def is_small(self) -> bool:
        """Whether they are less than half as large as by any of these rules."""
        return self.size < SMALL * self.least

    @property
    def are_alike(self) -> bool:
        """Whether all units have the same ones."""
        return len(self.weights) > 1 and not self.largest_difference

    @property
    def largest_difference(self) -> float:
        """Between the same weight, or the bias, of two units."""
        apart = np.ptp(self.weights, axis=0).max()
        return float(max(apart, np.ptp(self.biases)) if len(self.biases) else apart)


def starting_weights(network: Network, start: Mapping[str, NDArray[Any]]) -> Iterable[StartingWeights]:
    """Of every dense layer, from the first to the last.

    Glorot and Bengio (2010) draw weights of the variance 2/(inputs + units), LeCun et al. (1998) 1/inputs, He
    et al. (2015) 2/inputs.
    """
    for stage in network.graph().stages:
        if stage.kind != "Dense":
            continue
        names = [node.name for node in stage.parameters.values()]
        weight, *bias = (np.asarray(start[name], np.float64) for name in names)
        units, inputs = weight.shape
        yield StartingWeights(
            stage.layer,
            weight,
            bias[0] if bias else np.zeros(0),
            float(np.sqrt(np.mean(np.square(weight)))),
            min(2 / (inputs + units), 1 / inputs) ** 0.5,
            (2 / inputs) ** 0.5,
        )


def drawn_anew(call: Call) -> list[Remedy]:
    """The remedy that draws the starting values by the rules that suit the activations, if they are not."""
    start = call.settings.get("start")
    if isinstance(start, Run) or (start is None and _drawn(call).network == call.network):
        return []
    return [Remedy("starting values drawn to suit each activation: no start and no initializer", _drawn)]


def _drawn(call: Call) -> Call:
    anew = call if call.settings.get("start") is None else call.with_settings(start=None)
    return with_each(anew, lambda layer: replace(layer, initializer=None, bias=layer.bias is not False))
