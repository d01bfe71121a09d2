"""``exploding-gradient``: derivatives grow from layer to layer: a step throws the first far off."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination, derivatives_over_depth
from downslope.insight.diagnosis.remedies import (
    drawn_anew,
    fewer_layers,
    quiet_blocks,
    with_layers,
    with_rate_times,
)
from downslope.nets import Dense, Layer, Residual
from downslope.training import Sgd

__all__ = ["exploding_gradient"]

_SOURCE = "Pascanu, Mikolov and Bengio, 'On the difficulty of training recurrent neural networks' (2013)"
_BOUND = 10.0  # an order of magnitude, where starting values are made for 1
_NORMS = (10.0, 1.0, 0.1)


@finding("exploding-gradient", _SOURCE)
def exploding_gradient(seen: Examination) -> Iterable[Suspicion]:
    """The size of δ in the first layer beside the last but one, at the start, and steps that overshoot."""
    *sizes, _ = derivatives_over_depth(seen.at_start) or [0.0]
    if seen.optimizer is None or len(sizes) < 2 or not sizes[-1] or sizes[0] / sizes[-1] <= _BOUND:
        return
    ratio = sizes[0] / sizes[-1]
    yield Suspicion(
        Where(layer=seen.at_start.stages[0].stage.layer),
        (
            Evidence("size of δ in the first layer beside the last hidden one", ratio, _BOUND, _SOURCE),
            Evidence("norm of the gradient at the start", seen.at_start.gradient_norm, 1.0, _SOURCE),
        ),
        f"From the last hidden layer back to the first, derivatives grow {ratio:.3g} times: a step that "
        "suits the last layers throws the first ones far off.",
        [
            *(Remedy(f"clip_norm {norm:g}", partial(_clipped, norm=norm)) for norm in _NORMS),
            *quiet_blocks(seen.call),
            *drawn_anew(seen.call),
            *fewer_layers(seen.call),
        ],
    )


def _clipped(call: Call, norm: float) -> Call:
    return call.with_settings(clip_norm=norm)


@exploding_gradient.planted
def _blocks(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """10 to 14 residual blocks without normalisation: each adds as much as it gets."""
    block = Residual((Dense(24, "relu"),))
    layers: list[Layer] = [
        Dense(24, "relu"),
        *[block] * (8 + round(6 * severity)),
        healthy.network.layers[-1],
    ]
    return with_layers(healthy, layers).with_settings(optimizer=Sgd(0.9), learning_rate=0.02)


@exploding_gradient.look_alike
def _few(healthy: Call, random: np.random.Generator) -> Call:
    """Two residual blocks, in which derivatives grow a little."""
    block = Residual((Dense(24, "relu"),))
    layers: list[Layer] = [Dense(24, "relu"), block, block, healthy.network.layers[-1]]
    return with_rate_times(with_layers(healthy, layers), 0.3)
