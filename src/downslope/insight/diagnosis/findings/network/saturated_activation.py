"""``saturated-activation``: units of sigmoid or tanh at their limits, where they hardly react."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination, Look
from downslope.insight.diagnosis.remedies import drawn_anew, hidden, starting_weights, with_each, with_layers
from downslope.nets import Dense
from downslope.training import Sgd

__all__ = ["saturated_activation"]

_SOURCE = "LeCun, Bottou, Orr and Müller, 'Efficient BackProp' (1998), sections 4.4 and 4.6"
_LIMITS = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}
_NEAR = 1e-3  # of a limit: the slope there is at most 1/100 of that in the middle (0.4% and 0.2%)
_LARGE = 10.0  # root mean square of the inputs, where 1 is what starting weights are made for
_ROWS = 0.95  # of the rows, nearly all


@finding("saturated-activation", _SOURCE)
def saturated_activation(seen: Examination) -> Iterable[Suspicion]:
    """Units that are within 0.001 of a limit on nearly every row, at the start and still at the end."""
    start, end = _saturated(seen.at_start), _saturated(seen.at_end)
    stuck = {layer: np.flatnonzero(units & end[layer]) for layer, units in start.items()}
    layer = max(stuck, key=lambda name: len(stuck[name]) / len(start[name]), default="")
    if not layer or not len(stuck[layer]):
        return
    if any(each.is_large for each in starting_weights(seen.call.network, seen.start)):
        return  # the cause is the size of the weights at the start
    if float(np.sqrt(np.mean(np.square(seen.rows["x"])))) > _LARGE:
        return  # the cause is the size of the inputs
    count, units = len(stuck[layer]), len(start[layer])
    yield Suspicion(
        Where(layer=layer, units=tuple(stuck[layer].tolist())),
        (Evidence(f"units of {layer} at a limit on 95% of the rows, start and end", count, 0.0, _SOURCE),),
        f"{count} of {units} units of {layer} are within 0.001 of a limit of their activation on nearly "
        "every row, from the start on: they hardly react to the inputs, and hardly any gradient passes them.",
        (*drawn_anew(seen.call), Remedy("ReLU in the layers before the last", _rectified)),
    )


def _saturated(look: Look) -> dict[str, NDArray[Any]]:
    """Which units are at a limit on nearly every row, of each hidden layer of such units."""
    found = {}
    for each in hidden(look):
        if each.stage.function in _LIMITS:
            low, high = _LIMITS[each.stage.function]
            near = (each.values <= low + _NEAR) | (each.values >= high - _NEAR)
            found[each.stage.layer] = near.mean(axis=0) >= _ROWS
    return found


def _rectified(call: Call) -> Call:
    def rectified(layer: Dense) -> Dense:
        return replace(layer, activation="relu") if layer.activation in _LIMITS else layer

    return with_each(call, rectified, last=False)


@saturated_activation.planted
def _biases(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """Biases that start so far from 0 that the units of the first layer are at a limit on every row.

    By plain descent: steps of Adam are as long however small the gradient is.
    """
    name = "tanh" if severity < 0.5 else "sigmoid"
    bent = with_each(healthy, lambda layer: replace(layer, activation=name), last=False)
    first, *rest = bent.network.layers
    assert isinstance(first, Dense)
    size = (6 if name == "tanh" else 10) + 10 * severity
    biases = (size * random.choice([-1.0, 1.0], first.units)).tolist()
    call = with_layers(bent, [replace(first, bias=biases), *rest])
    return call.with_settings(optimizer=Sgd(0.9), learning_rate=0.05)


@saturated_activation.look_alike
def _bent(healthy: Call, random: np.random.Generator) -> Call:
    """Units of tanh, of which some come to their limits on many rows."""
    return with_each(healthy, lambda layer: replace(layer, activation="tanh"), last=False)
