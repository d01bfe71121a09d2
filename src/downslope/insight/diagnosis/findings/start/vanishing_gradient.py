"""``vanishing-gradient``: derivatives shrink from layer to layer: the first hardly learn."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from downslope.insight.diagnosis._finding import Evidence, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination, derivatives_over_depth
from downslope.insight.diagnosis.remedies import drawn_anew, fewer_layers, hidden, skips, with_layers
from downslope.nets import Dense, starting_values
from downslope.training import Sgd

__all__ = ["vanishing_gradient"]

_SOURCE = "Glorot and Bengio, 'Understanding the difficulty of training deep feedforward networks' (2010)"
_FEWEST = 4  # layers
_BOUND = 0.1  # an order of magnitude, where starting values are made for 1


@finding("vanishing-gradient", _SOURCE)
def vanishing_gradient(seen: Examination) -> Iterable[Suspicion]:
    """The size of δ in the first layer beside the last but one, at the start."""
    *sizes, _ = derivatives_over_depth(seen.at_start) or [0.0]
    if len(sizes) < _FEWEST - 1 or not sizes[-1] or sizes[0] / sizes[-1] >= _BOUND:
        return
    remedies = drawn_anew(seen.call)
    if not any(each.stage.function == "sigmoid" for each in hidden(seen.at_start)):
        # of sigmoids it is the activation that is to be changed
        remedies += [*skips(seen.call), *fewer_layers(seen.call)]
    if not remedies:
        return
    ratio = sizes[0] / sizes[-1]
    yield Suspicion(
        Where(layer=seen.at_start.stages[0].stage.layer),
        (Evidence("size of δ in the first layer beside the last hidden one", ratio, _BOUND, _SOURCE),),
        f"From the last hidden layer back to the first, derivatives shrink to {100 * ratio:.3g}%: the "
        f"first of {len(sizes) + 1} layers hardly learn.",
        remedies,
    )


@vanishing_gradient.planted
def _tanhs(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """15 to 18 layers of tanh whose weights are little more than half of the usual size."""
    return _deep(healthy, 15 + round(3 * severity), 0.55)


@vanishing_gradient.look_alike
def _few(healthy: Call, random: np.random.Generator) -> Call:
    """Two layers of them, which pass enough."""
    return _deep(healthy, 2, 0.7)


def _deep(healthy: Call, count: int, factor: float) -> Call:
    deep = with_layers(healthy, [*[Dense(24, "tanh")] * count, healthy.network.layers[-1]])
    values = starting_values(deep.network, None, healthy.settings.get("seed", 0), np.dtype(np.float64))
    start = {name: factor * value for name, value in values.items()}
    return deep.with_settings(start=start, optimizer=Sgd(0.9), learning_rate=0.02)
