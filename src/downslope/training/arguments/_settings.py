"""The settings of a descent that are numbers, checked."""

from __future__ import annotations

import math
from typing import Any

from downslope._checks import NOT_NEGATIVE, POSITIVE, SHARE, Interval, number, seed, whole
from downslope._dataclass import dataclass
from downslope.errors import DownslopeError

__all__ = ["DescentSettings"]

_AT_LEAST_1 = Interval(1)
_STEPS = Interval(0, limit=1 << 53)
_USUAL_STEPS = 1000
_WHOLE = {
    "steps": _STEPS,
    "epochs": _STEPS,
    "batch_size": _AT_LEAST_1,
    "patience": _AT_LEAST_1,
    "threads": _AT_LEAST_1,
}
_LIMITS = {"clip_norm": POSITIVE, "clip_value": POSITIVE, "time_limit": NOT_NEGATIVE}
"""Of these, infinity is None."""


@dataclass(frozen=True)
class DescentSettings:
    """What ``descend`` is given under the same names; numbers of any kind become plain ones."""

    steps: int | None = None
    epochs: int | None = None
    batch_size: int | None = None
    clip_norm: float | None = None
    clip_value: float | None = None
    patience: int | None = None
    ema_decay: float = 0.0
    time_limit: float | None = None
    threads: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name, within in _WHOLE.items():
            given = getattr(self, name)
            if given is not None:
                self._set(name, whole(name, given, within))
        for name, within in _LIMITS.items():
            given = getattr(self, name)
            if given is not None:
                none = isinstance(given, float) and given == math.inf
                self._set(name, None if none else number(name, given, within))
        self._set("ema_decay", number("ema_decay", self.ema_decay, SHARE))
        self._set("seed", seed("seed", self.seed))
        if self.steps is not None and self.epochs is not None:
            raise DownslopeError("give steps or epochs, not both")

    def steps_for(self, steps_in_epoch: int) -> int:
        """The number of updates that is asked for."""
        if self.epochs is not None:
            return self.epochs * steps_in_epoch
        return _USUAL_STEPS if self.steps is None else self.steps

    def _set(self, name: str, value: Any) -> None:
        if value is not getattr(self, name):
            object.__setattr__(self, name, value)
