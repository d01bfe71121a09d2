"""What goes along with a fit: who is told of each epoch, and what saves its descents."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar

from downslope._dataclass import dataclass
from downslope.insight import Ahead
from downslope.training import Journal, Progress, RankJournal, Ranks, Schedule

__all__ = ["FitHooks", "FitPhase", "Until"]


T = TypeVar("T")

Until = Callable[[Progress], bool]
"""Whether a descent ends after an epoch."""


@dataclass(frozen=True)
class FitPhase:
    """What a fit is at.

    Attributes:
        name: ``"linear"`` or the name of a group.
        progress: of its descent.
        target: that it is of.
        ahead: what the descent comes to; None of the linear model and of intervals.
    """

    name: str
    progress: Progress
    target: str = ""
    ahead: Ahead | None = None


@dataclass(frozen=True)
class FitHooks:
    """Those of the fit of one target.

    Attributes:
        progress: called after each epoch; None where nobody is told.
        journal: of the checkpoints; None where nothing is saved.
        target: the name of the target.
        ranks: the processes that fit together, each making the same calls; None where one does.
    """

    progress: Callable[[FitPhase], None] | None = None
    journal: Journal | RankJournal | None = None
    target: str = ""
    ranks: Ranks | None = None

    def of(self, name: str, schedule: Schedule | None = None, until: Until | None = None) -> dict[str, Any]:
        """The arguments of ``descend`` for the next descent, under a name.

        What it comes to is told where the schedule of its learning rate is given.
        """
        found: dict[str, Any] = {}
        if self.progress is not None:
            found["progress"] = self._told(name, self.progress, schedule, until)
        elif until is not None:
            found["progress"] = until
        if self.journal is not None:
            found["checkpoint"] = self.journal.part(self._part(name))
        return found

    def begun(self, name: str) -> int | None:
        """For how many steps the next descent was begun before, if it was saved under that name."""
        about = None if self.journal is None else self.journal.begun(self._part(name))
        return self.agree(None if about is None else int(about["until"]))

    def now(self) -> float:
        """Seconds since some time; those of processes that were saved and ended count."""
        return self.agree(monotonic() if self.journal is None else self.journal.now())

    @property
    def repeated(self) -> bool:
        """Whether other processes make the same choices: those that go on from checkpoints, and ranks."""
        return self.journal is not None or self.ranks is not None

    def agree(self, value: T) -> T:
        """A value as the first rank has it."""
        return value if self.ranks is None else self.ranks.agree(value)

    def _part(self, name: str) -> str:
        return f"{self.target}: {name}"

    def _told(
        self,
        name: str,
        progress: Callable[[FitPhase], None],
        schedule: Schedule | None,
        until: Until | None,
    ) -> Until:
        ahead = None if schedule is None else Ahead(schedule)

        def told(epoch: Progress) -> bool:
            if ahead is not None:
                ahead.see(epoch)
            progress(FitPhase(name, epoch, self.target, ahead))
            return until is not None and until(epoch)

        return told
