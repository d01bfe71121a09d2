"""Machines of plans: small ones wait for their next run, so that small calls need not make them."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np

from downslope._forks import ModuleLock

__all__ = ["is_small", "new_machine", "put_aside", "take_waiting"]

_WAITING_BYTES = 1 << 25
"""Memory of all waiting machines together."""

_Kind = tuple[Any, np.dtype[Any]]

_waiting: OrderedDict[_Kind, list[tuple[Any, int]]] = OrderedDict()  # what was used longest ago comes first
_lock = ModuleLock()
_bytes = 0


def new_machine(native: Any, dtype: np.dtype[Any]) -> Any:
    """A machine for a native tape, in float32 or float64."""
    from downslope.engines.native import _native  # type: ignore[attr-defined]

    return (_native.FloatMachine if dtype == np.float32 else _native.DoubleMachine)(native)


def is_small(machine: Any) -> bool:
    """Whether its memory can stay until its next run."""
    return bool(machine.bytes <= _WAITING_BYTES)


def take_waiting(native: Any, dtype: np.dtype[Any]) -> Any:
    """A machine that waits, or else a new one; it is the caller's alone."""
    global _bytes
    with _lock:
        machines = _waiting.get((native, dtype))
        if machines:
            machine, size = machines.pop()
            _bytes -= size
            return machine
    return new_machine(native, dtype)


def put_aside(native: Any, dtype: np.dtype[Any], machine: Any) -> None:
    """Let a machine wait, unless it is large; those that have waited longest make room for it."""
    global _bytes
    if not is_small(machine):
        return
    size = machine.bytes
    kind = (native, dtype)
    with _lock:
        _waiting.setdefault(kind, []).append((machine, size))
        _waiting.move_to_end(kind)
        _bytes += size
        while _waiting and _bytes > _WAITING_BYTES:
            _, longest = _waiting.popitem(last=False)
            _bytes -= sum(size for _, size in longest)
