"""Schedules: the learning rate of each step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from downslope._checks import POSITIVE, Interval, check_numbers, number, show, whole
from downslope._dataclass import dataclass
from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError

__all__ = [
    "LEARNING_RATE",
    "Constant",
    "Cosine",
    "FlatCosine",
    "LearningRate",
    "OneCycle",
    "Scaled",
    "Schedule",
    "StepDecay",
    "WarmUp",
    "rates",
    "schedule_of",
]

LEARNING_RATE = 0.01
"""The learning rate where none is given."""


class Schedule(Protocol):
    """A learning rate for each step."""

    def rate(self, step: int, steps: int) -> float:
        """η of a step, counted from 1, of so many in all."""


LearningRate = float | Schedule | Callable[[int], float]
"""A learning rate for all steps, a schedule, or a function of the number of the step, counted from 1."""


_BETWEEN = Interval(0, 1, open_low=True, open_high=True)


@suggests_keywords
@dataclass(frozen=True)
class Constant:
    """η, always.

    >>> Constant(0.1).rate(7, 10)
    0.1
    """

    peak: float

    def __post_init__(self) -> None:
        check_numbers(self, peak=POSITIVE)

    def rate(self, step: int, steps: int) -> float:
        """η of a step, counted from 1, of so many in all."""
        return self.peak


@suggests_keywords
@dataclass(frozen=True)
class StepDecay:
    """η · factor^⌊(step − 1)/every⌋

    >>> [StepDecay(1.0, every=2, factor=0.5).rate(s, 5) for s in (1, 2, 3, 5)]
    [1.0, 1.0, 0.5, 0.25]
    """

    peak: float
    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        check_numbers(self, peak=POSITIVE, factor=Interval(0, 1, open_low=True))
        object.__setattr__(self, "every", whole("every of StepDecay", self.every, Interval(1)))

    def rate(self, step: int, steps: int) -> float:
        """η of a step, counted from 1, of so many in all."""
        return float(self.peak * self.factor ** ((step - 1) // self.every))


@suggests_keywords
@dataclass(frozen=True)
class Cosine:
    """From η down to ``final``·η along half a cosine (Loshchilov and Hutter 2017)

    >>> [round(Cosine(1.0).rate(s, 5), 3) for s in (1, 3, 5)]
    [1.0, 0.5, 0.0]
    """

    peak: float
    final: float = 0.0

    def __post_init__(self) -> None:
        check_numbers(self, peak=POSITIVE, final=Interval(0))

    def rate(self, step: int, steps: int) -> float:
        """η of a step, counted from 1, of so many in all."""
        return _half_cosine(self.peak, self.final * self.peak, (step - 1) / max(steps - 1, 1))


@suggests_keywords
@dataclass(frozen=True)
class FlatCosine:
    """η for the first half of the steps, then down to 0 along half a cosine (as in Holzmüller et al. 2024)

    >>> [round(FlatCosine(1.0).rate(s, 9), 3) for s in (1, 5, 7, 9)]
    [1.0, 1.0, 0.5, 0.0]
    """

    peak: float

    def __post_init__(self) -> None:
        check_numbers(self, peak=POSITIVE)

    def rate(self, step: int, steps: int) -> float:
        """η of a step, counted from 1, of so many in all."""
        share = (step - 1) / max(steps - 1, 1)
        return _half_cosine(self.peak, 0.0, max(0.0, 2 * share - 1))


@suggests_keywords
@dataclass(frozen=True)
class OneCycle:
    """Up from η/``divide`` to η in the first ``rise`` of the steps, then down to almost nothing.

    Both along half a cosine (Smith and Topin 2018); it ends at a ten-thousandth of where it began.

    >>> [round(OneCycle(1.0, rise=0.6).rate(s, 5), 3) for s in (1, 3, 5)]
    [0.04, 1.0, 0.0]
    """

    peak: float
    rise: float = 0.3
    divide: float = 25.0

    def __post_init__(self) -> None:
        check_numbers(self, peak=POSITIVE, rise=_BETWEEN, divide=Interval(1))

    def rate(self, step: int, steps: int) -> float:
        """η of a step, counted from 1, of so many in all."""
        first, top = self.peak / self.divide, self.rise * steps - 1
        if step - 1 <= top:
            return _half_cosine(first, self.peak, (step - 1) / top if top else 1.0)
        return _half_cosine(self.peak, first / 1e4, (step - 1 - top) / max(steps - 1 - top, 1))


@suggests_keywords
@dataclass(frozen=True)
class WarmUp:
    """The first ``over`` steps rise in a straight line to another schedule, which goes on from there.

    >>> [WarmUp(Constant(1.0), over=4).rate(s, 9) for s in (1, 2, 4, 9)]
    [0.25, 0.5, 1.0, 1.0]
    """

    then: Schedule
    over: int

    def __post_init__(self) -> None:
        if self.then is None:
            raise DownslopeError("then of WarmUp needs a schedule, such as Cosine(0.01), not None")
        object.__setattr__(self, "then", schedule_of(self.then, "then of WarmUp"))
        object.__setattr__(self, "over", whole("over of WarmUp", self.over, Interval(1)))

    def rate(self, step: int, steps: int) -> float:
        """η of a step, counted from 1, of so many in all."""
        if step <= self.over:
            return self.then.rate(1, max(steps - self.over, 1)) * step / self.over
        return self.then.rate(step - self.over, steps - self.over)


@dataclass(frozen=True)
class Scaled:
    """Another schedule, times a factor."""

    of: Schedule
    factor: float

    def rate(self, step: int, steps: int) -> float:
        """η of a step, counted from 1, of so many in all."""
        return self.factor * self.of.rate(step, steps)


@dataclass(frozen=True)
class _OfStep:
    """η as a function of the step."""

    function: Callable[[int], float]

    def rate(self, step: int, steps: int) -> float:
        return self.function(step)


def schedule_of(given: LearningRate | None, name: str = "learning_rate") -> Schedule:
    """A schedule from a number, a function of the step, or a schedule; None is the usual learning rate.

    Args:
        given: the learning rate.
        name: of the argument, for messages.

    Raises:
        DownslopeError: where it is none of these.

    >>> schedule_of(0.5), schedule_of(lambda step: 1 / step).rate(4, 10)
    (Constant(peak=0.5), 0.25)
    """
    if given is None:
        return Constant(LEARNING_RATE)
    if isinstance(given, type):
        raise DownslopeError(
            f"{name} needs a number above 0 or a schedule, not {show(given)}; give its settings in brackets"
        )
    if callable(getattr(given, "rate", None)):
        return given  # type: ignore[return-value]
    if callable(given):
        return _OfStep(given)
    return Constant(number(name, given, POSITIVE))


def rates(schedule: Schedule, first: int, count: int, steps: int) -> NDArray[np.float64]:
    """η of some steps in a row, of so many in all.

    Raises:
        DownslopeError: if one of them is negative or not finite.

    >>> rates(Constant(0.1), 3, 2, 10)
    array([0.1, 0.1])
    """
    if isinstance(schedule, Constant):
        return np.full(count, schedule.peak)
    numbers = range(first, first + count)
    try:
        found = np.array([float(schedule.rate(step, steps)) for step in numbers])
    except (TypeError, ValueError) as error:
        raise DownslopeError(f"learning_rate of step {first} cannot be computed: {error}") from None
    wrong = np.flatnonzero(~(np.isfinite(found) & (found >= 0)))
    if len(wrong):
        raise DownslopeError(
            f"learning_rate of step {first + wrong[0]} is {found[wrong[0]]:g}, not a number of at least 0"
        )
    return found


def _half_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * ((1 + math.cos(math.pi * share)) / 2)
