"""What to do about a descent that failed: its cause, and repairs that take one click."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from downslope.errors import DownslopeError
from downslope.insight import forecast
from downslope.nets import Network
from downslope.studio.session._descent import Descent, Split
from downslope.studio.table._choices import RAW, STANDARD

__all__ = ["Fault", "Repair", "fault_of", "stable_range"]

_MOST_UNKNOWNS = 300


@dataclass(frozen=True)
class Repair:
    """A change that may help: of settings, or of the scaling of the table; the run starts again with it."""

    label: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    scaling: str | None = None


@dataclass(frozen=True)
class Fault:
    """Why a run ended.

    Attributes:
        kind: ``"not finite"`` or ``"finished"``.
        step: updates done.
        text: what happened, and why where that is known.
        repairs: what may help, the likeliest first.
    """

    kind: str
    step: int
    text: str
    repairs: tuple[Repair, ...]


def fault_of(message: str, descent: Descent, step: int) -> Fault:
    """The fault that the engine's message tells, with its repairs."""
    settings = descent.settings
    text, repairs = message, []
    known = stable_range(descent)
    if known is not None and settings.learning_rate >= known[0]:
        stable, best = known
        text += (
            f" The learning rate {settings.learning_rate:g} is above {stable:.5g}, where this descent starts"
            " to diverge: each step goes past the minimum and ends further away from it."
        )
        repairs.append(Repair(f"learning rate {best:.3g}, the best for these rows", {"learning_rate": best}))
    rate = float(f"{settings.learning_rate / 10:.3g}")
    repairs.append(Repair(f"learning rate {rate:g}, a tenth", {"learning_rate": rate}))
    if descent.rows.choices.scaling == RAW:
        repairs.append(Repair("standardised columns", scaling=STANDARD))
    if settings.clip_norm is None:
        repairs.append(Repair("gradients clipped at a norm of 1", {"clip_norm": 1.0}))
    return Fault("not finite", step, text, tuple(repairs))


def stable_range(descent: Descent) -> tuple[float, float] | None:
    """The learning rate from which on descent diverges, and the best one; known of linear networks."""
    network, settings = descent.network, descent.settings
    outputs = int(network.graph().output.shape[1])
    if (
        settings.optimizer != "sgd"
        or settings.batch_size is not None
        or settings.clip_norm is not None
        or network.inputs * outputs > _MOST_UNKNOWNS
    ):
        return None
    return _predicted_range(descent.split, network, settings.momentum)


@lru_cache(maxsize=8)
def _predicted_range(split: Split, network: Network, momentum: float) -> tuple[float, float] | None:
    x, y = split.training["x"], split.training["y"]
    try:
        found = forecast(network, x, y, start=network.initial_parameters(), momentum=momentum)
    except DownslopeError:
        return None
    return found.stable_below, found.best_rate
