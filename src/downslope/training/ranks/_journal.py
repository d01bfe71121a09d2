"""Checkpoints of ranks: the first writes and reads them, the others hear what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from downslope.training.checkpoints import Checkpoint, Journal, Part
from downslope.training.checkpoints import open_journal as opened_alone
from downslope.training.ranks._ranks import Ranks, restarted

__all__ = ["RankJournal", "open_journal", "part_of"]


class RankJournal:
    """A ``Journal`` that all ranks share; each asks the same of it at the same time.

    Args:
        ranks: of which this process is one.
        journal: that of the first rank; None on the others.
    """

    def __init__(self, ranks: Ranks, journal: Journal | None) -> None:
        self._ranks, self._journal = ranks, journal
        self.checkpoint = Checkpoint(".") if journal is None else journal.checkpoint

    def now(self) -> float:
        """Seconds of this training in all its processes, by the first rank."""
        return self._ranks.agree(0.0 if self._journal is None else self._journal.now())

    def begun(self, name: str) -> Mapping[str, Any] | None:
        """What the checkpoint says of the next part, if it was begun under that name before."""
        return self._ranks.agree(None if self._journal is None else self._journal.begun(name))

    def part(self, name: str) -> Part:
        """The next part, as far as it was saved."""
        own: list[Part] = []

        def opened() -> Any:
            assert self._journal is not None
            own.append(self._journal.part(name))
            return own[0].found

        found = self._ranks.by_first(opened)
        return own[0] if own else Part(self, 0, name, found)

    def write(
        self,
        part: int,
        about: Mapping[str, Any],
        sections: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
        kind: str,
    ) -> None:
        """Nothing: the first rank has a part of its own journal."""


@contextmanager
def open_journal(
    checkpoint: Checkpoint | None, asked: Callable[[], Mapping[str, str]], ranks: Ranks | None = None
) -> Iterator[Journal | RankJournal | None]:
    """The journal of a checkpoint, shared by ranks if there are any; None without a checkpoint.

    Ranks that were started again go on from what it holds.

    Raises:
        DownslopeError: if it is no checkpoint, or for what ``Journal`` refuses; on every rank.
    """
    if ranks is None:
        with opened_alone(checkpoint, asked) as alone:
            yield alone
        return
    if checkpoint is None:
        yield None
        return
    if restarted() and isinstance(checkpoint, Checkpoint):
        checkpoint = replace(checkpoint, resume=True)
    opened = ExitStack()
    own: list[Journal | None] = []
    with opened:
        ranks.by_first(lambda: own.append(opened.enter_context(opened_alone(checkpoint, asked))))
        yield RankJournal(ranks, own[0] if own else None)


@contextmanager
def part_of(
    checkpoint: Checkpoint | Part | None,
    asked: Callable[[], Mapping[str, str]],
    ranks: Ranks | None = None,
) -> Iterator[Part | None]:
    """The part that a training alone is, or that it is of a larger one; None without a checkpoint.

    Raises:
        DownslopeError: as of ``open_journal``.
    """
    if checkpoint is None or isinstance(checkpoint, Part):
        yield checkpoint
        return
    with open_journal(checkpoint, asked, ranks) as journal:
        yield None if journal is None else journal.part("descent")
