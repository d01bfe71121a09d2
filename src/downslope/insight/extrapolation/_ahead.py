"""What a descent in progress comes to at its end, from its epochs so far; and how true that was."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope._dataclass import dataclass
from downslope.insight.curves import fitted
from downslope.insight.extrapolation._estimate import Estimate, error_at, shown
from downslope.insight.extrapolation._grades import Grade, kind_of_error, off_of_error, own_grades, spread
from downslope.training import Progress, Schedule

__all__ = ["Ahead", "Audit"]

_FEWEST = 8  # points of a curve
_QUARTER = 4
_SAMPLES = 1024  # of a schedule


@dataclass(frozen=True)
class Audit:
    """What was foretold at a quarter of the way, and what came.

    Attributes:
        told: the error at the end, asked at a quarter.
        reached: the error of the last epoch.
        grade: how far off it was.
    """

    told: Estimate
    reached: float
    grade: Grade

    @property
    def within(self) -> bool:
        """Whether the interval holds what came."""
        return self.told.low <= self.reached <= self.told.high

    def __str__(self) -> str:
        """In one line."""
        verdict = "within" if self.within else "below it" if self.reached < self.told.low else "above it"
        return f"forecast at 25 %: {self.told.interval}; reached {shown(self.reached)}: {verdict}"


@dataclass(frozen=True)
class _Course:
    errors: NDArray[np.float64]
    times: NDArray[np.float64]
    falls: bool


class Ahead:
    """What a descent in progress comes to at its end.

    The curve of its epochs so far is followed as ``outlook`` follows that of a run, over the sum of the
    learning rates. Where epochs are few and long, each is some points of the curve.

    Args:
        schedule: of the learning rate.

    >>> from downslope import Constant, Dense, Network, descend
    >>> ahead = Ahead(Constant(0.02))
    >>> net, x, y = Network(inputs=1, layers=[Dense(1, bias=False)]), [[1.0], [2.0]], [2.0, 5.0]
    >>> run = descend(net, x, y, start=[0.0], learning_rate=0.02, steps=400, progress=ahead.see)
    >>> audit = ahead.audit()
    >>> audit.within, round(audit.told.value, 3), round(audit.reached, 3)
    (True, 0.1, 0.1)
    """

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._steps, self._done = 0, 0
        self._errors: list[float] = []
        self._ends: list[int] = []  # steps done after each point
        self._reached = inf

    def see(self, epoch: Progress) -> None:
        """One more epoch."""
        count = len(epoch.errors)
        if not count or self._done != epoch.step - count:  # what is saved and goes on has no beginning
            return
        points = min(count, ceil(_QUARTER * _FEWEST * count / epoch.steps))
        edges = np.linspace(0, count, points + 1).round().astype(int)
        self._errors += (np.add.reduceat(epoch.errors, edges[:-1]) / np.diff(edges)).tolist()
        self._ends += (epoch.step - count + edges[1:]).tolist()
        self._steps, self._done, self._reached = epoch.steps, epoch.step, epoch.error

    def end(self, grades: Iterable[Grade] = ()) -> Estimate | None:
        """The error after all of its steps; None while that is not known.

        Args:
            grades: of earlier forecasts, as ``read_grades`` gives them.
        """
        known = self._known(self._done)
        return None if known is None else self._told(known, float(self._times([self._steps])[0]), grades)

    def audit(self, grades: Iterable[Grade] = ()) -> Audit | None:
        """What would have been foretold at a quarter of the steps of the epoch that is now the last, and it.

        None where a quarter of its steps was not done, or was too short to foretell anything.
        """
        known = self._known(self._steps // _QUARTER)
        if known is None or known.errors.size == len(self._errors) or not np.isfinite(self._reached):
            return None
        end = float(self._times([self._done])[0])
        told, curve = self._told(known, end, grades), fitted(known.errors, known.times)
        far = float(np.log(end / curve.now))
        scale = spread(curve, far)
        off = off_of_error(curve, told.value, self._reached, scale) if scale > 0 else 0.0
        return Audit(told, self._reached, Grade(kind_of_error(known.falls), far, float(off)))

    def _known(self, steps: int) -> _Course | None:
        """The points up to a step, at the middle of each; None where they are too few, or not finite."""
        count = int(np.searchsorted(self._ends, steps, side="right"))
        errors = np.array(self._errors[:count])
        if count < _FEWEST or not np.all(np.isfinite(errors)):
            return None
        ends = np.array(self._ends[:count], float)
        falls = self._schedule.rate(self._steps, self._steps) < self._schedule.rate(
            int(ends[-1]), self._steps
        )
        return _Course(
            errors, self._times((ends + np.append(0, ends[:-1]) - 1) / 2), falls
        )  # before each update

    def _told(self, known: _Course, end: float, grades: Iterable[Grade]) -> Estimate:
        curve = fitted(known.errors, known.times)
        return error_at(curve, end, [*grades, *own_grades(known)], falls=known.falls)

    def _times(self, steps: ArrayLike) -> NDArray[np.float64]:
        """The sum of the rates up to some steps, from samples of the schedule."""
        at = np.unique(np.linspace(1, self._steps, min(self._steps, _SAMPLES)).round())
        rates = np.array([self._schedule.rate(int(step), self._steps) for step in at])
        edges = np.concatenate([[0.0], (at[1:] + at[:-1] - 1) / 2, [self._steps]])
        summed = np.append(0.0, np.cumsum(rates * np.diff(edges)))
        times: NDArray[np.float64] = np.interp(np.asarray(steps, float), edges, summed)
        return times
