"""Values as messages show them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["one_of", "real", "show"]


def show(value: Any, limit: int = 60) -> str:
    """A value as it is quoted in a message: its repr, or its type where that is long."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if callable(value) and hasattr(value, "__name__"):
        return f"the function {value.__name__}"
    if isinstance(value, np.generic):
        value = value.item()
    shown = repr(value)
    if len(shown) <= limit and "\n" not in shown and " at 0x" not in shown:
        return shown
    return one_of(type(value))


def one_of(kind: type) -> str:
    """One object of a class, in words.

    >>> one_of(int), one_of(dict)
    ('an int', 'a dict')
    """
    return f"{'an' if kind.__name__[0].lower() in 'aeiou' else 'a'} {kind.__name__}"


def real(value: Any) -> float | None:
    """A real number as a float; None for what is none."""
    if isinstance(value, str | bytes | bool | np.bool_ | complex | np.complexfloating | type):
        return None
    if isinstance(value, np.ndarray):
        return real(value.item()) if value.ndim == 0 else None
    if not hasattr(value, "__float__") or getattr(value, "shape", ()) not in ((), None):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
    except OverflowError:
        return math.inf
