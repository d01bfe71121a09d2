"""``over-regularised``: penalties, weight decay or dropout so strong that they hold the error up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import numpy as np

from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis._trials import LARGE_SHARE
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination
from downslope.insight.diagnosis.remedies import all_layers, mapped, with_layers
from downslope.nets import Dropout, Layer
from downslope.training import AdamW, optimizer_of

__all__ = ["over_regularised"]

_SOURCE = "Geman, Bienenstock and Doursat, 'Neural networks and the bias/variance dilemma' (1992)"
_ERRORS = 3.0  # standard errors


@finding("over-regularised", _SOURCE)
def over_regularised(seen: Examination) -> Iterable[Suspicion]:
    """Penalties on a network whose error is large on the rows that it learns from too."""
    strengths = _strengths(seen.call)
    if not strengths or seen.failed or seen.gap > _ERRORS:
        return
    left = float(seen.at_end.errors.mean()) / seen.constant if seen.constant else 0.0
    if left < LARGE_SHARE:
        return
    words = ", ".join(f"{name} {value:g}" for name, value in strengths.items())
    yield Suspicion(
        Where(),
        (
            Evidence("error of the rows that are learned from, of that of the best constant", left,
                     LARGE_SHARE, _SOURCE),
            Evidence("standard errors from that to the error of other rows", seen.gap, _ERRORS, _SOURCE),
        ),
        f"Regularisation ({words}) holds the error up: the rows that are learned from are fitted no better "
        "than others.",
        (
            Remedy(f"a tenth of it ({words})", partial(_times, factor=0.1)),
            Remedy(f"none of it ({words})", partial(_times, factor=0.0)),
        ),
    )  # fmt: skip


def _strengths(call: Call) -> dict[str, float]:
    """What holds weights down, by name."""
    found = {name: getattr(call.network, name) for name in ("l1", "l2")}
    rule = _rule(call)
    if rule is not None:
        found["weight decay"] = rule.weight_decay
    rates = [layer.rate for layer in all_layers(call.network.layers) if isinstance(layer, Dropout)]
    found["dropout"] = max(rates, default=0.0)
    return {name: value for name, value in found.items() if value}


def _rule(call: Call) -> AdamW | None:
    given = call.settings.get("optimizer", "sgd")
    rule = None if isinstance(given, str) and given.lower() == "lbfgs" else optimizer_of(given)
    return rule if isinstance(rule, AdamW) else None


def _times(call: Call, factor: float) -> Call:
    def changed(layer: Layer) -> Layer:
        return replace(layer, rate=layer.rate * factor) if isinstance(layer, Dropout) else layer

    network = replace(call.network, l1=call.network.l1 * factor, l2=call.network.l2 * factor)
    weaker = with_layers(replace(call, network=network), mapped(network.layers, changed))
    rule = _rule(call)
    if rule is None:
        return weaker
    return weaker.with_settings(optimizer=replace(rule, weight_decay=rule.weight_decay * factor))


@over_regularised.planted
def _l2(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """The penalty l2 of 0.5, or up to 2."""
    return healthy.with_network(replace(healthy.network, l2=0.5 * 4**severity))


@over_regularised.planted
def _l1(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """The penalty l1 of 0.2, or up to 0.5."""
    return healthy.with_network(replace(healthy.network, l1=0.2 * 2.5**severity))


@over_regularised.planted
def _decay(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """Weight decay of 10, or up to 30."""
    return healthy.with_settings(optimizer=AdamW(weight_decay=10 * 3**severity), learning_rate=0.02)


@over_regularised.planted
def _dropped(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """Dropout of 85% of the units before each layer but the first, or up to 95%."""
    dropout = Dropout(0.85 + 0.1 * severity)
    first, *rest = healthy.network.layers
    return with_layers(healthy, [first, *(layer for each in rest for layer in (dropout, each))])


@over_regularised.look_alike
def _little(healthy: Call, random: np.random.Generator) -> Call:
    """Penalties that are as small as they are in use."""
    return healthy.with_network(replace(healthy.network, l2=1e-4))
