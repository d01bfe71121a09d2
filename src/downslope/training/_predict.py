"""``predict``: what a network says of rows, at given parameters."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope._keywords import suggests_keywords
from downslope.engines import Evaluator
from downslope.nets import AnyNetwork, Ensemble, Point, parameter_values
from downslope.training._stopping import Folds
from downslope.training.arguments import checked_inputs

__all__ = ["Predictor", "forward", "held_out", "predict"]


@suggests_keywords
def predict(
    network: AnyNetwork, x: ArrayLike, *, parameters: Point
) -> NDArray[np.float32] | NDArray[np.float64]:
    """What a network predicts: φ(z) of the last layer, with dropout at rest.

    It is the output itself, or what the output stands for under the loss: σ(z) is a probability
    (binary_cross_entropy), softmax(z) are those of all classes (cross_entropy), eᶻ is a rate (poisson).

    Args:
        network: what predicts.
        x: inputs, (rows, network.inputs). float32 stays float32, everything else becomes float64.
        parameters: by name, all in one flat list, or a run's or a model's.

    Returns:
        The predictions, (rows, outputs).

    Raises:
        DownslopeError: if x or the parameters do not fit the network; the message says what.

    >>> from downslope.nets import Dense, Network
    >>> net = Network(inputs=2, layers=[Dense(1)], loss="binary_cross_entropy")
    >>> values = {"layer1.weight": [[1.0, -1.0]], "layer1.bias": [0.0]}
    >>> predict(net, [[3.0, 3.0], [1.0, 0.0]], parameters=values).round(3)
    array([[0.5  ],
           [0.731]])
    """
    inputs = checked_inputs(network, x)
    return forward(network, parameter_values(network, parameters, inputs.dtype), inputs)


def forward(
    network: AnyNetwork, values: Mapping[str, NDArray[Any]], x: NDArray[Any], threads: int | None = None
) -> NDArray[Any]:
    """What a network predicts, (rows, outputs), of arrays that are known to fit."""
    return _prediction(network).rows({**values, "x": x}, threads)[0]


class Predictor:
    """What a network predicts at one point, again and again; the parameters must stay as they are.

    It can be pickled: it is built anew from the network and the parameters.
    """

    def __init__(self, network: AnyNetwork, values: Mapping[str, NDArray[Any]]) -> None:
        self._network, self._values = network, values
        self._rows = _prediction(network).at_point(values)

    def __call__(self, x: NDArray[Any], threads: int | None = None) -> NDArray[Any]:
        """What it predicts of rows, (rows, outputs), of inputs that are known to fit."""
        return self._rows(x, threads)[0]

    def __reduce__(self) -> tuple[Any, ...]:
        return Predictor, (self._network, self._values)


def held_out(
    ensemble: Ensemble, values: Mapping[str, NDArray[Any]], x: NDArray[Any], folds: Folds
) -> NDArray[Any]:
    """What is predicted of each row that was held out by the member that did it, (rows held out, outputs)."""
    parts = []
    for member, network in enumerate(ensemble.networks):
        own = ensemble.of_member(member, values)
        parts.append(forward(network, own, np.ascontiguousarray(x[folds.of == member])))
    of = folds.of[folds.held_out]
    order = np.argsort(np.argsort(of, kind="stable"), kind="stable")
    found: NDArray[Any] = np.concatenate(parts)[order]
    return found


@lru_cache(maxsize=16)
def _prediction(network: AnyNetwork) -> Evaluator:
    return Evaluator([network.graph().prediction])
