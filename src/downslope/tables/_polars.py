"""Polars in a forked process: its threads stay in the parent, and whoever waits for one waits for ever."""

from __future__ import annotations

import os
from threading import Thread

from downslope._extras import polars as pl
from downslope.errors import DownslopeError

__all__ = ["check_polars"]

_SECONDS = 3.0  # to start threads, on a machine with much else to do

_forked = False
_answers = True


def _note_fork() -> None:
    global _forked, _answers
    _forked, _answers = True, True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


def check_polars() -> None:
    """Find out whether Polars answers in this process: in a forked one only if its parent had not used it.

    Raises:
        DownslopeError: if it does not.
    """
    global _forked, _answers
    if _forked and _answers:
        # two expressions: one alone is computed without the pool of threads where that has a single one
        two = pl.DataFrame({"a": [1], "b": [2]})
        asked = Thread(target=lambda: two.select(pl.col("a") + 1, pl.col("b") + 1), daemon=True)
        asked.start()
        asked.join(_SECONDS)
        _answers = not asked.is_alive()
        _forked = not _answers
    if not _answers:
        raise DownslopeError(
            "this process was forked from one that had used Polars, whose threads it does not have: here "
            'tables can be neither read nor encoded. Start the process by "spawn" or "forkserver", such as '
            'multiprocessing.get_context("spawn"), or leave all tables to the forked processes'
        )
