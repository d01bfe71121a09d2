"""Threads of one process as the ranks of a training."""

import threading
from typing import Any

import numpy as np

import downslope.training._descend as descending
from downslope.fitting import _checkpoints, _parallel
from downslope.training import Link, Ranks


class _Meeting:
    """Where threads wait for each other and see what all of them brought."""

    def __init__(self, count: int) -> None:
        self._barrier = threading.Barrier(count)
        self._brought: list[Any] = [None] * count

    def exchange(self, rank: int, value: Any) -> list[Any]:
        self._brought[rank] = value
        self._barrier.wait(30)
        found = list(self._brought)
        self._barrier.wait(30)
        return found

    def abort(self) -> None:
        self._barrier.abort()


class ThreadRanks(Ranks):
    """One thread of several, which say to each other what processes do by torch.distributed."""

    def __init__(self, rank: int, count: int, meeting: _Meeting) -> None:
        self.rank, self.count, self._meeting = rank, count, meeting

    def add_up(self, values: Any) -> None:
        own = values if isinstance(values, np.ndarray) else values.numpy()  # of torch
        own[...] = np.sum(self._meeting.exchange(self.rank, np.array(own)), axis=0, dtype=own.dtype)

    def numbers(self, *values: float) -> list[float]:
        return list(self._meeting.exchange(self.rank, values)[0])

    def agree(self, value: Any) -> Any:
        return self._meeting.exchange(self.rank, value)[0]

    def gather(self, value: Any) -> list[Any]:
        return self._meeting.exchange(self.rank, value)

    def link(self) -> Link:
        return Link(delay=1e-4, bandwidth=1e9)


def on_ranks(monkeypatch: Any, count: int, work: Any) -> list[Any]:
    """What a function of the rank gives on each, where it asks for something ``parallel``."""
    meeting, own = _Meeting(count), threading.local()
    found: list[Any] = [None] * count
    failed: list[BaseException] = []
    for module in (descending, _parallel, _checkpoints):
        monkeypatch.setattr(module, "ranks_of", lambda parallel: own.ranks if parallel else None)

    def run(rank: int) -> None:
        own.ranks = ThreadRanks(rank, count, meeting)
        try:
            found[rank] = work(rank)
        except BaseException as error:
            failed.append(error)
            meeting.abort()

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return found
