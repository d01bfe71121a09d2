"""``frozen-parameters``: what stays as it is holds the error up."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination
from downslope.training import frozen_masks

__all__ = ["frozen_parameters"]

_SOURCE = "Yosinski et al., 'How transferable are features in deep neural networks?' (2014)"
_SHARE = 0.1  # of the squared gradient: the descent that is given away is as large a part of all


@finding("frozen-parameters", _SOURCE)
def frozen_parameters(seen: Examination) -> Iterable[Suspicion]:
    """The share of the squared gradient at the end that belongs to frozen numbers."""
    frozen = seen.call.settings.get("frozen")
    if frozen is None or seen.failed:
        return
    masks = frozen_masks(seen.call.network, frozen)
    squares = {name: np.square(part) for name, part in seen.at_end.gradient.items()}
    total = sum(float(np.sum(part)) for part in squares.values())
    held = sum(float(np.sum(part * masks[name])) for name, part in squares.items()) if masks else 0.0
    if not total or held / total < _SHARE:
        return
    count = sum(int(np.sum(mask)) for mask in masks.values())
    yield Suspicion(
        Where(layer=max(masks, key=lambda name: float(np.sum(squares[name] * masks[name])))),
        (Evidence("share of the squared gradient that frozen parameters have", held / total, _SHARE),),
        f"{count:,} frozen numbers have {100 * held / total:.3g}% of the squared gradient at the end: the "
        "error would fall along them, and they stay as they are.",
        [Remedy("nothing frozen", lambda call: call.with_settings(frozen=None))],
        evident=True,  # computed, not estimated
    )


@frozen_parameters.planted
def _layers(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """The weights of the last layer frozen, or of all layers but it; at the worst all but the last bias."""
    names = list(healthy.network.graph().shapes)
    last = [name for name in names if name.startswith(names[-1].split(".")[0])]
    chosen = names[:-1] if severity > 0.5 else [name for name in names if name not in last]
    return healthy.with_settings(frozen=chosen)


@frozen_parameters.look_alike
def _one_bias(healthy: Call, random: np.random.Generator) -> Call:
    """The bias of one unit of the first layer is frozen, which the rest makes up for."""
    name, shape = list(healthy.network.graph().shapes.items())[1]
    return healthy.with_settings(frozen={name: np.arange(shape[0]) == 0})
