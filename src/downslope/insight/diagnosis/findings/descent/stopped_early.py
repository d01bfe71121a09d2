"""``stopped-early``: the steps, the patience or the time ended a run that was still getting better."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis._trials import SMALL, SMALL_SHARE, is_worth
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination, shown_score

__all__ = ["stopped_early"]

_SOURCE = "Prechelt, 'Early stopping – but when?' (1998)"
_TIMES = (3, 10, 30, 100)
_MOST = 5_000  # steps that are tried, unless three times those of the run are more


@finding("stopped-early", _SOURCE)
def stopped_early(seen: Examination) -> Iterable[Suspicion]:
    """What the error comes to with as many steps again, or a few hundred where there were fewer."""
    later, ended = seen.continued, _ENDED.get(seen.run.stopped, "their number")
    if later is None or not is_worth(seen.score, later.score, SMALL, SMALL_SHARE):
        return
    steps = len(seen.run.losses)
    yield Suspicion(
        Where(step=steps),
        (Evidence("error, beside that where the run goes on", seen.score, later.score),),
        f"The run ended after {steps:,} steps, by {ended}, before it arrived: where it goes on, the "
        f"error {'is foretold by its curve to come' if later.foretold else 'comes'} from "
        f"{shown_score(seen.score)} to {shown_score(later.score)} of that of the best constant.",
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
    """120 epochs become 4 to 1."""
    return healthy.with_settings(epochs=round(4 ** (1 - severity)))


@stopped_early.look_alike
def _half(healthy: Call, random: np.random.Generator) -> Call:
    """Half of the epochs, which are enough."""
    return healthy.with_settings(epochs=int(healthy.settings["epochs"]) // 2)
