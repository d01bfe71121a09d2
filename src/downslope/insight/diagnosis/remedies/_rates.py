"""Calls with other learning rates."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from downslope.insight.diagnosis._finding import Remedy
from downslope.insight.diagnosis.measured import Call
from downslope.training import LEARNING_RATE, Scaled, schedule_of

__all__ = ["other_rates", "with_rate_times"]


def other_rates(call: Call, factors: Iterable[float]) -> list[Remedy]:
    """The remedies that multiply the learning rate of a call by these factors, in their order."""
    return [Remedy(_words(call, factor), partial(with_rate_times, factor=factor)) for factor in factors]


def with_rate_times(call: Call, factor: float) -> Call:
    """The same call with the learning rate times a factor: a number stays one, in three digits."""
    return call.with_settings(learning_rate=_times(call, factor))


def _times(call: Call, factor: float) -> Any:
    given = call.settings.get("learning_rate")
    if given is None:
        given = LEARNING_RATE
    if isinstance(given, int | float | np.number):
        return float(f"{factor * float(given):.3g}")
    return Scaled(schedule_of(given), factor)


def _words(call: Call, factor: float) -> str:
    rate = _times(call, factor)
    return f"learning rate {rate:g}" if isinstance(rate, float) else f"the learning rates times {factor:g}"
