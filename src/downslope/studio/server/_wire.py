"""Messages as bytes: JSON whose arrays lie behind it, raw, in the byte order of the machine that shows them.

A message is 4 bytes with the length of its JSON, the JSON padded to a multiple of 8, and the arrays, each at
a multiple of 8 from there. Where an array belongs the JSON has ``{"$array": [dtype, shape, offset]}``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["pack", "unpack"]

_DTYPES = {"f8": "<f8", "f4": "<f4", "i4": "<i4", "u4": "<u4", "i1": "i1", "u1": "u1"}
_NAMES = {np.dtype(code): name for name, code in _DTYPES.items()}


def pack(message: Mapping[str, Any]) -> bytes:
    """A message as bytes.

    Args:
        message: plain data with NumPy arrays anywhere in it; int64 is sent as int32, bool as uint8, and
            numbers that are not finite as null.

    >>> unpack(pack({"step": 3, "z": np.array([[1.0, 2.0]])}))
    {'step': 3, 'z': array([[1., 2.]])}
    """
    behind = _Behind()
    head = json.dumps(_plain(message, behind), separators=(",", ":")).encode()
    head += b" " * (-(len(head) + 4) % 8)
    return b"".join([len(head).to_bytes(4, "little"), head, *behind.parts])


class _Behind:
    """The arrays behind a message, one after the other."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def put(self, array: NDArray[Any]) -> dict[str, Any]:
        """Put an array behind the others; what stands in its place."""
        sent, place = _sendable(array), self.size
        raw = sent.tobytes()
        self.parts.append(raw + b"\0" * (-len(raw) % 8))
        self.size += len(self.parts[-1])
        return {"$array": [_NAMES[sent.dtype], list(array.shape), place]}


def _plain(value: Any, behind: _Behind) -> Any:
    """What JSON can hold of a value."""  # within ``pack`` it would hold itself, and each message with it
    if isinstance(value, np.ndarray):
        return behind.put(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(part, behind) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part, behind) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _sendable(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype == np.bool_:
        array = array.astype(np.uint8)
    elif array.dtype == np.int64:
        array = array.astype(np.int32)
    return np.ascontiguousarray(array)


def unpack(message: bytes) -> dict[str, Any]:
    """The message that ``pack`` made bytes of.

    Raises:
        ValueError: if the bytes are none.
    """
    size = int.from_bytes(message[:4], "little")
    body = memoryview(message)[4 + size :]

    def revived(item: dict[str, Any]) -> Any:
        if "$array" not in item:
            return item
        name, shape, offset = item["$array"]
        count = math.prod(shape)
        return np.frombuffer(body, _DTYPES[name], count, offset).reshape(shape)

    found: dict[str, Any] = json.loads(message[4 : 4 + size], object_hook=revived)
    return found
