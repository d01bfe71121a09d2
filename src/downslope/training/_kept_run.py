"""A descent as a checkpoint has it: a run that was interrupted where it was saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from downslope.nets import AnyNetwork
from downslope.training._run import Run, read_run
from downslope.training.checkpoints import Part

__all__ = ["KeptRun"]


class KeptRun:
    """What is saved of a descent, as it goes and at its end.

    Args:
        part: of the training that is saved.
        network: what descends.

    Attributes:
        before: what was saved last; None where nothing was.
    """

    def __init__(self, part: Part, network: AnyNetwork) -> None:
        self._part, self._network = part, network
        self.before = None if part.found is None else read_run(part.found, network)
        self._sections: dict[str, Any] = {}
        self._until = 0
        self._standing: Callable[[], Run | None] = lambda: None

    @property
    def done(self) -> Run | None:
        """The run, if it came to its end before."""
        return self.before if self._part.done else None

    @property
    def spent(self) -> float:
        """Seconds that it took so far, in all processes."""
        return self._part.spent

    def begin(self, step: int, until: int, steps_in_epoch: int, standing: Callable[[], Run | None]) -> None:
        """Save what ``standing`` gives, if anything, from here on; of a descent of so many steps."""
        self._part.begin(step, steps_in_epoch)
        self._until, self._standing = until, standing
        self._sections = self._network.sections()

    @property
    def step(self) -> float:
        """After which it is to be saved."""
        return self._part.step

    @property
    def seconds(self) -> float:
        """Until it is to be saved."""
        return self._part.seconds

    def is_due(self, step: int) -> bool:
        """Whether it is to be saved after this step."""
        return self._part.is_due(step)

    def save(self) -> None:
        """Save where it stands."""
        run = self._standing()
        if run is not None:
            self._write(run, done=False)

    def end(self, run: Run) -> None:
        """Save the run at its end; one that was interrupted as far as it came."""
        if run.stopped == "interrupted":
            self.save()
        else:
            self._write(run, done=True)

    def _write(self, run: Run, *, done: bool) -> None:
        sections, arrays = run.content()
        self._part.save(len(run.losses), self._until, {**self._sections, **sections}, arrays, done=done)
