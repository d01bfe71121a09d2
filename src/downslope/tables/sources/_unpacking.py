"""Decompression of gzip, zstd, bzip2 and xz, known by their first bytes, in memory that has a limit."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Any

from downslope._extras import zstandard
from downslope.errors import DownslopeError
from downslope.tables.sources._limits import largest_content, too_large

__all__ = ["PACKED", "unpacked"]

PACKED = {".gz", ".gzip", ".zst", ".zstd", ".bz2", ".xz"}
"""The endings of names that say how a file is packed."""

_LAYERS = 4  # of what is packed twice
_SLICE = 4096  # bytes that are unpacked at a time: of zstd, that can make 170 MB of them
_WINDOW = 1 << 28  # bytes of memory that xz may take for what it refers back to


def _zstd() -> Any:
    return zstandard.ZstdDecompressor().decompressobj()


_KINDS: dict[str, tuple[Callable[[bytes], bool], Callable[[], Any]]] = {
    "gzip": (lambda start: start.startswith(b"\x1f\x8b"), lambda: zlib.decompressobj(31)),
    "zstd": (lambda start: start.startswith(b"\x28\xb5\x2f\xfd"), _zstd),
    "bzip2": (lambda start: start.startswith(b"BZh") and start[4:] == b"1AY&SY", bz2.BZ2Decompressor),
    "xz": (lambda start: start.startswith(b"\xfd7zXZ\0"), lambda: lzma.LZMADecompressor(memlimit=_WINDOW)),
}
"""How each kind begins, and what unpacks it."""


def unpacked(content: bytes, name: str) -> bytes:
    """What a file holds, however it is packed.

    Raises:
        DownslopeError: if it is damaged, or holds more than ``largest_content`` of its size.
    """
    limit = largest_content(len(content))
    for _ in range(_LAYERS):
        kind = next((kind for kind, (begins, _) in _KINDS.items() if begins(content[:10])), None)
        if kind is None:
            break
        content = _decompressed(content, name, kind, limit)
    return content


def _decompressed(content: bytes, name: str, kind: str, limit: int) -> bytes:
    """All parts of a file, one behind the other."""
    make = _KINDS[kind][1]
    parts, size, decoder = [], 0, make()
    for start in range(0, len(content), _SLICE):
        piece = content[start : start + _SLICE]
        while piece:
            if decoder.eof:
                piece = piece.lstrip(b"\0")  # which fill the last block of a tape
                decoder = make() if piece else decoder
                continue
            try:
                parts.append(decoder.decompress(piece))
            except Exception as error:  # each library has its own
                raise _damaged(name, kind, error) from None
            size += len(parts[-1])
            if size > limit:
                raise too_large(name, "unpacks to", limit)
            piece = decoder.unused_data if decoder.eof else b""
    if not decoder.eof:
        raise _damaged(name, kind, "it ends too early")
    return b"".join(parts)


def _damaged(name: str, kind: str, found: object) -> DownslopeError:
    return DownslopeError(f"{name} is a damaged {kind} file ({found}); copy or download it again")
