"""``missing-nonlinearity``: layers without activations, which together are one linear layer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import numpy as np

from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import (
    LEVEL,
    Call,
    Examination,
    bends,
    held_look,
    most_missed,
    terms,
    units,
)
from downslope.insight.diagnosis.remedies import with_each, with_layers
from downslope.nets import Dense

__all__ = ["missing_nonlinearity"]

_SOURCE = "Rao's score test (1948) with the variance of White (1980), corrected by Holm (1979)"
_UNITS = 32  # of a new layer


@finding("missing-nonlinearity", _SOURCE)
def missing_nonlinearity(seen: Examination) -> Iterable[Suspicion]:
    """The gradient by squares, products and units of the inputs, which are not there, in a linear network."""
    layers = seen.call.network.layers
    if seen.failed or any(stage.kind != "Dense" for stage in seen.call.network.graph().stages):
        return
    x = seen.measured["x"]
    (names, values), (more, drawn) = terms(x), units(x)
    known = np.hstack([np.ones((len(x), 1)), x])
    deltas = held_look(seen).stages[-1].deltas
    missing = most_missed([*names, *more], np.hstack([values, drawn]), deltas, known)
    if missing.p >= LEVEL:
        return
    what = "one layer" if len(layers) == 1 else f"{len(layers)} layers with no activation between them"
    yield Suspicion(
        Where(layer=seen.call.network.graph().stages[0].layer),
        (Evidence(f"chance of such gradients by a new term, {missing.name}", missing.p, LEVEL, _SOURCE),),
        f"The network is linear, {what}: it can fit planes only, and {missing.name} tells more.",
        _bent() if len(layers) > 1 else _new_layer(),
        evident=missing.p < 0.001,
    )


def _bent() -> list[Remedy]:
    return [
        Remedy(f"{name} after each layer before the last", partial(_with, name=name))
        for name in ("tanh", "relu")
    ]


def _with(call: Call, name: str) -> Call:
    return with_each(call, lambda layer: replace(layer, activation=name, initializer=None), last=False)


def _new_layer() -> list[Remedy]:
    """A new layer; the placebo has as many parameters and is linear as before."""
    return [
        Remedy(
            f"a layer of {_UNITS} units with {name} in front",
            partial(_with_layer, name=name),
            placebo=partial(_with_layer, name="identity"),
        )
        for name in ("tanh", "relu")
    ]


def _with_layer(call: Call, name: str) -> Call:
    end = call.network.layers[-1]
    assert isinstance(end, Dense)
    return with_layers(call, [Dense(_UNITS, name), replace(end, initializer=None)])


@missing_nonlinearity.planted
def _linear(healthy: Call, severity: float, random: np.random.Generator) -> Call | None:
    """No activation; where it is severe, no layer before the last either."""
    if not bends(healthy):
        return None
    if severity > 0.8:
        return with_layers(healthy, healthy.network.layers[-1:])
    return with_each(healthy, lambda layer: replace(layer, activation="identity"), last=False)


@missing_nonlinearity.look_alike
def _plane(healthy: Call, random: np.random.Generator) -> Call | None:
    """A linear network of what is linear."""
    if healthy.network.loss_function.name != "squared_error":
        return None
    x = healthy.x
    plane = x @ random.standard_normal(x.shape[1])
    y = plane / plane.std() + 0.3 * random.standard_normal(len(x))
    linear = with_each(healthy, lambda layer: replace(layer, activation="identity"), last=False)
    return linear.with_targets(lambda _: y, lambda z: z)
