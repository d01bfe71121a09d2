"""``learning-rate-too-high``: steps that overshoot: the error grows, or swings instead of falling."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from downslope.insight.diagnosis._finding import Evidence, Suspicion, Where
from downslope.insight.diagnosis._trials import SMALL, SMALL_SHARE, is_worth
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination
from downslope.insight.diagnosis.remedies import other_rates, with_rate_times

__all__ = ["learning_rate_too_high"]

_SOURCE = (
    "Cohen et al., 'Gradient descent on neural networks typically occurs at the edge of stability' (2021)"
)
_BELOW = 0.9  # of the bound, where each step shortens the distance along every direction
_FACTORS = (0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 1e-4, 1e-5)


@finding("learning-rate-too-high", _SOURCE)
def learning_rate_too_high(seen: Examination) -> Iterable[Suspicion]:
    """An error that rose above its start, or that falls at once at a tenth of the learning rate."""
    evidence = list(_evidence(seen))
    if not evidence:
        return
    yield Suspicion(
        Where(step=len(seen.run.losses)) if seen.failed else Where(),
        (*evidence, *_stability(seen)),
        f"The learning rate {seen.rate:.3g} is too high: steps overshoot the minimum by more than their "
        "distance from it.",
        other_rates(seen.call, _factors(seen)),
    )


def _evidence(seen: Examination) -> Iterable[Evidence]:
    if seen.optimizer is None or not len(seen.run.losses):
        return
    if seen.failed:
        yield Evidence("steps before the error was not finite", len(seen.run.losses), seen.steps_asked)
        return
    if seen.is_useless:
        yield Evidence("error of the run, as a share of that of the best constant output", seen.score, 1.0)
    first = max(float(seen.run.losses[0]), float(seen.at_start.errors.mean()))
    if len(seen.epochs) and not seen.epochs.max() <= first:
        yield Evidence("largest error of an epoch, beside that of the start", float(seen.epochs.max()), first)
    cooled, end = seen.error_cooled, float(seen.at_end.errors.mean())
    if cooled is None or seen.is_noisy:
        return
    if is_worth(end / seen.constant, cooled / seen.constant, SMALL, SMALL_SHARE):
        yield Evidence("error at the end, beside that after a few steps of a tenth of the size", end, cooled)


def _stability(seen: Examination) -> Iterable[Evidence]:
    """The bound itself, where it is known and broken."""
    if not seen.failed and (stability := seen.stability) is not None and stability >= 1:
        yield Evidence("learning rate times curvature, beside its bound", stability, 1.0, _SOURCE)


def _factors(seen: Examination) -> list[float]:
    """What the rate is tried at: just below its bound first, where that is known and broken."""
    stability = seen.stability
    if stability is None or not _BELOW < stability < np.inf:
        return list(_FACTORS)
    return sorted({_BELOW / stability, *_FACTORS}, reverse=True)


@learning_rate_too_high.planted
def _raised(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """The learning rate times 10 to 1,000."""
    return with_rate_times(healthy, 10 ** (1 + 2 * severity))


@learning_rate_too_high.look_alike
def _half_higher(healthy: Call, random: np.random.Generator) -> Call:
    """A learning rate that differs by half."""
    return with_rate_times(healthy, 1.5)
