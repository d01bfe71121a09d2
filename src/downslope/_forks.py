"""Processes that fork: a child has the thread that forked, and none of the others of its parent.

Whoever held a lock in the parent does not exist in the child and would never open it there.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from threading import Lock, RLock
from typing import Any, TypeVar

__all__ = ["ModuleLock", "cached_property", "in_child"]

T = TypeVar("T")


def in_child(renew: Callable[[], None]) -> None:
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=renew)


class ModuleLock:
    """A lock that lives as long as its process, and that a forked child finds open.

    What it guards has to be whole after each single operation.
    """

    def __init__(self) -> None:
        self._open()
        in_child(self._open)

    def _open(self) -> None:
        self._lock = Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class cached_property(functools.cached_property[T]):  # noqa: TID251
    """That of the standard library, which before Python 3.12 has a lock for all instances."""

    def __init__(self, function: Callable[[Any], T]) -> None:
        super().__init__(function)
        if hasattr(self, "lock"):
            in_child(self._open)

    def _open(self) -> None:
        self.lock = RLock()
