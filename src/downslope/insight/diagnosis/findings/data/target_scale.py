"""``target-scale``: targets that are much larger or smaller than what the network gives at its start."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination
from downslope.insight.diagnosis.remedies import with_rate_times, with_targets_scaled

__all__ = ["target_scale"]

_SOURCE = "Bishop, 'Neural Networks for Pattern Recognition' (1995), section 8.2"
_TIMES = 10.0  # how far from the size 1 targets are when they are tried scaled
_NUMBERS = ("squared_error", "absolute_error")


@finding("target-scale", _SOURCE)
def target_scale(seen: Examination) -> Iterable[Suspicion]:
    """The size of the targets beside 1, which starting values and usual learning rates are made for."""
    if str(seen.call.network.loss) not in _NUMBERS:
        return
    y = np.asarray(seen.rows["y"], np.float64)
    size, spread = float(np.sqrt(np.mean(y**2))), float(y.std())
    if not spread or 1 / _TIMES <= size <= _TIMES:
        return
    yield Suspicion(
        Where(),
        (Evidence("root mean square of the targets", size, _TIMES if size > 1 else 1 / _TIMES, _SOURCE),),
        f"The targets have the size {size:.3g}, and starting values and learning rates are made for the size "
        f"1: the error and its gradient are {'large' if size > 1 else 'small'} for that reason alone.",
        (
            Remedy("standardise the target: subtract its mean, divide by its spread", with_targets_scaled),
            Remedy(
                "standardise the target, at ten times the learning rate",
                lambda call: with_rate_times(with_targets_scaled(call), 10),
            ),
        ),
    )


@target_scale.planted
def _large(healthy: Call, severity: float, random: np.random.Generator) -> Call | None:
    """Targets in small units, as grams are: sizes from 30 to a million."""
    if str(healthy.network.loss) not in _NUMBERS:
        return None
    size = 10 ** (1.5 + 4.5 * severity)
    return healthy.with_targets(lambda y: y * size, lambda z: z / size)


@target_scale.look_alike
def _halved(healthy: Call, random: np.random.Generator) -> Call | None:
    """Targets of another size that is still one that networks can learn."""
    if str(healthy.network.loss) not in _NUMBERS:
        return None
    return healthy.with_targets(lambda y: y * 3, lambda z: z / 3)
