"""``dead-relu``: rectifiers that are 0 on every row, so that no gradient reaches their weights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination, Look, dead_units
from downslope.insight.diagnosis.remedies import drawn_anew, hidden, starting_weights, with_each, with_layers
from downslope.nets import Dense, LeakyRelu

__all__ = ["dead_relu"]

_SOURCE = "Lu, Shin, Su and Karniadakis, 'Dying ReLU and initialization' (2020)"
_STARTS = 19  # fresh ones: more dead units than in all of them have a chance of 1 in 20
_RELU = "relu"


@finding("dead-relu", _SOURCE, costly=True)
def dead_relu(seen: Examination) -> Iterable[Suspicion]:
    """How many units of a layer are 0 on every row, beside the same network at fresh starts."""
    weights = list(starting_weights(seen.call.network, seen.start))
    if any(each.is_large for each in weights):
        return  # the cause is the size of the weights at the start
    equal = {each.layer for each in weights if each.are_alike}
    dead = {layer: units for layer, units in _dead(seen.at_end).items() if layer not in equal}
    if not any(map(len, dead.values())):
        return
    plain = with_each(seen.call, lambda layer: replace(layer, initializer=None, bias=layer.bias is not False))
    fresh = [
        _dead(seen.look(plain.network, plain.network.initial_parameters(seed))) for seed in range(_STARTS)
    ]
    most = {layer: max(len(each[layer]) for each in fresh) for layer in dead}
    layer = max(dead, key=lambda name: len(dead[name]) - most[name])
    if len(dead[layer]) <= most[layer]:
        return
    already = len(_dead(seen.at_start)[layer])
    units = next(s.values.shape[1] for s in hidden(seen.at_end) if s.stage.layer == layer)
    yield Suspicion(
        Where(layer=layer, units=tuple(dead[layer])),
        (
            Evidence(f"units of {layer} that are 0 on every row", len(dead[layer]), most[layer], _SOURCE),
            Evidence(f"the same of {layer} at the start", already, most[layer], _SOURCE),
        ),
        f"{len(dead[layer])} of {units} rectifiers of {layer} are 0 on every row"
        + (", from the start on" if already > most[layer] else ", and were not at the start")
        + ": no gradient reaches their weights, and they stay so.",
        (*drawn_anew(seen.call), Remedy("leaky ReLU, which has a slope everywhere", _leaky)),
        yields=already <= most[layer],
    )


def _dead(look: Look) -> dict[str, list[int]]:
    """The units that are 0 on every row, of each hidden layer of rectifiers."""
    return {
        each.stage.layer: np.flatnonzero(dead_units(each.values, _RELU)).tolist()
        for each in hidden(look)
        if each.stage.function == _RELU
    }


def _leaky(call: Call) -> Call:
    def leaky(layer: Dense) -> Dense:
        return replace(layer, activation=LeakyRelu(0.1)) if layer.activation == _RELU else layer

    return with_each(call, leaky, last=False)


@dead_relu.planted
def _biases(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """Biases of the first layer that start so far below 0 that no row reaches its units."""
    low = -8.0 - 12 * severity
    rectified = with_each(healthy, lambda layer: replace(layer, activation=_RELU), last=False)
    first, *rest = rectified.network.layers
    assert isinstance(first, Dense)
    return with_layers(rectified, [replace(first, bias=[low] * first.units), *rest])


@dead_relu.look_alike
def _deep(healthy: Call, random: np.random.Generator) -> Call | None:
    """Four layers of rectifiers at He's start, some of which are dead from chance."""
    if healthy.settings["optimizer"] != "adam":
        return None
    layers = [*(Dense(24, _RELU) for _ in range(4)), healthy.network.layers[-1]]
    return with_layers(healthy, layers).with_settings(learning_rate=0.01)
