"""How many threads a run gets."""

from __future__ import annotations

import os

__all__ = ["threads_allowed", "threads_for"]

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
