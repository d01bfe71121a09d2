"""Names, texts, truth values and functions."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from downslope._checks._values import show
from downslope.errors import DownslopeError

__all__ = ["called", "choice", "flag", "text"]


def flag(name: str, value: Any) -> bool:
    """True or False.

    Raises:
        DownslopeError: for anything else.
    """
    if not isinstance(value, bool | np.bool_):
        raise DownslopeError(f"{name} needs True or False, not {show(value)}")
    return bool(value)


def text(name: str, value: Any) -> str:
    """Text, or a path as text.

    Raises:
        DownslopeError: for anything else.
    """
    if not isinstance(value, str | os.PathLike):
        raise DownslopeError(f"{name} needs text, not {show(value)}")
    return os.fsdecode(value)


def called(name: str, value: Any, when: str) -> Any:
    """A function, or another object that can be called; no class.

    Args:
        name: of the argument.
        value: what was given.
        when: it is called, for the message.

    Raises:
        DownslopeError: for anything else.

    >>> called("progress", 3, "after each epoch")
    Traceback (most recent call last):
    ...
    downslope.errors.DownslopeError: progress needs a function that is called after each epoch, not 3
    """
    if isinstance(value, type) or not callable(value):
        raise DownslopeError(f"{name} needs a function that is called {when}, not {show(value)}")
    return value


def choice(name: str, value: Any, options: Iterable[str], others: str = "") -> str:
    """One of some names, whatever its capitals; an error suggests the name that is most alike.

    Args:
        name: of the argument.
        value: what was given.
        options: the names that it can be.
        others: what else it can be, for the message.

    Raises:
        DownslopeError: for anything else.

    >>> choice("optimizer", "SGD", ["sgd", "adam"])
    'sgd'
    >>> choice("optimizer", "addam", ["sgd", "adam"])
    Traceback (most recent call last):
    ...
    downslope.errors.DownslopeError: optimizer needs one of sgd, adam, not 'addam'; did you mean 'adam'?
    """
    names = list(options)
    if isinstance(value, str) and value in names:
        return value
    hint = ""
    if isinstance(value, str):
        plain = {option.lower(): option for option in names}
        if value.lower() in plain:
            return plain[value.lower()]
        alike = difflib.get_close_matches(value.lower(), plain, n=1)
        hint = f"; did you mean {plain[alike[0]]!r}?" if alike else ""
    known = ", ".join(names) + (f", or {others}" if others else "")
    raise DownslopeError(f"{name} needs one of {known}, not {show(value)}{hint}")
