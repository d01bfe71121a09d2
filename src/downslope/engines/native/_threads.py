"""How many threads a run gets."""

from __future__ import annotations

import os
from collections import deque
from time import perf_counter, process_time

__all__ = ["Pace", "threads_allowed", "threads_for"]

_WORTH_A_THREAD = 1 << 16
"""Multiplications in a step for each thread below which waiting for it costs more than it gives."""

_FREE = 0.8
"""The share of the processors' time below which the threads of a run had to share them with others."""


def threads_allowed() -> int:
    """As many as OMP_NUM_THREADS says, else one for each processor this process may use.

    Libraries that run several processes side by side, such as joblib, set the variable for each of them.
    """
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    return _processors()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_for(multiplications: int, most: int | None = None) -> int:
    """The threads that a step of so many multiplications is worth, at most ``most``; None for all allowed.

    Threads beyond twice the processors would only wait for each other.

    >>> threads_for(10**12, 10**6) == threads_for(10**12, 10**5)
    True
    """
    worth = multiplications // _WORTH_A_THREAD
    if worth <= 1:  # to ask the system takes as long as a step of one neuron
        return 1
    return max(1, min(worth, threads_allowed() if most is None else min(most, 2 * _processors())))


class Pace:
    """Chooses one thread or several for runs of steps, by what was faster of late.

    Waiting for another thread takes a moment where its processor is free and milliseconds where it is not.
    Small steps feel it even on an idle machine, and one thread is tried in any case; of larger ones where a
    run got less of the processors than it asked for. The numbers that come out do not depend on it.
    """

    def __init__(self, multiplications: int, allowed: int | None = None) -> None:
        self._most = threads_for(multiplications, allowed)
        self._small = multiplications < _WORTH_A_THREAD * 256
        self._tries = self._small  # whether one thread is tried
        self._seconds: dict[int, deque[float]] = {count: deque(maxlen=3) for count in (self._most, 1)}
        self._best = self._most
        self._early = 4  # runs that are short, and pay for memory and threads that are made
        self._left = self._patience = 16  # runs before the slower choice gets another try

    def begin(self) -> tuple[int, float, float]:
        """The number of threads for a run that begins now; and the clocks, for ``end``."""
        if self._most == 1:
            return 1, 0.0, 0.0
        return self.threads(), perf_counter(), process_time()

    def end(self, begun: tuple[int, float, float], steps: int) -> None:
        """Note a run that has ended after so many steps."""
        if self._most == 1:
            return
        threads, started, used = begun
        seconds = perf_counter() - started
        shared = process_time() - used < _FREE * threads * seconds
        self.took(threads, seconds / max(steps, 1), shared=shared)

    def threads(self) -> int:
        """The number of threads for the next run."""
        if self._early or not self._tries or self._most == 1:
            return self._best
        for count, seconds in self._seconds.items():
            if len(seconds) < 3:
                return count
        self._left -= 1
        return self._best if self._left >= 0 else self._most + 1 - self._best

    def took(self, threads: int, seconds: float, *, shared: bool = False) -> None:
        """Note the seconds that a step took, and whether the threads shared their processors with others."""
        if self._early:
            self._early -= 1
            return
        self._tries = self._tries or (shared and threads > 1)
        self._seconds[threads].append(seconds)
        if any(len(known) < 3 for known in self._seconds.values()):
            return
        before = self._best
        # the middle one of three: a lucky run on a busy machine says nothing of those that follow
        self._best = min(self._seconds, key=lambda count: sorted(self._seconds[count])[1])
        if self._left < 0:  # a try: if it was in vain, the next one can wait longer
            longest = 1024 if self._small else 64
            self._patience = 16 if self._best != before else min(2 * self._patience, longest)
            self._left = self._patience
