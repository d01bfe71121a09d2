"""``noise-dominated``: batches pull the parameters about, and the error stays up."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis._trials import SMALL, SMALL_SHARE, is_worth
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination
from downslope.training import Cosine

__all__ = ["noise_dominated"]

_SOURCE = (
    "Bottou, Curtis and Nocedal, 'Optimization methods for large-scale machine learning' (2018), theorem 4.6"
)
_LOWER = 0.3  # of the rate


@finding("noise-dominated", _SOURCE)
def noise_dominated(seen: Examination) -> Iterable[Suspicion]:
    """What the error falls by at a tenth of the rate, beside the floor η tr Σ/4B of the noise."""
    if not seen.is_noisy or seen.error_cooled is None:
        return
    end, cooled = float(seen.at_end.errors.mean()), seen.error_cooled
    if not is_worth(end / seen.constant, cooled / seen.constant, SMALL, SMALL_SHARE):
        return
    size = int(seen.call.settings["batch_size"])
    yield Suspicion(
        Where(),
        (
            Evidence("error at the end, beside that after a few steps of a tenth of the size", end, cooled),
            Evidence(
                "floor of the error by the noise of the batches, beside what is left",
                seen.noise_floor,
                cooled,
            ),
        ),
        f"Batches of {size:,} rows each pull the parameters about: at the rate {seen.last_rate:.3g} the "
        f"error stays at {end:.3g}, and falls to {cooled:.3g} as soon as the steps are shorter.",
        [
            Remedy("a learning rate that falls to 0 along half a cosine", partial(_decayed, rate=seen.rate)),
            Remedy(
                f"a learning rate that falls from {_LOWER * seen.rate:.3g} to 0 along half a cosine",
                partial(_decayed, rate=_LOWER * seen.rate),
            ),
        ],  # larger batches do more work at each step, and help where that is what was missing, too
    )


def _decayed(call: Call, rate: float) -> Call:
    return call.with_settings(learning_rate=Cosine(rate))


@noise_dominated.planted
def _single_rows(healthy: Call, severity: float, random: np.random.Generator) -> Call | None:
    """Adam by one row at a time at a rate for larger batches; the last epoch is taken."""
    if str(healthy.network.loss) != "squared_error":
        return None  # of classes that are far apart the noise is small
    rate = (0.02 if len(healthy.network.layers) > 2 else 0.04) * (1 + severity / 3)
    return healthy.with_settings(
        optimizer="adam", learning_rate=rate, batch_size=1, epochs=20, validation=None
    )


@noise_dominated.look_alike
def _jitter(healthy: Call, random: np.random.Generator) -> Call:
    """Batches of 16 rows, whose jitter does the fit no harm."""
    return healthy.with_settings(batch_size=16)
