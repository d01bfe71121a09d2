"""A descent as a checkpoint has it: a run that was interrupted where it was saved."""

from __future__ import annotations

from downslope.nets import AnyNetwork
from downslope.training._run import Run, read_run
from downslope.training.checkpoints import Part, Saving

__all__ = ["KeptRun"]


class KeptRun(Saving[Run]):
    """What is saved of a descent, as it goes and at its end.

    Args:
        part: of the training that is saved.
        network: what descends.

    Attributes:
        before: what was saved last; None where nothing was.
    """

    def __init__(self, part: Part, network: AnyNetwork) -> None:
        super().__init__(part)
        self.before = None if part.found is None else read_run(part.found, network)
        self._sections = network.sections()

    @property
    def done(self) -> Run | None:
        """The run, if it came to its end before."""
        return self.before if self.part.done else None

    def end(self, run: Run) -> None:
        """Save the run at its end; one that was interrupted as far as it came."""
        if run.stopped == "interrupted":
            self.save()
        else:
            self.write(run, done=True)

    def write(self, now: Run, *, done: bool) -> None:
        """Save a run."""
        sections, arrays = now.content()
        self.part.save(len(now.losses), self.until, {**self._sections, **sections}, arrays, done=done)
