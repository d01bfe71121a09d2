"""Time: the saved steps of each run, its curve, and the branches that a change to the past begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._forks import cached_property
from downslope.studio.session._settings import Settings
from downslope.studio.table._rows import Rows

__all__ = ["ErrorCurve", "History", "SavedStep", "next_mark", "usual_name"]

_POINTS = 4096
_PARTS = 64  # of a curve, until they are joined
_BYTES = 1 << 28  # of the saved steps of one run
_FEWEST, _MOST = 4, 4096  # saved steps of a run, however large or small they are
_GROWTH = 1.05
_FAR = 10  # times its first error: a run that has come there has diverged


@dataclass(frozen=True, eq=False)
class SavedStep:
    """What was at one time.

    Attributes:
        step: updates done.
        values: parameters and optimizer states by name.
        error: on all rows that are trained on, penalties included; of the last batch where not ``exact``.
        exact: whether all rows were looked at: at full speed there is not always time for it.
        validation_error: on those that only measure, or None.
        origin: what led there: ``"start"``, ``"descent"``, ``"hand"`` or ``"solve"``.
        settings: in force.
    """

    step: int
    values: Mapping[str, NDArray[Any]] = field(repr=False)
    error: float
    exact: bool
    validation_error: float | None
    origin: str
    settings: Settings = field(repr=False)

    @property
    def bytes(self) -> int:
        """The memory its values take."""
        return sum(value.nbytes for value in self.values.values())


def next_mark(step: int) -> int:
    """The next step to save: the first ones all, later ones 5 % apart.

    >>> [next_mark(step) for step in (0, 1, 10, 100, 1000)]
    [1, 2, 11, 105, 1050]
    """
    return max(step + 1, int(step * _GROWTH))


def usual_name(number: int) -> str:
    """What a run is called that nobody named."""
    return f"run {number}"


Points = tuple[NDArray[np.int64], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class ErrorCurve:
    """The error of each step, thinned to a bounded number of points: at first all, later every second …

    Attributes:
        parts: steps and errors, in pieces as they came.
        stride: how far later points are apart.
    """

    parts: tuple[Points, ...] = ()
    stride: int = 1

    @cached_property
    def points(self) -> Points:
        """Steps and errors, (n,) each."""
        if not self.parts:
            return np.zeros(0, np.int64), np.zeros(0)
        steps, errors = zip(*self.parts, strict=True)
        return np.concatenate(steps), np.concatenate(errors)

    def extended(self, first: int, errors: NDArray[np.float64]) -> ErrorCurve:
        """The curve with the errors of further steps, the first before update number ``first`` (from 1)."""
        steps = np.arange(first - 1, first - 1 + len(errors))
        chosen = _kept(steps, self.stride)
        after = ErrorCurve((*self.parts, (steps[chosen], errors[chosen])), self.stride)
        if len(after.parts) > _PARTS:
            after = ErrorCurve((after.points,), self.stride)
        return after._thinned() if sum(len(part[0]) for part in after.parts) > _POINTS else after

    def _thinned(self) -> ErrorCurve:
        (steps, errors), stride = self.points, self.stride
        while len(steps) > _POINTS // 2:
            stride *= 2
            chosen = _kept(steps, stride)
            steps, errors = steps[chosen], errors[chosen]
        return ErrorCurve(((steps, errors),), stride)

    def thinned(self, about: int) -> Points:
        """Steps and errors of about so many points, evenly spaced."""
        steps, errors = self.points
        every = max(1, len(steps) // about)
        return steps[::every], errors[::every]

    def until(self, step: int) -> ErrorCurve:
        """The part before a step, for a branch."""
        steps, errors = self.points
        chosen = steps < step
        return ErrorCurve(((steps[chosen], errors[chosen]),), self.stride)


def _kept(steps: NDArray[np.int64], stride: int) -> NDArray[np.bool_]:
    early = steps < _POINTS // 8
    kept: NDArray[np.bool_] = early | (steps % stride == 0)
    return kept


@dataclass(frozen=True, eq=False)
class History:
    """A run of the page: its saved steps in their order, from the start or from the branch on.

    Attributes:
        number: counted from 1.
        name: as the reader named it.
        rows: what it learns from.
        parent: the run it branches from, and the index of the saved step there; None for a new start.
        branching: the saved step that it branches at; None for a new start.
        kept: whether the reader keeps it for comparison.
        note: what the reader wrote about it.
    """

    number: int
    name: str
    rows: Rows = field(repr=False)
    parent: tuple[int, int] | None = None
    branching: SavedStep | None = field(default=None, repr=False)
    kept: bool = False
    note: str = ""
    saved_steps: tuple[SavedStep, ...] = ()
    curve: ErrorCurve = field(default_factory=ErrorCurve)

    @property
    def last(self) -> SavedStep:
        """The latest saved step."""
        return self.saved_steps[-1]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to come back to: no step, no number moved, nothing that a reader wrote."""
        begun = self.last.origin == "start" or self.last is self.branching
        return begun and not (self.kept or self.note or self.name != usual_name(self.number))

    @property
    def diverged(self) -> bool:
        """Whether descent has led to an error far above that at first."""
        first, last = self.saved_steps[0].error, self.last
        return last.origin == "descent" and (not np.isfinite(last.error) or last.error > _FAR * first > 0)

    @cached_property
    def best(self) -> SavedStep:
        """The saved step with the smallest error, of those that are exact; the first one is."""
        exact = [saved for saved in self.saved_steps if saved.exact]
        return min(exact, key=lambda saved: saved.error if saved.error == saved.error else np.inf)

    @cached_property
    def bytes(self) -> int:
        """The memory its saved steps take."""
        return sum(saved.bytes for saved in self.saved_steps)

    def with_saved_step(self, saved: SavedStep, *, in_place: bool = False) -> History:
        """The run with one more saved step, or with another last one; old ones are thinned."""
        if in_place:
            return replace(self, saved_steps=(*self.saved_steps[:-1], saved))
        after = replace(self, saved_steps=(*self.saved_steps, saved))
        most = min(_MOST, max(_FEWEST, _BYTES // max(1, saved.bytes)))
        return after if len(after.saved_steps) <= most else replace(after, saved_steps=after._thinned())

    def _thinned(self) -> tuple[SavedStep, ...]:
        """Every second saved step, the ends and the best."""
        last, best = len(self.saved_steps) - 1, self.best
        return tuple(s for i, s in enumerate(self.saved_steps) if i % 2 == 0 or i == last or s is best)

    def back_to(self, step: int) -> History:
        """The run without what came after a step."""
        if self.last.step <= step:
            return self
        return replace(
            self,
            saved_steps=tuple(s for s in self.saved_steps if s.step <= step),
            curve=self.curve.until(step),
        )

    def branched(self, number: int, index: int) -> History:
        """A run that begins as this one up to a saved step."""
        saved = self.saved_steps[index]
        return History(
            number,
            usual_name(number),
            self.rows,
            (self.number, index),
            saved,
            saved_steps=self.saved_steps[: index + 1],
            curve=self.curve.until(saved.step),
        )
