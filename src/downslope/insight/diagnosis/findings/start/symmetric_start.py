"""``symmetric-start``: units that are equal at the start, and so stay equal: they act as one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np

from downslope.insight.diagnosis._finding import Evidence, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination
from downslope.insight.diagnosis.remedies import (
    StartingWeights,
    all_layers,
    drawn_anew,
    starting_weights,
    with_each,
)
from downslope.nets import Dropout, Network

__all__ = ["symmetric_start"]

_SOURCE = "Rumelhart, Hinton and Williams, 'Learning representations by back-propagating errors' (1986)"
_EQUAL = 1e-6  # of their size, by which equal units may come to differ through rounding


@finding("symmetric-start", _SOURCE)
def symmetric_start(seen: Examination) -> Iterable[Suspicion]:
    """Hidden layers whose units all start with the same weights, into and out of them, or still end so."""
    network = seen.call.network
    if not (remedies := drawn_anew(seen.call)):
        return
    ends = {each.layer: each for each in starting_weights(network, seen.end)}
    for each, following in pairwise(starting_weights(network, seen.start)):
        if not each.are_alike or not (_are_equal(ends[each.layer]) or _drops_none(network, following)):
            continue
        units = len(each.weights)
        yield Suspicion(
            Where(layer=each.layer, units=tuple(range(units))),
            (Evidence("units that differ", 1, units, _SOURCE),),
            f"All {units} units of {each.layer} start with the same weights: they get the same gradient at "
            "every step, stay equal but for rounding, and act as one unit.",
            remedies,
            certain=True,
        )
        return


def _are_equal(end: StartingWeights) -> bool:
    return end.largest_difference <= _EQUAL * float(np.abs(end.weights).max())


def _drops_none(network: Network, following: StartingWeights) -> bool:
    """Whether what follows weighs all units alike, and no unit is dropped: then nothing sets them apart."""
    drops = any(isinstance(layer, Dropout) for layer in all_layers(network.layers))
    return not drops and not np.ptp(following.weights, axis=1).any()


@symmetric_start.planted
def _zeros(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """All weights 0, as people set them who hope to be fair."""
    return with_each(healthy, lambda layer: replace(layer, initializer="zeros"))


@symmetric_start.planted
def _ones(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """All weights the same: 0.1, or up to 1."""
    start = {
        name: np.full(shape, severity if len(shape) == 2 else 0.0)
        for name, shape in healthy.network.graph().shapes.items()
    }
    return healthy.with_settings(start=start)


@symmetric_start.look_alike
def _last_zero(healthy: Call, random: np.random.Generator) -> Call:
    """Only the last layer starts at 0: its units get gradients of their own."""
    name = list(healthy.network.graph().shapes)[-2]
    return healthy.with_settings(start={name: np.zeros(healthy.network.graph().shapes[name])})
