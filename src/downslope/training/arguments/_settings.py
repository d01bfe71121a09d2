"""The settings of a descent that are numbers, checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from downslope._checks import NOT_NEGATIVE, POSITIVE, Interval, number, seed, whole
from downslope.errors import DownslopeError

__all__ = ["DescentSettings"]

_AT_LEAST_1 = Interval(1)
_STEPS = Interval(0, limit=1 << 53)
_USUAL_STEPS = 1000


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
        for name in ("steps", "epochs"):
            self._check_whole(name, _STEPS)
        for name in ("batch_size", "patience", "threads"):
            self._check_whole(name, _AT_LEAST_1)
        for name, within in (("clip_norm", POSITIVE), ("clip_value", POSITIVE), ("time_limit", NOT_NEGATIVE)):
            self._check_limit(name, within)
        self._set("ema_decay", number("ema_decay", self.ema_decay, Interval(0, 1, open_high=True)))
        self._set("seed", seed("seed", self.seed))
        if self.steps is not None and self.epochs is not None:
            raise DownslopeError("give steps or epochs, not both")

    def steps_for(self, steps_in_epoch: int) -> int:
        """The number of updates that is asked for."""
        if self.epochs is not None:
            return self.epochs * steps_in_epoch
        return _USUAL_STEPS if self.steps is None else self.steps

    def _check_whole(self, name: str, within: Interval) -> None:
        if getattr(self, name) is not None:
            self._set(name, whole(name, getattr(self, name), within))

    def _check_limit(self, name: str, within: Interval) -> None:
        """A limit that is infinite is none."""
        given = getattr(self, name)
        if given is not None:
            none = isinstance(given, float) and given == math.inf
            self._set(name, None if none else number(name, given, within))

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
