"""``too-deep-for-sigmoid``: layers of sigmoids in which the rows become more alike from layer to layer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import numpy as np

from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination, Look
from downslope.insight.diagnosis.remedies import fewer_layers, hidden, skips, with_each, with_layers
from downslope.nets import Dense
from downslope.training import Sgd

__all__ = ["too_deep_for_sigmoid"]

_SOURCE = "Glorot and Bengio, 'Understanding the difficulty of training deep feedforward networks' (2010)"
_FEWEST = 3  # layers
_BOUND = 1 / 16  # two layers in which a sigmoid, whose slope is at most 1/4, keeps as much as it can


@finding("too-deep-for-sigmoid", _SOURCE)
def too_deep_for_sigmoid(seen: Examination) -> Iterable[Suspicion]:
    """How far the rows lie apart in the last hidden layer, beside the first, at the start."""
    spreads = _spreads(seen.at_start)
    if len(spreads) < _FEWEST or not spreads[0] or spreads[-1] / spreads[0] >= _BOUND:
        return
    ratio = spreads[-1] / spreads[0]
    yield Suspicion(
        Where(layer=hidden(seen.at_start)[-1].stage.layer),
        (
            Evidence(
                "spread of the rows in the last layer of sigmoids beside the first, at the start",
                *(ratio, _BOUND, _SOURCE),
            ),
        ),
        f"Through {len(spreads)} layers of sigmoids the rows come to lie {1 / ratio:.3g} times closer "
        "together: the last layers see nearly the same of every row, and the first get nearly no gradient.",
        (
            Remedy("tanh instead of sigmoid in the layers before the last", partial(_with, name="tanh")),
            Remedy("ReLU instead of sigmoid in the layers before the last", partial(_with, name="relu")),
            *(_after_tanh(each) for each in (*skips(seen.call), *fewer_layers(seen.call))),
        ),
    )


def _spreads(look: Look) -> list[float]:
    """The standard deviation over the rows in each hidden layer of sigmoids, of all its units together."""
    return [
        float(np.sqrt(np.mean(np.var(each.values, axis=0, dtype=np.float64))))
        for each in hidden(look)
        if each.stage.function == "sigmoid"
    ]


def _with(call: Call, name: str) -> Call:
    def changed(layer: Dense) -> Dense:
        return replace(layer, activation=name) if layer.activation == "sigmoid" else layer

    return with_each(call, changed, last=False)


def _after_tanh(remedy: Remedy) -> Remedy:
    return Remedy(
        f"tanh instead of sigmoid, and {remedy.words}", lambda call: remedy.apply(_with(call, "tanh"))
    )


@too_deep_for_sigmoid.planted
def _sigmoids(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """Six to eight layers of sigmoids, at a start by Glorot and Bengio, by plain descent.

    Steps of Adam are as long however small the gradient is.
    """
    deep = _deep(healthy, 5 + int(np.ceil(3 * severity)), "sigmoid")
    return deep.with_settings(optimizer=Sgd(0.9), learning_rate=0.05)


@too_deep_for_sigmoid.look_alike
def _tanhs(healthy: Call, random: np.random.Generator) -> Call | None:
    """As many layers of tanh."""
    if healthy.settings["optimizer"] != "adam":
        return None
    return _deep(healthy, 4, "tanh").with_settings(learning_rate=0.005)


def _deep(healthy: Call, count: int, name: str) -> Call:
    return with_layers(healthy, [*(Dense(24, name) for _ in range(count)), healthy.network.layers[-1]])
