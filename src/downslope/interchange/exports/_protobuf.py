"""The wire format of Protocol Buffers, as far as a file of ONNX needs it: it is written, and never read.

A message is a sequence of fields: number and type in one varint, then a varint or bytes with their length
(https://protobuf.dev/programming-guides/encoding).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

__all__ = ["message", "real", "text", "whole"]


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; negative numbers as 64 bits in two's complement."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def whole(field: int, value: int) -> bytes:
    """A field that is a whole number.

    >>> whole(1, 150).hex()
    '089601'
    """
    return _varint(field << 3) + _varint(value)


def real(field: int, value: float) -> bytes:
    """A field that is a float32."""
    return _varint(field << 3 | 5) + struct.pack("<f", value)


def message(field: int, content: bytes | Iterable[bytes]) -> bytes:
    """A field that is bytes, or a message of other fields.

    >>> message(3, whole(1, 150)).hex()
    '1a03089601'
    """
    whole_content = content if isinstance(content, bytes) else b"".join(content)
    return _varint(field << 3 | 2) + _varint(len(whole_content)) + whole_content


def text(field: int, content: str) -> bytes:
    """A field that is text.

    >>> text(2, "testing").hex()
    '120774657374696e67'
    """
    return message(field, content.encode())
