"""Where bytes come from: a path, standard input or an open file, decompressed and decoded."""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from downslope.errors import DownslopeError
from downslope.tables._charset import encoding_of, wide_encoding_of
from downslope.tables._names import did_you_mean

__all__ = ["Source", "as_utf8", "decoded", "open_source"]

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_PACKED = {".gz", ".gzip", ".zst", ".zstd"}
_LAYERS = 4
_BLOCK = 1 << 16  # which stays in the cache


@dataclass(frozen=True)
class Source:
    """The bytes of a table, decompressed, with the name to use in messages and the suffix that remains."""

    name: str
    suffix: str
    content: bytes


def open_source(source: str | os.PathLike[str] | BinaryIO) -> Source:
    """Read everything there is, and decompress gzip and zstd, known by their first bytes."""
    name, packed = _read(source)
    content = _unpack(packed, name)
    if not content:
        raise DownslopeError(f"{name} is empty; give a table with a header and at least one row")
    return Source(name, _suffix(name), content)


def _suffix(name: str) -> str:
    path = Path(name.lower())
    while path.suffix in _PACKED:
        path = path.with_suffix("")
    return path.suffix


def _read(source: str | os.PathLike[str] | BinaryIO) -> tuple[str, bytes]:
    if isinstance(source, (str, os.PathLike)):
        text = os.fspath(source)
        if not isinstance(text, str):
            raise DownslopeError(f"a path is text, not {type(text).__name__}; decode it with os.fsdecode")
        if text == "-":
            return "standard input", sys.stdin.buffer.read()
        return text, _read_path(text)
    name = getattr(source, "name", None)
    name = name if isinstance(name, str) else "the open file"
    read = getattr(source, "read", None)
    if read is None:
        raise DownslopeError(f"a table is read from a path or an open file, not {type(source).__name__}")
    content = read()
    if not isinstance(content, (bytes, bytearray, memoryview)):
        raise DownslopeError(f"{name} is open as text; open it as bytes, with mode 'rb'")
    return name, bytes(content)


def _read_path(text: str) -> bytes:
    if not text:
        raise DownslopeError("a path of no letters names no file; give the name of a file")
    path = Path(text)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DownslopeError(f"there is no file {text}{_near_file(path)}") from None
    except IsADirectoryError:
        raise DownslopeError(f"{text} is a folder; name a file in it") from None
    except PermissionError:
        if path.is_dir():
            raise DownslopeError(f"{text} is a folder; name a file in it") from None
        raise DownslopeError(f"{text} may not be read by this user; change its permissions") from None
    except (OSError, ValueError) as error:
        raise DownslopeError(f"{text} cannot be read: {error}") from None


def _near_file(path: Path) -> str:
    folder = path.parent
    try:
        known = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    except (OSError, ValueError):
        return f"; the folder {folder} does not exist either"
    return did_you_mean(path.name, known) or "; check the path"


def _unpack(content: bytes, name: str) -> bytes:
    for _ in range(_LAYERS):
        if content.startswith(_GZIP):
            content = _gunzip(content, name)
        elif content.startswith(_ZSTD):
            content = _unzstd(content, name)
        else:
            break
    return content


def _damaged(name: str, kind: str, found: object) -> DownslopeError:
    return DownslopeError(f"{name} is a damaged {kind} file ({found}); copy or download it again")


def _gunzip(content: bytes, name: str) -> bytes:
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(name, "gzip", error) from None


def _unzstd(content: bytes, name: str) -> bytes:
    import zstandard

    parts = []
    while content:
        reader = zstandard.ZstdDecompressor().decompressobj()
        try:
            parts.append(reader.decompress(content))
        except zstandard.ZstdError as error:
            raise _damaged(name, "zstd", error) from None
        if not reader.eof:
            raise _damaged(name, "zstd", "it ends too early")
        content = reader.unused_data
    return b"".join(parts)


def as_utf8(source: Source, encoding: str | None = None) -> bytes:
    """The text of a source in UTF-8, with every line end as a line feed."""
    return decoded(source, encoding)[0]


def decoded(source: Source, encoding: str | None = None) -> tuple[bytes, str]:
    """The text of a source in UTF-8, with every line end as a line feed, and the encoding that it had.

    Raises:
        DownslopeError: if it is no text, or no text in the given encoding.
    """
    content = source.content
    if encoding is not None:
        text, found = _in_encoding(source, encoding), encoding
    elif (wide := wide_encoding_of(content)) is not None:
        text, found = _in_encoding(source, wide), wide
    else:
        text, found = _guessed(content.removeprefix(b"\xef\xbb\xbf"))
    text = text.rstrip(b"\x1a")
    place = _first_control(text)
    if place is not None:
        line = text.count(b"\n", 0, place) + 1
        raise DownslopeError(
            f"{source.name} is not a table: line {line} holds the byte {text[place]:#04x}, which text does "
            "not have; give CSV, TSV, JSON lines, Parquet, Arrow or Excel"
        )
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text, found


def _first_control(text: bytes) -> int | None:
    """The place of the first byte that text does not have."""
    for start in range(0, len(text), _BLOCK):
        block = np.frombuffer(text, np.uint8, min(_BLOCK, len(text) - start), start)
        control = (block < 9) | (block - np.uint8(14) < 18)  # 0 to 8, 14 to 31
        if control.any():
            return start + int(control.argmax())
    return None


def _in_encoding(source: Source, encoding: str) -> bytes:
    try:
        text = source.content.decode(encoding)
    except UnicodeError as error:
        raise DownslopeError(
            f"{source.name} is not text in {encoding}: {error}; leave the encoding out, or give another one"
        ) from None
    except LookupError:
        raise DownslopeError(
            f"there is no encoding {encoding!r}; give utf-8, cp1252, latin-1, utf-16 or others of Python"
        ) from None
    return text.removeprefix("\ufeff").encode("utf-8")


def _guessed(content: bytes) -> tuple[bytes, str]:
    """UTF-8, else Windows-1252 unless another encoding gives fewer words that are none."""
    if content.isascii() or _decodes(content, "utf-8"):
        return content, "utf-8"
    encoding = encoding_of(content)
    return content.decode(encoding).encode("utf-8"), encoding


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True
