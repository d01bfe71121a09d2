"""Descents that end within some seconds: as many whole epochs as there is time for, planned beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Any

from downslope.fitting.ensemble._group import EncodedRows
from downslope.fitting.ensemble._hooks import FitHooks
from downslope.nets import Ensemble, Network
from downslope.training import descend

__all__ = ["seconds_of_a_step", "within"]

_SURE = 0.85  # of the seconds that are left are planned for: epochs are measured, and processors get busy
_TRIED = ("optimizer", "learning_rate", "batch_size", "threads", "engine", "device", "parallel")
_TRIAL_STEPS = 12  # that measure how long a step takes
_TRIAL_SHARE = 0.05  # of the seconds, at most


def within(
    seconds: float,
    name: str,
    network: Network,
    rows: EncodedRows,
    asked: Mapping[str, Any],
    seed: int,
    hooks: FitHooks,
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
    """
    begun, until = hooks.now(), hooks.begun(name)
    per_epoch = -(-rows.count // asked["batch_size"])
    most = asked["epochs"] * per_epoch
    if until is None:
        per_step = hooks.agree(seconds_of_a_step(network, rows, asked, seed, seconds * _TRIAL_SHARE))
        steps = min(most, int((seconds - (hooks.now() - begun)) * _SURE / per_step))
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
    """Measured on some steps whose result is not used; their program is kept for those that follow.

    Args:
        network, rows, asked, seed: of the descent whose steps they are the first of.
        seconds: that the steps take at most, beyond getting ready.
    """
    ensemble = Ensemble([network] * rows.members)
    some = slice(None, _TRIAL_STEPS * asked["batch_size"])
    known = {
        **{name: asked[name] for name in _TRIED},
        "row_weights": rows.learned_weights(some),
        "seed": seed,
    }

    def taken(steps: int, limit: float | None) -> tuple[float, int]:
        begun = monotonic()
        run = descend(ensemble, rows.x[some], rows.y[some], steps=steps, time_limit=limit, **known)
        if run.stopped == "interrupted":
            raise KeyboardInterrupt
        return monotonic() - begun, len(run.losses)

    taken(1, None)
    alone, _ = taken(1, None)
    together, steps = taken(1 + _TRIAL_STEPS, alone + seconds)
    if steps < 2:
        return together
    return max((together - alone) / (steps - 1), together / steps / 4, 1e-6)
