"""``missing-bias``: layers without a bias, where the error would fall if there were one."""

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
    held_look,
    most_missed,
    terms,
    units,
)
from downslope.insight.diagnosis.remedies import hidden, with_each, with_last
from downslope.nets import Dense

__all__ = ["missing_bias"]

_SOURCE = "Rao's score test (1948) with the variance of White (1980), corrected by Holm (1979)"


@finding("missing-bias", _SOURCE)
def missing_bias(seen: Examination) -> Iterable[Suspicion]:
    """The gradient of the rows that measure by a bias of the output, and by what units with a bias give."""
    bare = [
        stage.layer
        for stage in seen.call.network.graph().stages
        if stage.kind == "Dense" and "bias" not in stage.parameters
    ]
    if seen.failed or not bare:
        return
    look, x = held_look(seen), seen.measured["x"]
    before = hidden(look)
    (names, values), (more, drawn) = terms(x), units(x)
    new = np.hstack([np.ones((len(x), 1)), values, drawn])
    known = before[-1].values if before else x
    missing = most_missed(["a bias", *names, *more], new, look.stages[-1].deltas, known)
    if missing.p >= LEVEL:
        return
    yield Suspicion(
        Where(layer=bare[0]),
        (Evidence(f"chance of such gradients by {missing.name} in the output", missing.p, LEVEL, _SOURCE),),
        f"There is no bias in {', '.join(bare)}: what a unit gives where all its inputs are 0 is fixed, and "
        "the rows ask for another value.",
        (
            Remedy("a bias in the last layer", lambda call: with_last(call, _biased)),
            Remedy("a bias in every layer", lambda call: with_each(call, _biased)),
        ),
    )


def _biased(layer: Dense) -> Dense:
    return replace(layer, bias=True) if layer.bias is False else layer


@missing_bias.planted
def _without(healthy: Call, severity: float, random: np.random.Generator) -> Call | None:
    """No bias anywhere, and targets whose mean is up to 6 standard deviations from 0."""
    if healthy.network.loss_function.name != "squared_error":
        return None
    off = 1 + 5 * severity
    bare = with_each(healthy, lambda layer: replace(layer, bias=False))
    return bare.with_targets(lambda y: y + off, lambda z: z - off)


@missing_bias.look_alike
def _not_needed(healthy: Call, random: np.random.Generator) -> Call | None:
    """No bias in the last layer, in a table with the mean 0."""
    if healthy.network.loss_function.name != "squared_error":
        return None
    return with_last(healthy, lambda layer: replace(layer, bias=False))
