"""What a run did so far, as errors over the time of its descent: the sum of its learning rates."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.training import Run, rates, schedule_of

__all__ = ["Course", "History", "history_of"]

_FEWEST = 8
_LOWER = 1 - 1e-9


class Course(Protocol):
    """Errors over the time of a descent."""

    @property
    def errors(self) -> NDArray[np.float64]:
        """One for each point, (points,)."""

    @property
    def times(self) -> NDArray[np.float64]:
        """Ascending, (points,)."""

    @property
    def falls(self) -> bool:
        """Whether the learning rate is lower at the end than before."""


@dataclass(frozen=True, eq=False)
class History:
    """The errors of a run, one for each epoch, and how steps are told in time.

    A learning rate that falls slows the descent down as a smaller one does: errors are followed over the sum
    of the rates. After the steps that were asked for, the last rate goes on.

    Attributes:
        errors: mean over the steps of each whole epoch, (epochs,).
        steps: steps that were done at the middle of each epoch, (epochs,).
        done: steps that were done in all.
        summed: the sum of the rates before each step, of all steps that are known, (steps + 1,).
    """

    errors: NDArray[np.float64]
    steps: NDArray[np.float64]
    done: int
    summed: NDArray[np.float64]

    @property
    def times(self) -> NDArray[np.float64]:
        """Of each epoch, (epochs,)."""
        return self.time_of(self.steps)

    @property
    def falls(self) -> bool:
        """Whether the learning rate is lower at the end than before."""
        return self.last_rate < _LOWER * float(np.diff(self.summed).max())

    @property
    def last_rate(self) -> float:
        """What goes on after the steps that are known."""
        return float(self.summed[-1] - self.summed[-2])

    def time_of(self, steps: NDArray[np.float64]) -> NDArray[np.float64]:
        """The time when so many steps are done."""
        known = len(self.summed) - 1
        within = np.interp(steps, np.arange(known + 1), self.summed)
        return within + np.maximum(steps - known, 0) * self.last_rate

    @property
    def end(self) -> float:
        """The time that is never passed: infinity unless the rate falls to 0."""
        return float("inf") if self.last_rate > 0 else float(self.summed[-1])

    def steps_at(self, time: float) -> float:
        """How many steps are done at a time; where the rate falls to 0 before, all that were asked for."""
        known, end = len(self.summed) - 1, float(self.summed[-1])
        if time <= end or not self.last_rate > 0:
            return float(np.interp(time, self.summed, np.arange(known + 1)))
        return known + (time - end) / self.last_rate


def history_of(run: Run) -> History:
    """The errors of a run.

    Raises:
        DownslopeError: if it did not get far enough, or not to finite errors.
    """
    each = run.steps_in_epoch
    losses = run.losses[: len(run.losses) // each * each].reshape(-1, each)
    if len(losses) < _FEWEST:
        raise DownslopeError(
            f"an outlook needs a run of at least {_FEWEST} epochs, and this one has {len(losses)}; "
            "let it descend further"
        )
    if not np.all(np.isfinite(run.losses)):
        raise DownslopeError("this run came to what is not finite; ask ds.doctor for the reason")
    with np.errstate(over="ignore"):
        errors: NDArray[np.float64] = losses.mean(axis=1)
    steps = np.arange(len(losses), dtype=np.float64) * each + (each - 1) / 2
    return History(errors, steps, len(run.losses), _summed(run))


def _summed(run: Run) -> NDArray[np.float64]:
    """The sum of the rates before each step, up to the end that was asked for."""
    given, done = run.settings, len(run.losses)
    known = max(done, _asked(run))
    optimizer = given.get("optimizer")
    searched = isinstance(optimizer, str) and optimizer.lower() == "lbfgs"
    schedule = schedule_of(1.0 if searched else given.get("learning_rate"))
    return np.concatenate([[0.0], np.cumsum(rates(schedule, 1, known, known))])


def _asked(run: Run) -> int:
    """The steps that its call asked for, those of a run that it began from among them."""
    given = run.settings
    if not given:  # a loaded run
        return len(run.losses)
    start = given.get("start")
    before = len(start.losses) if isinstance(start, Run) else 0
    if given.get("epochs") is not None:
        return before + int(given["epochs"]) * run.steps_in_epoch
    return before + (1000 if given.get("steps") is None else int(given["steps"]))
