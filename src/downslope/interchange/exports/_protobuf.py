"""The wire format of Protocol Buffers, as far as a file of ONNX needs it: it is written and read.

A message is a sequence of fields: number and type in one varint, then a varint or bytes with their length
(https://protobuf.dev/programming-guides/encoding).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

__all__ = ["fields_of", "message", "real", "text", "whole"]


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


def fields_of(content: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message: the number of each, and a whole number or its bytes.

    Raises:
        ValueError: if the bytes are no message.

    >>> list(fields_of(whole(1, 150) + text(2, "testing") + real(3, 1.0)))
    [(1, 150), (2, b'testing'), (3, b'\\x00\\x00\\x80?')]
    """
    at = 0
    while at < len(content):
        key, at = _read_varint(content, at)
        size = {1: 8, 5: 4}.get(key & 7, 0)
        if key & 7 == 0:
            value, at = _read_varint(content, at)
            yield key >> 3, value
            continue
        if key & 7 == 2:
            size, at = _read_varint(content, at)
        elif not size:
            raise ValueError(f"a field has the type {key & 7}, which there is not")
        if at + size > len(content):
            raise ValueError("a field is longer than its message")
        yield key >> 3, content[at : at + size]
        at += size


def _read_varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(content) and shift < 70:
        byte = content[at]
        value, at, shift = value | (byte & 0x7F) << shift, at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise ValueError("a number has no end")
