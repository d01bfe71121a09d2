"""The learning rates of the stochastic solvers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.training import Schedule

__all__ = ["LearningRates", "RatePolicy"]

_SMALLEST_RATE = 1e-6
_SLOWER = 5.0
_AHEAD = 256


@dataclass(frozen=True)
class RatePolicy:
    """How the learning rate changes from step to step and from epoch to epoch.

    Attributes:
        initial: η to begin with.
        schedule: ``"constant"``, ``"invscaling"``, ``"adaptive"``, or a schedule of ``total`` steps.
        total: steps that a schedule is for.
        power: of ``"invscaling"``, η/(rows seen + 1)^power.
        betas: β₁ and β₂ where Adam's correction for the start belongs into the rate.
    """

    initial: float
    schedule: str | Schedule = "constant"
    total: int = 0
    power: float = 0.5
    betas: tuple[float, float] | None = None

    @property
    def by_epoch(self) -> bool:
        """Whether all steps of an epoch have the same rate."""
        return self.betas is None and isinstance(self.schedule, str)

    def rates(self, first: int, count: int) -> NDArray[np.float64]:
        """η of so many steps from one on, counted from 1, where epochs have no say in it.

        >>> RatePolicy(0.001, betas=(0.9, 0.999)).rates(1, 2).round(6)
        array([0.000316, 0.000235])
        """
        steps = np.arange(first, first + count)
        rates = np.full(count, float(self.initial))
        if not isinstance(self.schedule, str):
            last = self.total
            rates = np.array([self.schedule.rate(min(int(s), last), last) for s in steps], float)
        if self.betas is not None:
            one, two = self.betas
            rates *= np.sqrt(1 - two**steps) / (1 - one**steps)
        return rates

    def after_epoch(self, rate: float, rows_seen: int) -> float:
        """η of the next epoch, when all epochs together have used so many rows."""
        if self.schedule == "invscaling":
            with np.errstate(over="ignore"):  # of a power so large that the rate is 0
                return float(self.initial / np.float_power(rows_seen + 1, self.power))
        return rate

    def without_progress(self, rate: float) -> tuple[float | None, str]:
        """η to go on with after epochs without progress, None to stop; and what happens, in words."""
        if self.schedule != "adaptive":
            return None, " Stopping."
        if rate <= _SMALLEST_RATE:
            return None, " Learning rate too small. Stopping."
        return rate / _SLOWER, f" Setting learning rate to {rate / _SLOWER:f}"


class LearningRates:
    """The rates of one fit, as the loop asks for them: ``rates(first, count)``.

    Attributes:
        now: that of the last step, or of the next epoch where epochs decide.
    """

    def __init__(self, policy: RatePolicy, now: float) -> None:
        self.policy, self.now = policy, now
        self._first, self._known = 1, np.zeros(0)

    def __call__(self, first: int, count: int) -> NDArray[np.float64]:
        """η of so many steps from one on, counted from 1."""
        if self.policy.by_epoch:
            return np.full(count, self.now)
        if first < self._first or first + count > self._first + len(self._known):
            # many at a time: epochs can be short
            self._first, self._known = first, self.policy.rates(first, max(count, _AHEAD))
        rates = self._known[first - self._first : first - self._first + count]
        self.now = float(rates[-1])
        return rates
