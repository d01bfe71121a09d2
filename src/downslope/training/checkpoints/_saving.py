"""When what is at work is saved, and where it stands then."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

from downslope.training.checkpoints._journal import Part

__all__ = ["Saving"]

T = TypeVar("T")


class Saving(ABC, Generic[T]):
    """What saves a training as it goes.

    Attributes:
        part: of the training that is saved.
        until: how many steps it is to have in all.
        standing: gives where it stands; None where that cannot be told.
    """

    def __init__(self, part: Part) -> None:
        self.part, self.until = part, 0
        self.standing: Callable[[], T | None] = lambda: None

    def begin(self, step: int, until: int, steps_in_epoch: int, standing: Callable[[], T | None]) -> None:
        """Save what ``standing`` gives, if anything, from here on; of a training of so many steps."""
        self.part.begin(step, steps_in_epoch)
        self.until, self.standing = until, standing

    def save(self, *, done: bool = False) -> None:
        """Save where it stands, or that it is done."""
        now = self.standing()
        if now is not None:
            self.write(now, done=done)

    @abstractmethod
    def write(self, now: T, *, done: bool) -> None:
        """Save this, as the end if it is done."""
