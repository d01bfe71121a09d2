"""``learning-rate-too-high``: steps that overshoot: the error grows, or swings instead of falling."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from downslope.insight.diagnosis._call import Call
from downslope.insight.diagnosis._examination import Examination, scaled_rate, with_rate_times
from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding

__all__ = ["learning_rate_too_high"]

_SOURCE = (
    "Cohen et al., 'Gradient descent on neural networks typically occurs at the edge of stability' (2021)"
)
_FACTORS = (0.3, 0.1, 0.03, 0.01, 1e-3, 1e-5)
_NEAR = 0.8  # of the bound of stability: at it a run swings, which may be healthy, so that it is tried


@finding("learning-rate-too-high", _SOURCE)
def learning_rate_too_high(seen: Examination) -> Iterable[Suspicion]:
    """An error that ends above where it began, or a learning rate at the bound of stability."""
    if seen.optimizer is None:
        return
    losses = seen.run.losses
    evidence = []
    where = Where()
    if seen.failed:
        evidence.append(Evidence("steps before the error was not finite", len(losses), seen.steps_asked))
        where = Where(step=len(losses))
    elif len(losses) >= 2:
        part = max(len(losses) // 10, 1)
        first, last = float(losses[0]), float(losses[-part:].mean())
        if last > first:
            evidence.append(Evidence("mean error of the last tenth of the steps", last, first))
    if not seen.failed and (stability := seen.stability) is not None and stability >= _NEAR:
        evidence.append(Evidence("learning rate times curvature, beside its bound", stability, 1.0, _SOURCE))
    if not evidence:
        return
    yield Suspicion(
        where,
        evidence,
        f"The learning rate {seen.rate:.3g} is too high: steps overshoot the minimum by more than their "
        "distance from it.",
        [Remedy(_words(seen, factor), partial(with_rate_times, factor=factor)) for factor in _FACTORS],
    )


def _words(seen: Examination, factor: float) -> str:
    rate = scaled_rate(seen.call, factor)
    return f"learning rate {rate:g}" if isinstance(rate, float) else f"the learning rates times {factor:g}"


@learning_rate_too_high.planted
def _raised(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """The learning rate times 10 to 1,000."""
    return with_rate_times(healthy, 10 ** (1 + 2 * severity))


@learning_rate_too_high.look_alike
def _half_higher(healthy: Call, random: np.random.Generator) -> Call:
    """A learning rate that differs by half."""
    return with_rate_times(healthy, 1.5)
