"""Time: the moments that are kept of each run, its curve, and the branches that editing the past begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.studio.session._settings import Settings
from downslope.studio.table._rows import Rows

__all__ = ["Curve", "History", "Moment", "next_mark"]

_POINTS = 4096
_BYTES = 1 << 28  # of the moments of one run
_FEWEST = 4  # moments of a run, however large
_GROWTH = 1.05


@dataclass(frozen=True)
class Moment:
    """What was at one time.

    Attributes:
        step: updates done.
        values: parameters and optimizer states by name.
        error: on all rows that are trained on, penalties included; of the last batch where not ``measured``.
        measured: whether all rows were looked at: at full speed there is not always time for it.
        validation_error: on those that only measure, or None.
        how: ``"start"``, ``"descent"``, ``"hand"`` or ``"solve"``.
        settings: in force.
    """

    step: int
    values: Mapping[str, NDArray[Any]] = field(repr=False)
    error: float
    measured: bool
    validation_error: float | None
    how: str
    settings: Settings = field(repr=False)

    @property
    def bytes(self) -> int:
        """The memory its values take."""
        return sum(value.nbytes for value in self.values.values())


def next_mark(step: int) -> int:
    """The next step at which a moment is kept: the first ones all, later ones 5 % apart.

    >>> [next_mark(step) for step in (0, 1, 10, 100, 1000)]
    [1, 2, 11, 105, 1050]
    """
    return max(step + 1, int(step * _GROWTH))


class Curve:
    """The error of each step, thinned to a bounded number of points: at first all, later every second …"""

    def __init__(self) -> None:
        self._steps: list[NDArray[np.int64]] = []
        self._errors: list[NDArray[np.float64]] = []
        self._count, self._stride = 0, 1

    def extend(self, first: int, errors: NDArray[np.float64]) -> None:
        """Note the errors of consecutive steps, the first of them before update ``first`` (from 1)."""
        steps = np.arange(first - 1, first - 1 + len(errors))
        chosen = self._kept(steps)
        self._steps.append(steps[chosen])
        self._errors.append(errors[chosen])
        self._count += int(np.count_nonzero(chosen))
        if self._count > _POINTS:
            self._thin()

    def _kept(self, steps: NDArray[np.int64]) -> NDArray[np.bool_]:
        early = steps < _POINTS // 8
        kept: NDArray[np.bool_] = early | (steps % self._stride == 0)
        return kept

    def _thin(self) -> None:
        steps, errors = self.points()
        while len(steps) > _POINTS // 2:
            self._stride *= 2
            chosen = self._kept(steps)
            steps, errors = steps[chosen], errors[chosen]
        self._steps, self._errors, self._count = [steps], [errors], len(steps)

    def points(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Steps and errors."""
        if not self._steps:
            return np.zeros(0, np.int64), np.zeros(0)
        self._steps, self._errors = [np.concatenate(self._steps)], [np.concatenate(self._errors)]
        return self._steps[0], self._errors[0]

    def thinned(self, about: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Steps and errors of about so many points, evenly spread."""
        steps, errors = self.points()
        every = max(1, len(steps) // about)
        return steps[::every], errors[::every]

    def until(self, step: int) -> Curve:
        """The part before a step, for a branch."""
        steps, errors = self.points()
        part = Curve()
        part._stride = self._stride
        chosen = steps < step
        part._steps, part._errors, part._count = (
            [steps[chosen]],
            [errors[chosen]],
            int(np.count_nonzero(chosen)),
        )
        return part


@dataclass
class History:
    """A run of the page: its moments in their order, from the start or from the branch on.

    Attributes:
        number: counted from 1.
        name: as the reader named it.
        rows: what it learns from.
        parent: the run it branches from, and the place of the moment there; None for a new start.
        kept: whether the reader keeps it for comparison.
    """

    number: int
    name: str
    rows: Rows = field(repr=False)
    parent: tuple[int, int] | None = None
    kept: bool = False
    moments: list[Moment] = field(default_factory=list)
    curve: Curve = field(default_factory=Curve)

    @property
    def last(self) -> Moment:
        """The latest moment."""
        return self.moments[-1]

    @property
    def best(self) -> Moment:
        """The moment with the smallest error, of those that were measured; the first one is."""
        measured = [moment for moment in self.moments if moment.measured]
        return min(measured, key=lambda moment: moment.error if moment.error == moment.error else np.inf)

    def add(self, moment: Moment, *, in_place: bool = False) -> None:
        """Keep a moment, instead of the last one where ``in_place``; old ones are thinned."""
        if in_place:
            self.moments[-1] = moment
            return
        self.moments.append(moment)
        most = max(_FEWEST, _BYTES // max(1, moment.bytes))
        if len(self.moments) > most:
            self.moments = self._thinned()

    @property
    def bytes(self) -> int:
        """The memory its moments take."""
        return sum(moment.bytes for moment in self.moments)

    def _thinned(self) -> list[Moment]:
        """Every second moment, the ends and the best."""
        best = self.best
        kept = []
        for place, moment in enumerate(self.moments):
            ends = place in (0, len(self.moments) - 1)
            if ends or moment is best or place % 2 == 0:
                kept.append(moment)
        return kept

    def branched(self, number: int, place: int) -> History:
        """A run that begins as this one up to a moment."""
        moment = self.moments[place]
        return History(
            number,
            f"run {number}",
            self.rows,
            (self.number, place),
            False,
            self.moments[: place + 1],
            self.curve.until(moment.step),
        )
