"""``clipping-too-tight``: gradients are cut at every step, so that the steps have the size of the bound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination
from downslope.training import Sgd

__all__ = ["clipping_too_tight"]

_SOURCE = "Pascanu, Mikolov and Bengio, 'On the difficulty of training recurrent neural networks' (2013)"
_TIMES = (10.0, 100.0, 1000.0)


@finding("clipping-too-tight", _SOURCE)
def clipping_too_tight(seen: Examination) -> Iterable[Suspicion]:
    """The gradient over all rows beside the bound, at the start and at the end."""
    if seen.failed:
        return
    for name, words in (("clip_norm", "norm"), ("clip_value", "largest element")):
        bound = seen.call.settings.get(name)
        if bound is None:
            continue
        sizes = [_size(name, look.gradient) for look in (seen.at_start, seen.at_end)]
        if min(sizes) <= bound:
            continue
        yield Suspicion(
            Where(),
            (Evidence(f"{words} of the gradient over all rows at the end", sizes[1], float(bound), _SOURCE),),
            f"{name} = {bound:g} cuts every gradient: that over all rows has the {words} {sizes[0]:.3g} at "
            f"the start and {sizes[1]:.3g} at the end, and batches have larger ones.",
            [
                *(
                    Remedy(f"{name} {bound * times:g}", partial(_with_bound, name=name, bound=bound * times))
                    for times in _TIMES
                ),
                Remedy(f"no {name}", partial(_with_bound, name=name, bound=None)),
            ],
            evident=True,  # computed, not estimated
        )


def _size(name: str, gradient: Mapping[str, NDArray[Any]]) -> float:
    flat = np.concatenate([np.ravel(part) for part in gradient.values()])
    return float(np.linalg.norm(flat) if name == "clip_norm" else np.abs(flat).max())


def _with_bound(call: Call, name: str, bound: float | None) -> Call:
    return call.with_settings(**{name: bound})


@clipping_too_tight.planted
def _norm(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """A bound of the norm of 0.003 to 0.00003; Adam's steps have the size of its rate all the same."""
    call = healthy.with_settings(optimizer=Sgd(0.9), learning_rate=0.05)
    return call.with_settings(clip_norm=10 ** -(2 + 2.5 * severity))


@clipping_too_tight.look_alike
def _wide(healthy: Call, random: np.random.Generator) -> Call:
    """A bound that only the first gradients go beyond."""
    return healthy.with_settings(clip_norm=5.0)
