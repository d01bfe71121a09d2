"""The processes that were started together, such as by torchrun, and what they say to each other."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from time import monotonic, sleep
from typing import Any, TypeVar
from uuid import uuid4

import numpy as np

from downslope._extras import needed
from downslope.errors import DownslopeError
from downslope.training.ranks._cost import Link

__all__ = ["Ranks", "has_ranks", "rank_number", "ranks_of", "restarted"]

_SECONDS = 300.0
"""That a rank waits for another."""

_MANY = 1 << 20  # numbers that measure a bandwidth

T = TypeVar("T")


class Ranks:
    """The processes of one training, of which this is one. They do everything in the same order.

    Attributes:
        rank: of this process, from 0; the first decides what the clock, a signal or a file decides.
        count: of all.
    """

    def __init__(self, distributed: Any) -> None:
        self._distributed = distributed
        self.rank, self.count = int(distributed.get_rank()), int(distributed.get_world_size())

    def add_up(self, values: Any) -> None:
        """Put the sum over all ranks in the place of an array, or of a tensor of torch."""
        import torch

        tensor = torch.from_numpy(values) if isinstance(values, np.ndarray) else values
        self._said(self._distributed.all_reduce, tensor)

    def numbers(self, *values: float) -> Sequence[float]:
        """Some numbers as the first rank has them."""
        import torch

        tensor = torch.tensor(values, dtype=torch.float64)
        self._said(self._distributed.broadcast, tensor, 0)
        found: list[float] = tensor.tolist()
        return found

    def agree(self, value: T) -> T:
        """A value as the first rank has it."""
        box = [value if self.rank == 0 else None]
        self._said(self._distributed.broadcast_object_list, box, 0)
        return box[0]  # type: ignore[return-value]

    def by_first(self, make: Callable[[], T]) -> T:
        """What the first rank makes, or, on all ranks, the DownslopeError that it raises."""
        made: Any = None
        error: DownslopeError | None = None
        if self.rank == 0:
            try:
                made = make()
            except DownslopeError as raised:
                error = raised
        made, words = self.agree((made, None if error is None else str(error)))
        if words is not None:
            raise error or DownslopeError(words)
        return made  # type: ignore[no-any-return]

    def gather(self, value: T) -> list[T]:
        """The values of all ranks, in their order."""
        box: list[Any] = [None] * self.count
        self._said(self._distributed.all_gather_object, box, value)
        return box

    def link(self) -> Link:
        """What lies between the ranks: measured on sums of one number and of a million, the best of a few."""
        import torch

        def seconds(count: int) -> float:
            took = []
            for _ in range(5):
                tensor = torch.zeros(count)
                began = monotonic()
                self._said(self._distributed.all_reduce, tensor)
                took.append(monotonic() - began)
            return min(took)

        small, large = seconds(1), seconds(_MANY)
        most = max(large - small, 1e-6)
        messages = 2 * (self.count - 1)
        return Link(small / messages, 4 * _MANY * messages / (self.count * most))

    def _said(self, speak: Callable[..., Any], *arguments: Any) -> None:
        """Call a function of torch.distributed, which fails where another rank does."""
        try:
            speak(*arguments)
        except (RuntimeError, ValueError) as error:
            words = str(error)
            if any(sign in words.lower() for sign in ("timed out", "timeout")):
                reason = (
                    f"another did not answer for {_seconds():g} s: it hangs, or does something that takes "
                    "longer; DOWNSLOPE_RANK_TIMEOUT sets the seconds"
                )
            else:
                reason = f"another ended, or cannot be reached ({words.strip().splitlines()[0][:120]})"
            raise DownslopeError(
                f"rank {self.rank} of {self.count} cannot go on: {reason}. What the other ranks printed says "
                "more; with torchrun --max-restarts and a checkpoint, training goes on from there"
            ) from None


def rank_number() -> int:
    """The rank of this process as torchrun says it; 0 of a process alone."""
    return _whole("RANK", 0) if has_ranks() else 0


def has_ranks() -> bool:
    """Whether torchrun has started this process and others."""
    return _whole("WORLD_SIZE", 1) > 1


def restarted() -> bool:
    """Whether torchrun has started the ranks again, after one was lost."""
    return _whole("TORCHELASTIC_RESTART_COUNT", 0) > 0


def ranks_of(parallel: str | None) -> Ranks | None:
    """The ranks that this process is one of; None where it is to train alone, or there is no other.

    Args:
        parallel: how they share the work, None: not at all.

    Raises:
        DownslopeError: if there are none, or PyTorch is not installed.
    """
    if parallel is None:
        return None
    torch, distributed = needed("torch"), needed("torch.distributed")
    if not distributed.is_initialized():
        if "WORLD_SIZE" not in os.environ:
            raise DownslopeError(
                f"parallel={parallel!r} shares the work among processes that were started together, and this "
                "one is alone: start them with torchrun --nproc-per-node N, or initialise torch.distributed"
            )
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        if torch.cuda.is_available():
            torch.cuda.set_device(_whole("LOCAL_RANK", 0) % torch.cuda.device_count())
        limit = timedelta(seconds=_seconds())
        store, rank, count = next(distributed.rendezvous("env://", timeout=limit))
        store = distributed.PrefixStore(of_this_start(store, rank, count), store)
        distributed.init_process_group(backend, store=store, rank=rank, world_size=count, timeout=limit)
        atexit.register(_leave, distributed)
    return Ranks(distributed) if distributed.get_world_size() > 1 else None


def _leave(distributed: Any) -> None:
    if distributed.is_initialized():
        distributed.destroy_process_group()


def _seconds() -> float:
    """How long a rank waits for another."""
    try:
        found = float(os.environ.get("DOWNSLOPE_RANK_TIMEOUT", _SECONDS))
    except ValueError:
        found = 0.0
    if not 0 < found < 1e9:
        raise DownslopeError(
            f"DOWNSLOPE_RANK_TIMEOUT is {os.environ['DOWNSLOPE_RANK_TIMEOUT']!r}; it needs seconds above 0"
        )
    return found


def _whole(name: str, usual: int) -> int:
    text = os.environ.get(name, "")
    return int(text) if text.isdigit() else usual


def of_this_start(store: Any, rank: int, count: int) -> str:
    """A word that these processes alone have: what ranks that are gone left in the store stays apart.

    torchrun keeps its store when it starts the ranks again, with the addresses of the dead.
    Each rank leaves a word of its own and gets the first one's in return, under that word; the first answers
    whoever asks, be it a dead one, until all have confirmed its word.

    Raises:
        DownslopeError: if one does not come in time.
    """
    word = uuid4().hex
    if rank:
        store.set(f"asks/{rank}", word)
        word = str(store.get(f"answer/{word}"), "ascii")
        store.set(f"confirms/{word}/{rank}", "")
        return word
    end, awaited = monotonic() + _seconds(), set(range(1, count))
    while awaited:
        for other in tuple(awaited):
            if store.check([f"confirms/{word}/{other}"]):
                awaited.remove(other)
            elif store.check([f"asks/{other}"]):
                store.set(f"answer/{store.get(f'asks/{other}').decode()}", word)
        if awaited and monotonic() > end:
            raise DownslopeError(f"rank {min(awaited)} of {count} did not come within {_seconds():g} s")
        sleep(0.01)
    return word
