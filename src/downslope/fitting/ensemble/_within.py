"""Descents that end within some seconds: as many whole epochs as there is time for, planned beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from time import monotonic
from typing import Any

from downslope.fitting.ensemble._hooks import FitHooks
from downslope.fitting.ensemble._rows import EncodedRows
from downslope.nets import Ensemble, Network
from downslope.training import Progress, descend

__all__ = ["SURE", "seconds_of_a_step", "within"]

SURE = 0.85
"""Of the seconds that are left so many are planned for: epochs are measured, and processors get busy."""

_TRIED = ("optimizer", "learning_rate", "batch_size", "threads", "engine", "device", "parallel")
_TRIAL_BATCHES, _TRIAL_EPOCHS = 2, 8  # of few rows, whose epochs after the first are timed
_UNKNOWN = 1.0  # seconds
_NO_TIME = 0.02  # seconds, in which a single step is taken without a trial
_TRIAL_SHARE = 0.05  # of the seconds, at most


def within(
    seconds: float,
    name: str,
    network: Network,
    rows: EncodedRows,
    asked: Mapping[str, Any],
    seed: int,
    hooks: FitHooks,
    step: float | None = None,
) -> dict[str, Any]:
    """The settings of a descent of a group of networks that ends within some seconds.

    Its learning rate comes down within the steps that there is time for. They are whole epochs, where there
    is time for one, because networks are measured and chosen after each; a running mean over few epochs
    would hold too much of the early ones, so that it is shorter by the same share.

    Args:
        seconds: that it may take.
        name: of the group; steps that were planned for it before, and saved, stay.
        network, rows, seed: of the descent.
        asked: its settings for all its epochs.
        hooks: what has the clock.
        step: the seconds of a step; None where they are to be measured.
    """
    begun, until = hooks.now(), hooks.begun(name)
    per_epoch = -(-rows.count // asked["batch_size"])
    most = asked["epochs"] * per_epoch
    if until is None:
        if seconds < _NO_TIME:
            step = seconds + _NO_TIME
        elif step is None:
            # ranks end a trial together, which their clocks would not tell them to
            most_seconds = seconds * _TRIAL_SHARE if hooks.ranks is None else inf
            step = seconds_of_a_step(network, rows, asked, seed, most_seconds)
        steps = int(min(most, (seconds - (hooks.now() - begun)) * SURE / hooks.agree(step)))
        until = max(1, steps // per_epoch * per_epoch or steps)
    return {
        **asked,
        "epochs": None,
        "steps": until,
        "ema_decay": asked["ema_decay"] ** (most / until),
        "time_limit": max(seconds - (hooks.now() - begun), 0.0),
    }


def seconds_of_a_step(
    network: Network, rows: EncodedRows, asked: Mapping[str, Any], seed: int, seconds: float
) -> float:
    """Measured on a few steps whose result is not used; their program is kept for those that follow.

    Args:
        network, rows, asked, seed: of the descent whose steps they are the first of.
        seconds: that the steps take at most, beyond getting ready.
    """
    some = slice(None, _TRIAL_BATCHES * asked["batch_size"])
    ends: list[tuple[float, int]] = []

    def seen(epoch: Progress) -> bool:
        ends.append((monotonic(), epoch.step))
        return len(ends) > 1 and ends[-1][0] - ends[0][0] > seconds

    run = descend(
        Ensemble([network] * rows.members),
        rows.x[some],
        rows.y[some],
        epochs=_TRIAL_EPOCHS,
        row_weights=rows.learned_weights(some),
        progress=seen,
        seed=seed,
        **{name: asked[name] for name in _TRIED},
    )
    if run.stopped == "interrupted":
        raise KeyboardInterrupt
    if len(ends) < 2:  # it is not finite
        return _UNKNOWN
    (began, first), (ended, last) = ends[0], ends[-1]
    return max(ended - began, 1e-6) / (last - first)
