"""What was asked for, as texts that can be compared: a training goes on only as what it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from downslope._container import shortened

_LONGEST = 900  # letters of a message, of which a file may hold any number

__all__ = ["described", "refusal"]


def described(value: Any) -> str:
    """A value as a text that is equal for equal ones; of arrays a digest, of a function its name.

    >>> described(0.5), described([1.0, 2.0]), described(len)
    ('0.5', 'float64 (2,) with the digest dc91ce9a50dd', 'builtins.len')
    """
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    if isinstance(value, Mapping):
        lines = "".join(f"{name}: {described(each)}\n" for name, each in value.items())
        return f"{', '.join(map(str, value))} with the digest {_digest(lines.encode())}"
    if hasattr(value, "sections"):  # a network
        return f"{value!r} with the digest {_digest(json.dumps(value.sections()).encode())}"
    if is_dataclass(value) and not isinstance(value, type):
        inner = (f"{each.name}={described(getattr(value, each.name))}" for each in fields(value))
        return f"{type(value).__qualname__}({', '.join(inner)})"
    if isinstance(value, list | tuple) and any(isinstance(each, list | tuple | np.ndarray) for each in value):
        return f"({', '.join(map(described, value))})"
    if not callable(value):
        array = np.asarray(value)
        if array.dtype.kind in "biuf":
            content = np.ascontiguousarray(array)
            return f"{array.dtype} {array.shape} with the digest {_digest(content.tobytes())}"
        return repr(value)
    return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', type(value).__qualname__)}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def refusal(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """What differs between what was asked for and what is; empty where nothing does."""
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    said = (
        f"{name} was {before.get(name, 'not given')} and is {now.get(name, 'not given')}" for name in names
    )
    return shortened("; ".join(said), _LONGEST)
