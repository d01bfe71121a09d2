"""The collector of cyclic garbage, and work that makes many objects which stay."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from typing import ParamSpec, TypeVar

__all__ = ["uncollected"]

P = ParamSpec("P")
T = TypeVar("T")


def uncollected(function: Callable[P, T]) -> Callable[P, T]:
    """The function, during which the collector rests.

    Of a program every object stays. The collector would look through them, and through all that other
    libraries have loaded, each time that some hundreds more are made.
    """

    @functools.wraps(function)
    def calling(*args: P.args, **kwargs: P.kwargs) -> T:
        if not gc.isenabled():
            return function(*args, **kwargs)
        gc.disable()
        try:
            return function(*args, **kwargs)
        finally:
            gc.enable()

    return calling
