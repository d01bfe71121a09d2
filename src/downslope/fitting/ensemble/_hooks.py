"""What goes along with a fit: who is told of each epoch, and what saves its descents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from downslope.training import Journal, Progress

__all__ = ["FitHooks", "FitPhase"]


@dataclass(frozen=True)
class FitPhase:
    """What a fit is at: ``"linear"`` or the name of a group, its progress, and the target it is of."""

    name: str
    progress: Progress
    target: str = ""


@dataclass(frozen=True)
class FitHooks:
    """Those of the fit of one target.

    Attributes:
        progress: called after each epoch; None where nobody is told.
        journal: of the checkpoints; None where nothing is saved.
        target: the name of the target.
    """

    progress: Callable[[FitPhase], None] | None = None
    journal: Journal | None = None
    target: str = ""

    def of(self, name: str) -> dict[str, Any]:
        """The arguments of ``descend`` for the next descent, under a name."""
        found: dict[str, Any] = {}
        if self.progress is not None:
            found["progress"] = self._told(name, self.progress)
        if self.journal is not None:
            found["checkpoint"] = self.journal.part(self._part(name))
        return found

    def begun(self, name: str) -> int | None:
        """For how many steps the next descent was begun before, if it was saved under that name."""
        about = None if self.journal is None else self.journal.begun(self._part(name))
        return None if about is None else int(about["until"])

    def now(self) -> float:
        """Seconds since some time; those of processes that were saved and ended count."""
        return monotonic() if self.journal is None else self.journal.now()

    def _part(self, name: str) -> str:
        return f"{self.target}: {name}"

    def _told(self, name: str, progress: Callable[[FitPhase], None]) -> Callable[[Progress], None]:
        return lambda epoch: progress(FitPhase(name, epoch, self.target))
