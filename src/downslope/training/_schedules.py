"""Schedules: the learning rate of each step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError

__all__ = ["Constant", "Cosine", "FlatCosine", "OneCycle", "Schedule", "StepDecay", "WarmUp", "rates"]


class Schedule(Protocol):
    """A learning rate for each step."""

    def rate(self, step: int, steps: int) -> float:
        """η of a step, counted from 1, of so many in all."""


def _positive(rate: float) -> None:
    if not (math.isfinite(rate) and rate > 0):
        raise DownslopeError(f"the learning rate is a number above 0, not {rate!r}")


@dataclass(frozen=True)
class Constant:
    """η, always.

    >>> Constant(0.1).rate(7, 10)
    0.1
    """

    peak: float

    def __post_init__(self) -> None:
        _positive(self.peak)

    def rate(self, step: int, steps: int) -> float:
        """η of a step, counted from 1, of so many in all."""
        return self.peak


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
        _positive(self.peak)
        if self.every < 1 or not 0 < self.factor <= 1:
            raise DownslopeError("a step decay needs every of at least 1 and a factor above 0 and at most 1")

    def rate(self, step: int, steps: int) -> float:
        """η of a step, counted from 1, of so many in all."""
        return float(self.peak * self.factor ** ((step - 1) // self.every))


@dataclass(frozen=True)
class Cosine:
    """From η down to ``final``·η along half a cosine (Loshchilov and Hutter 2017)

    >>> [round(Cosine(1.0).rate(s, 5), 3) for s in (1, 3, 5)]
    [1.0, 0.5, 0.0]
    """

    peak: float
    final: float = 0.0

    def __post_init__(self) -> None:
        _positive(self.peak)

    def rate(self, step: int, steps: int) -> float:
        """η of a step, counted from 1, of so many in all."""
        return _half_cosine(self.peak, self.final * self.peak, (step - 1) / max(steps - 1, 1))


@dataclass(frozen=True)
class FlatCosine:
    """η for the first half of the steps, then down to 0 along half a cosine (as in Holzmüller et al. 2024)

    >>> [round(FlatCosine(1.0).rate(s, 9), 3) for s in (1, 5, 7, 9)]
    [1.0, 1.0, 0.5, 0.0]
    """

    peak: float

    def __post_init__(self) -> None:
        _positive(self.peak)

    def rate(self, step: int, steps: int) -> float:
        """η of a step, counted from 1, of so many in all."""
        share = (step - 1) / max(steps - 1, 1)
        return _half_cosine(self.peak, 0.0, max(0.0, 2 * share - 1))


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
        _positive(self.peak)
        if not 0 < self.rise < 1 or self.divide < 1:
            raise DownslopeError("one cycle needs rise between 0 and 1, and divide of at least 1")

    def rate(self, step: int, steps: int) -> float:
        """η of a step, counted from 1, of so many in all."""
        first, top = self.peak / self.divide, self.rise * steps - 1
        if step - 1 <= top:
            return _half_cosine(first, self.peak, (step - 1) / top if top else 1.0)
        return _half_cosine(self.peak, first / 1e4, (step - 1 - top) / max(steps - 1 - top, 1))


@dataclass(frozen=True)
class WarmUp:
    """The first ``over`` steps rise in a straight line to another schedule, which goes on from there.

    >>> [WarmUp(Constant(1.0), over=4).rate(s, 9) for s in (1, 2, 4, 9)]
    [0.25, 0.5, 1.0, 1.0]
    """

    then: Schedule
    over: int

    def __post_init__(self) -> None:
        if self.over < 1:
            raise DownslopeError("a warm-up takes at least 1 step")

    def rate(self, step: int, steps: int) -> float:
        """η of a step, counted from 1, of so many in all."""
        if step <= self.over:
            return self.then.rate(1, max(steps - self.over, 1)) * step / self.over
        return self.then.rate(step - self.over, steps - self.over)


def rates(schedule: Schedule, first: int, count: int, steps: int) -> NDArray[np.float64]:
    """η of some steps in a row, of so many in all.

    >>> rates(Constant(0.1), 3, 2, 10)
    array([0.1, 0.1])
    """
    if isinstance(schedule, Constant):
        return np.full(count, schedule.peak)
    return np.array([schedule.rate(step, steps) for step in range(first, first + count)])


def _half_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
