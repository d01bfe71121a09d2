"""How many threads a run gets."""

from __future__ import annotations

import os

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
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_for(multiplications: int) -> int:
    """The threads that a step of so many multiplications is worth."""
    return max(1, min(threads_allowed(), multiplications // _WORTH_A_THREAD))


class Pace:
    """Chooses one thread or several for runs of many steps, by what was faster of late.

    Waiting for another thread takes a moment where its processor is free and milliseconds where it is not,
    which small steps feel. The numbers that come out do not depend on the choice.
    """

    _AGAIN = 64  # runs after which the slower choice gets another try

    def __init__(self, multiplications: int) -> None:
        most = threads_for(multiplications)
        small = multiplications < _WORTH_A_THREAD * 256
        self._seconds = dict.fromkeys((most, 1) if small else (most,), 0.0)  # for a step; 0: unknown
        self._runs = 0

    def threads(self) -> int:
        """The number of threads for the next run."""
        self._runs += 1
        if self._runs % self._AGAIN == 0:
            return max(self._seconds, key=lambda count: self._seconds[count])
        return min(self._seconds, key=lambda count: self._seconds[count])

    def took(self, threads: int, seconds: float) -> None:
        """Note the seconds that a step took."""
        self._seconds[threads] = seconds
