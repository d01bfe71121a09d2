"""Epochs of a descent: what is done after each of them, and what ends them."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.training._loop import Advance, Loop, joined
from downslope.training.checkpoints import Saving

__all__ = ["AfterEpoch", "Ending", "Losses", "run_epochs"]


@dataclass(frozen=True)
class Ending:
    """Why a descent ended: in a word, as in ``Run.stopped``, and in a sentence."""

    stopped: str
    message: str


class Losses:
    """The errors of all steps so far, ``count`` of them, which grow without being copied at each step."""

    def __init__(self, before: NDArray[np.float64] | None = None) -> None:
        self._parts = [] if before is None else [before]
        self.count = 0 if before is None else len(before)

    def extend(self, errors: NDArray[np.float64]) -> None:
        """Add the errors of further steps."""
        self._parts.append(errors)
        self.count += len(errors)

    def cut(self, count: int) -> None:
        """Keep the first ``count`` of them."""
        self._parts = [self.all()[:count]]
        self.count = count

    def last(self, count: int) -> NDArray[np.float64]:
        """The last ``count`` of them, or all where there are fewer."""
        found: list[NDArray[np.float64]] = []
        for part in reversed(self._parts):
            if count <= 0:
                break
            found.append(part[-count:])
            count -= len(part)
        return joined(found[::-1])

    def all(self) -> NDArray[np.float64]:
        """All of them."""
        return joined(self._parts)


AfterEpoch = Callable[[NDArray[np.float64]], Ending | None]
"""Called with the errors of an epoch after its last step; an ending ends the descent."""


def run_epochs(
    loop: Loop,
    until: int,
    losses: Losses,
    *,
    after_epoch: AfterEpoch | None = None,
    end: float = math.inf,
    saving: Saving[Any] | None = None,
) -> Ending:
    """Steps up to number ``until``, or fewer if something ends them.

    Args:
        loop: what takes the steps.
        until: number of the last step, counted from 1.
        losses: gets the error of each step.
        after_epoch: called after each epoch.
        end: the time, by ``time.monotonic``, at which the step at work is given up.
        saving: saves where the descent stands, whenever it is due.
    """
    advance: Advance | None = None
    try:
        while loop.step < until:
            first, last = loop.batches.epoch(loop.step + 1)
            aim = until if after_epoch is None else min(until, last)
            if saving is None:
                advance = loop.advance(aim, end=end)
            else:
                aim = int(loop.agree(min(aim, saving.part.step)))
                advance = loop.advance(aim, saving.part.seconds, end=end)
            losses.extend(advance.errors)
            done, advance = advance, None
            if done.interrupted:
                raise KeyboardInterrupt
            failure = done.failure or (loop.check() if loop.step >= until else None)
            if failure is not None:
                losses.cut(failure.step)
                return Ending("not finite", failure.message)
            if after_epoch is not None and loop.step == last:
                ending = loop.agree(after_epoch(losses.last(last - first + 1)))
                if ending is not None:
                    return ending
            if loop.step < until and loop.agree(monotonic() >= end):
                return Ending("time", f"the time was up after {loop.step} of {until} updates")
            if saving is not None and loop.step < until and loop.agree(saving.part.is_due(loop.step)):
                failure = loop.check()  # what is saved is finite
                if failure is not None:
                    losses.cut(failure.step)
                    return Ending("not finite", failure.message)
                saving.save()
    except KeyboardInterrupt:
        if advance is not None:  # before they were added
            losses.extend(advance.errors)
        return Ending("interrupted", f"interrupted after {loop.step} of {until} updates")
    return Ending("finished", f"{until} updates done")
