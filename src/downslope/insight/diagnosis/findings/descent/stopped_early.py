"""``stopped-early``: the steps, the patience or the time ended a run that was still getting better."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from downslope.insight.diagnosis._call import Call
from downslope.insight.diagnosis._examination import Examination
from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis._trials import SMALL, SMALL_SHARE, is_worth
from downslope.insight.diagnosis.findings._registry import finding

__all__ = ["stopped_early"]

_SOURCE = "Prechelt, 'Early stopping – but when?' (1998)"
_TIMES = (3, 10, 30, 100)
_MOST = 20_000  # steps that are tried, unless three times those of the run are more


@finding("stopped-early", _SOURCE)
def stopped_early(seen: Examination) -> Iterable[Suspicion]:
    """What the error comes to with as many steps again."""
    losses, run, later = seen.run.losses, seen.run, seen.error_continued
    end = float(seen.at_end.errors.mean())
    if later is None or not is_worth(end / seen.constant, later / seen.constant, SMALL, SMALL_SHARE):
        return
    yield Suspicion(
        Where(step=len(losses)),
        (Evidence("error at the end, beside that after as many steps again", end, later),),
        f"The run ended after {len(losses):,} steps, by {_ENDED.get(run.stopped, 'their number')}, before it "
        f"arrived: as many again take the error from {end:.3g} to {later:.3g}.",
        _remedies(seen),
    )


_ENDED = {"patience": "its patience", "time": "its time", "interrupted": "hand", "callback": "its callback"}


def _remedies(seen: Examination) -> list[Remedy]:
    settings, done = seen.call.settings, len(seen.run.losses)
    if seen.run.stopped == "patience":
        patience = int(settings["patience"])
        return [
            Remedy(f"a patience of {patience * k} epochs", partial(_with, patience=patience * k))
            for k in (10, 100)
        ]
    times = [k for k in _TIMES if k == _TIMES[0] or k * done <= _MOST]
    if settings.get("epochs") is not None:
        epochs = int(settings["epochs"])
        return [Remedy(f"{epochs * k:,} epochs", partial(_with, epochs=epochs * k)) for k in times]
    return [
        Remedy(f"{done * k:,} steps", partial(_with, steps=done * k, epochs=None, time_limit=None))
        for k in times
    ]


def _with(call: Call, **settings: object) -> Call:
    return call.with_settings(**settings)


@stopped_early.planted
def _few_epochs(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """120 epochs become 6 to 1."""
    return healthy.with_settings(epochs=max(1, round(10 ** (1 - severity))))


@stopped_early.look_alike
def _half(healthy: Call, random: np.random.Generator) -> Call:
    """Half of the epochs, which are enough."""
    return healthy.with_settings(epochs=int(healthy.settings["epochs"]) // 2)
