"""``optimizer-setting``: an ε beside which gradients vanish, or a memory as long as the run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination
from downslope.training import Adam, Sgd

__all__ = ["optimizer_setting"]

_SOURCE = "Kingma and Ba, 'Adam' (2015), section 2.1: steps have the size of the rate where √v̂ is far above ε"
_MEMORY = "Sutskever et al., 'On the importance of initialization and momentum' (2013)"
_HALF = 0.5  # of the parameters
_SHARE = (
    0.01  # of the run, beyond which a memory of 1/(1 − β) steps is tried shorter: usual ones are 10 steps
)


@finding("optimizer-setting", _SOURCE)
def optimizer_setting(seen: Examination) -> Iterable[Suspicion]:
    """ε beside √v̂ of each parameter, and how many steps momentum remembers beside those of the run."""
    rule = seen.optimizer
    scales = seen.scales
    if scales is not None:
        roots = np.concatenate([np.ravel(scale) - rule.epsilon for scale in scales.values()])
        usual = type(rule)().epsilon
        share = float(np.mean(roots < rule.epsilon))
        if rule.epsilon > usual and share >= _HALF:
            yield Suspicion(
                Where(),
                (
                    Evidence("share of the parameters whose √v̂ is below ε", share, _HALF, _SOURCE),
                    Evidence("ε, beside the median of √v̂", rule.epsilon, float(np.median(roots))),
                ),
                f"ε = {rule.epsilon:g} is larger than √v̂ of {100 * share:.3g}% of the parameters: steps "
                "shrink with the gradient, as if nothing were divided by its size.",
                [_remedy(rule, epsilon=usual)],
                evident=True,  # computed, not estimated
            )
    yield from _memory(seen)


def _memory(seen: Examination) -> Iterable[Suspicion]:
    rule = seen.optimizer
    name = "momentum" if isinstance(rule, Sgd) else "beta1" if isinstance(rule, Adam) else None
    if name is None or getattr(rule, name) <= 0.9:
        return
    steps, allowed = 1 / (1 - getattr(rule, name)), max(_SHARE * seen.steps_asked, 10.0)
    if steps <= allowed:
        return
    yield Suspicion(
        Where(),
        (Evidence(f"steps that {name} remembers", steps, allowed, _MEMORY),),
        f"{name} = {getattr(rule, name):g} remembers {steps:,.0f} steps of {seen.steps_asked:,}: the update "
        "goes on long after the gradient has turned, past the minimum and back.",
        [_remedy(rule, **{name: 0.9})],
        evident=True,
    )


def _remedy(rule: Any, **changed: float) -> Remedy:
    words = ", ".join(f"{name} {value:g}" for name, value in changed.items())
    return Remedy(f"{words} in the optimizer", partial(_with_rule, rule=replace(rule, **changed)))


def _with_rule(call: Call, rule: Any) -> Call:
    return call.with_settings(optimizer=rule)


@optimizer_setting.planted
def _large_epsilon(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """Adam with an ε of 10 to 100,000."""
    return healthy.with_settings(optimizer=Adam(epsilon=10 ** (5 * severity)), learning_rate=0.02)


@optimizer_setting.planted
def _long_memory(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """A momentum that remembers 600 to 10,000 steps; the last epoch is taken, not the best on the way."""
    rule = Sgd(1 - 10 ** -(2.3 + 1.7 * severity))
    return healthy.with_settings(optimizer=rule, learning_rate=0.05, validation=None)


@optimizer_setting.look_alike
def _usual_elsewhere(healthy: Call, random: np.random.Generator) -> Call:
    """The ε of 1e-7 that other libraries have."""
    return healthy.with_settings(optimizer=Adam(epsilon=1e-7), learning_rate=0.02)
