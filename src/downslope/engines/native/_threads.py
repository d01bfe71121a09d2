"""How many threads a run gets."""

from __future__ import annotations

import os
from collections import deque
from math import inf

__all__ = ["Pace", "threads_allowed", "threads_for"]

_WORTH_A_THREAD = 1 << 16
"""Multiplications in a step for each thread below which waiting for it costs more than it gives."""


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
    """Chooses one thread or several for runs of many steps, by what was faster of late.

    Waiting for another thread takes a moment where its processor is free and milliseconds where it is not,
    which small steps feel. The numbers that come out do not depend on the choice.
    """

    def __init__(self, multiplications: int, allowed: int | None = None) -> None:
        most = threads_for(multiplications, allowed)
        small = multiplications < _WORTH_A_THREAD * 256
        self._seconds: dict[int, deque[float]] = {
            count: deque(maxlen=3) for count in ((most, 1) if small else (most,))
        }
        self._best = most
        self._early = 4  # runs that are short, and pay for memory and threads that are made
        self._left = self._patience = 16  # runs before the slower choice gets another try

    def threads(self) -> int:
        """The number of threads for the next run."""
        if self._early:
            return self._best
        for count, seconds in self._seconds.items():
            if len(seconds) < 3:
                return count
        self._left -= 1
        if self._left >= 0 or len(self._seconds) == 1:
            return self._best
        return next(count for count in self._seconds if count != self._best)

    def took(self, threads: int, seconds: float) -> None:
        """Note the seconds that a step took."""
        if self._early:
            self._early -= 1
            return
        self._seconds[threads].append(seconds)
        before = self._best
        self._best = min(self._seconds, key=lambda count: min(self._seconds[count], default=inf))
        if self._left < 0:  # a try: if it was in vain, the next one can wait longer
            self._patience = 16 if self._best != before else min(2 * self._patience, 1024)
            self._left = self._patience
