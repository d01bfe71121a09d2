"""``start-too-large``: starting values that saturate units or make the first error huge."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from downslope.insight.diagnosis._finding import Evidence, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import FAR, Call, Examination
from downslope.insight.diagnosis.remedies import LARGE, StartingWeights, drawn_anew, starting_weights
from downslope.nets import starting_values

__all__ = ["start_too_large"]

_SOURCE = "He et al., 'Delving deep into rectifiers' (2015): the largest of the usual starting values"
_BIAS = LARGE * 2**0.5  # the same of the sums that such weights make of inputs of the size 1


@finding("start-too-large", _SOURCE)
def start_too_large(seen: Examination) -> Iterable[Suspicion]:
    """The size of the starting weights of each layer beside the largest of the usual rules."""
    weights = list(starting_weights(seen.call.network, seen.start))
    large = [each for each in weights if _share(each) > 1]
    if not large or any(each.are_alike for each in weights) or not (remedies := drawn_anew(seen.call)):
        return
    if len(weights) == 1 and seen.stability is not None and seen.stability < FAR:
        return  # the error of one layer is convex: any start will do at a suited learning rate
    worst = max(large, key=_share)
    yield Suspicion(
        Where(layer=worst.layer),
        (
            Evidence("root mean square of the starting weights", worst.size, LARGE * worst.most, _SOURCE),
            Evidence("error at the start", float(seen.at_start.errors.mean()), seen.constant),
        ),
        f"The weights of {worst.layer} start at the size {worst.size:.3g}, where {worst.most:.3g} keeps the "
        "values of the layers of one size: outputs start far off, or units where they hardly react.",
        remedies,
    )


def _share(each: StartingWeights) -> float:
    """The larger of what the weights and the biases are beside their bounds."""
    bias = float(np.abs(each.biases).max()) if len(each.biases) else 0.0
    return max(each.size / (LARGE * each.most), bias / _BIAS)


@start_too_large.planted
def _times(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """All starting weights times 10 to 1,000."""
    return _scaled(healthy, 10 ** (1 + 2 * severity))


@start_too_large.look_alike
def _other_rule(healthy: Call, random: np.random.Generator) -> Call:
    """Weights that are a fifth larger."""
    return _scaled(healthy, 1.2)


def _scaled(healthy: Call, factor: float) -> Call:
    values = starting_values(healthy.network, None, healthy.settings.get("seed", 0), np.dtype(np.float64))
    return healthy.with_settings(start={name: factor * value for name, value in values.items()})
