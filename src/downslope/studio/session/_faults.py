"""Why a run of the page ended, and what may help."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from downslope.insight.diagnosis import FirstAid, StableRange, diagnose_divergence, stable_range
from downslope.nets import Network
from downslope.studio.session._descent import Descent, Split
from downslope.studio.table._choices import RAW

__all__ = ["Fault", "fault_of", "stable_range_of"]


@dataclass(frozen=True)
class Fault:
    """Why a run ended.

    Attributes:
        kind: ``"not finite"`` or ``"finished"``.
        step: updates done.
        text: what happened, and why where that is known.
        remedies: what may help, the likeliest first; the run starts again with one.
    """

    kind: str
    step: int
    text: str
    remedies: tuple[FirstAid, ...]


def fault_of(message: str, descent: Descent, step: int) -> Fault:
    """The fault behind a message of the engine, with its remedies."""
    settings = descent.settings
    found = diagnose_divergence(
        settings.learning_rate,
        stable_range_of(descent),
        standardised=descent.rows.choices.scaling != RAW,
        clipped=settings.clip_norm is not None,
    )
    return Fault("not finite", step, f"{message} {found.cause}".rstrip(), found.remedies)


def stable_range_of(descent: Descent) -> StableRange | None:
    """The stable learning rates, where they are known: of plain descent on all rows of a linear network."""
    settings = descent.settings
    if settings.optimizer != "sgd" or settings.batch_size is not None or settings.clip_norm is not None:
        return None
    return _stable_range(descent.split, descent.network, settings.momentum)


@lru_cache(maxsize=8)
def _stable_range(split: Split, network: Network, momentum: float) -> StableRange | None:
    return stable_range(network, split.training["x"], split.training["y"], momentum=momentum)
