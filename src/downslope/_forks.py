"""Processes that fork: a child has the thread that forked, and none of the others of its parent."""

from __future__ import annotations

import os
from threading import Lock

__all__ = ["ModuleLock"]


class ModuleLock:
    """A lock that lives as long as its process, and that a forked child finds open.

    Whoever held it in the parent does not exist in the child and would never open it there. What it guards
    has to be whole after each single operation.
    """

    def __init__(self) -> None:
        self._open()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._open)

    def _open(self) -> None:
        self._lock = Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
