"""Why a run of the page ended, and the learning rates with which it does not diverge."""

from __future__ import annotations

from functools import lru_cache

from downslope._dataclass import dataclass
from downslope.insight.diagnosis import StableRange, stable_range
from downslope.nets import Network
from downslope.studio.session._descent import Descent, Split

__all__ = ["Fault", "stable_range_of"]


@dataclass(frozen=True)
class Fault:
    """Why a run ended.

    Attributes:
        kind: ``"not finite"`` or ``"finished"``.
        step: updates done.
        text: what happened.
    """

    kind: str
    step: int
    text: str


def stable_range_of(descent: Descent) -> StableRange | None:
    """The stable learning rates, where they are known: of plain descent on all rows of a linear network."""
    settings = descent.settings
    if settings.optimizer != "sgd" or settings.batch_size is not None or settings.clip_norm is not None:
        return None
    return _stable_range(descent.split, descent.network, settings.momentum)


@lru_cache(maxsize=8)
def _stable_range(split: Split, network: Network, momentum: float) -> StableRange | None:
    return stable_range(network, split.training["x"], split.training["y"], momentum=momentum)
