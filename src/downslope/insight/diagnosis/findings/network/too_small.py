"""``too-small``: fewer units than what is to be learned needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

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
from downslope.insight.diagnosis.remedies import drawn_anew, hidden, with_each, with_layers
from downslope.nets import Dense

__all__ = ["too_small"]

_SOURCE = "Rao's score test (1948) with the variance of White (1980), corrected by Holm (1979)"
_LEAST, _TIMES = 16, 4  # units of a grown layer: four times as many, and at least so many
_ERRORS = 3.0  # standard errors


@finding("too-small", _SOURCE)
def too_small(seen: Examination) -> Iterable[Suspicion]:
    """The gradient by one more unit, and by squares and products of the inputs, which are not there."""
    layers = seen.call.network.layers
    if seen.failed or not all(isinstance(layer, Dense) for layer in layers):
        return
    look = held_look(seen)
    if not hidden(look) or seen.gap > _ERRORS:  # it fits what it learns from better: it has units enough
        return
    x = seen.measured["x"]
    (names, values), (more, drawn) = terms(x), units(x)
    known = np.hstack([np.ones((len(x), 1)), hidden(look)[-1].values])
    missing = most_missed([*names, *more], np.hstack([values, drawn]), look.stages[-1].deltas, known)
    if missing.p >= LEVEL:
        return
    widths = [layer.units for layer in layers[:-1] if isinstance(layer, Dense)]
    yield Suspicion(
        Where(layer=hidden(look)[-1].stage.layer),
        (Evidence(f"chance of such gradients by {missing.name} in the output", missing.p, LEVEL, _SOURCE),),
        f"The network has {' and '.join(map(str, widths))} units before the last layer, and the error "
        "would fall if there were more.",
        (Remedy(f"{_TIMES} times as many units before the last layer, at least {_LEAST}", _grown, _linear),),
    )


def _larger(layer: Dense) -> Dense:
    units = max(_LEAST, _TIMES * layer.units)
    biased = layer.bias if isinstance(layer.bias, bool) else True
    return replace(layer, units=units, initializer=_by_name(layer), bias=biased)


def _by_name(layer: Dense) -> str | None:
    """The initializer, where it suits any number of units: another would be a second change."""
    return layer.initializer if isinstance(layer.initializer, str) else None


def _grown(call: Call) -> Call:
    grown = with_each(call, _larger, last=False)
    end = call.network.layers[-1]
    assert isinstance(end, Dense)
    return with_layers(grown, [*grown.network.layers[:-1], replace(end, initializer=_by_name(end))])


def _linear(call: Call) -> Call:
    """As many more units in a linear layer, which can do nothing new; drawn anew, as larger layers are."""
    for anew in drawn_anew(call):
        call = anew.apply(call)
    *before, end = call.network.layers
    assert isinstance(before[-1], Dense)
    return with_layers(call, [*before, Dense(_larger(before[-1]).units), end])


@too_small.planted
def _few(healthy: Call, severity: float, random: np.random.Generator) -> Call | None:
    """Two units in each layer before the last, or one."""
    if not bends(healthy):
        return None
    count = 2 if severity < 0.5 else 1
    return with_each(healthy, lambda layer: replace(layer, units=count), last=False)


@too_small.look_alike
def _enough(healthy: Call, random: np.random.Generator) -> Call | None:
    """Two units, for what is nearly a plane."""
    if healthy.network.loss_function.name != "squared_error":
        return None
    x = healthy.x
    y = np.tanh(x @ random.standard_normal(x.shape[1]) / np.sqrt(x.shape[1]))
    y = y / y.std() + 0.5 * random.standard_normal(len(x))
    small = with_each(healthy, lambda layer: replace(layer, units=4), last=False)
    return small.with_targets(lambda _: y, lambda z: z)
