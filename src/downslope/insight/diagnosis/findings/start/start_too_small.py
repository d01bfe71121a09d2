"""``start-too-small``: starting values so small that little passes the layers, forwards or back."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from downslope.insight.diagnosis._finding import Evidence, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination
from downslope.insight.diagnosis.remedies import SMALL, drawn_anew, starting_weights
from downslope.nets import starting_values
from downslope.training import Sgd

__all__ = ["start_too_small"]

_SOURCE = "Glorot and Bengio, 'Understanding the difficulty of training deep feedforward networks' (2010)"


@finding("start-too-small", _SOURCE)
def start_too_small(seen: Examination) -> Iterable[Suspicion]:
    """The size of the starting weights of each layer beside the smallest of the usual rules."""
    weights = list(starting_weights(seen.call.network, seen.start))
    small = [each for each in weights if each.is_small]
    if not small or any(each.are_alike for each in weights) or not (remedies := drawn_anew(seen.call)):
        return
    worst = min(small, key=lambda each: each.size / each.least)
    yield Suspicion(
        Where(layer=worst.layer),
        (Evidence("root mean square of the starting weights", worst.size, SMALL * worst.least, _SOURCE),),
        f"The weights of {worst.layer} start at the size {worst.size:.3g}, where {worst.least:.3g} keeps the "
        "values of the layers of one size: hardly anything passes, and the gradient is as small.",
        remedies,
    )


@start_too_small.planted
def _divided(healthy: Call, severity: float, random: np.random.Generator) -> Call | None:
    """All starting weights divided by 30 to 10,000: plain descent of three layers leaves 0 slowly."""
    if len(healthy.network.layers) < 3:
        return None  # two layers leave it at an exponential pace
    call = healthy.with_settings(optimizer=Sgd(0.9), learning_rate=0.05)  # steps of Adam have its rate's size
    return _scaled(call, 10 ** -(1.5 + 2.5 * severity))


@start_too_small.look_alike
def _smaller(healthy: Call, random: np.random.Generator) -> Call:
    """Weights that are a third of the usual size."""
    return _scaled(healthy, 1 / 3)


def _scaled(healthy: Call, factor: float) -> Call:
    values = starting_values(healthy.network, None, healthy.settings.get("seed", 0), np.dtype(np.float64))
    return healthy.with_settings(start={name: factor * value for name, value in values.items()})
