"""``batch-too-large``: the whole table in a step, in so few epochs that there are few steps."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination

__all__ = ["batch_too_large"]

_SOURCE = (
    "Keskar et al. (2017) and Masters and Luschi, 'Revisiting small batch training' (2018): 2 to 32 rows"
)
_SIZES = (256, 32)
_STEPS = 1000  # the number of steps where none is asked for


@finding("batch-too-large", _SOURCE)
def batch_too_large(seen: Examination) -> Iterable[Suspicion]:
    """The steps that the epochs come to beside those of batches of a usual size, at the same work.

    More epochs or longer steps may mend the same run: where they do no better, the change that costs nothing
    is named.
    """
    call, steps = seen.call, seen.steps_asked
    if call.settings.get("epochs") is None or seen.optimizer is None or steps >= _STEPS or seen.failed:
        return
    rows = len(call.rows["x"])
    size = min(call.settings.get("batch_size") or rows, rows)
    sizes = [each for each in _SIZES if 2 * each <= size]
    if not sizes:
        return
    yield Suspicion(
        Where(),
        (Evidence("rows in a step", size, 2 * min(_SIZES), _SOURCE),),
        f"{call.settings['epochs']} epochs of batches of {size:,} rows are {steps:,} steps: "
        "smaller batches make more steps of the same work.",
        [Remedy(f"batches of {each} rows", partial(_with_size, size=each)) for each in sizes],
        evident=True,  # counted
    )


def _with_size(call: Call, size: int) -> Call:
    return call.with_settings(batch_size=size)


@batch_too_large.planted
def _whole(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """A quarter of the epochs, enough for small batches, with 256 rows in a step, or the whole table."""
    epochs = int(healthy.settings["epochs"]) // 4
    return healthy.with_settings(batch_size=None if severity > 0.5 else 256, epochs=epochs)


@batch_too_large.look_alike
def _many_epochs(healthy: Call, random: np.random.Generator) -> Call:
    """The whole table in a step, and as many steps as with batches."""
    return healthy.with_settings(batch_size=None, epochs=2000)
