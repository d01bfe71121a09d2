"""``learning-rate-too-low``: steps so short that the run ends on the way."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from downslope.insight.diagnosis._finding import Evidence, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import FAR, Call, Examination
from downslope.insight.diagnosis.remedies import other_rates, with_rate_times

__all__ = ["learning_rate_too_low"]

_SOURCE = "LeCun, Simard and Pearlmutter, 'Automatic learning rate maximization' (1993)"
_ERRORS = 3.0  # standard errors
_FACTORS = (3.0, 10.0, 30.0, 100.0, 300.0, 1e3, 3e3, 1e4, 1e5, 1e6)


@finding("learning-rate-too-low", _SOURCE)
def learning_rate_too_low(seen: Examination) -> Iterable[Suspicion]:
    """A learning rate far below what the curvature allows."""
    if seen.optimizer is None or seen.failed or not len(seen.run.losses):
        return
    stability = seen.stability
    if seen.gap > _ERRORS or (stability is not None and not stability < FAR):
        return  # it fits what it learns from: it has arrived
    evidence = []
    factors = [factor for factor in _FACTORS if stability is None or factor * stability <= 1] or _FACTORS[:1]
    if stability is not None:
        evidence.append(Evidence("learning rate times curvature, beside its bound", stability, FAR, _SOURCE))
    yield Suspicion(
        Where(),
        evidence,
        f"The learning rate {seen.rate:.3g} is too low: the run ended before it arrived.",
        other_rates(seen.call, factors),
    )


@learning_rate_too_low.planted
def _lowered(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """The learning rate divided by 30 to 10,000."""
    return with_rate_times(healthy, 10 ** -(1.5 + 2.5 * severity))


@learning_rate_too_low.look_alike
def _half_lower(healthy: Call, random: np.random.Generator) -> Call:
    """A learning rate that differs by a third."""
    return with_rate_times(healthy, 2 / 3)
