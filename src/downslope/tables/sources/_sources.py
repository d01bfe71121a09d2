"""Where bytes come from: a path, standard input or an open file, decompressed and decoded."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.tables._names import did_you_mean
from downslope.tables.sources._charset import encoding_of, wide_encoding_of
from downslope.tables.sources._limits import largest_content, too_large
from downslope.tables.sources._unpacking import PACKED, unpacked

__all__ = ["Source", "as_utf8", "decoded", "is_source", "open_source"]

_BLOCK = 1 << 16  # which stays in the cache
_CHUNK = 1 << 24  # of a stream


@dataclass(frozen=True)
class Source:
    """The bytes of a table, decompressed, with the name to use in messages and the suffix that remains."""

    name: str
    suffix: str
    content: bytes


def open_source(source: str | os.PathLike[str] | BinaryIO) -> Source:
    """Read everything there is, within limits, and decompress it.

    Raises:
        DownslopeError: if it cannot be read, is empty, or is more than a stream or a packed file may hold.
    """
    name, packed = _read(source)
    content = unpacked(packed, name)
    if not content:
        raise DownslopeError(f"{name} is empty; give a table with a header and at least one row")
    return Source(name, _suffix(name), content)


def _suffix(name: str) -> str:
    path = Path(name.lower())
    while path.suffix in PACKED:
        path = path.with_suffix("")
    return path.suffix


def is_source(data: Any) -> bool:
    """Whether a table is read from it: from a path or an open file.

    A column "read" of a frame of pandas is an attribute of it, but no method.
    """
    return isinstance(data, str | os.PathLike) or callable(getattr(data, "read", None))


def _read(source: str | os.PathLike[str] | BinaryIO) -> tuple[str, bytes]:
    if isinstance(source, (str, os.PathLike)):
        text = os.fspath(source)
        if not isinstance(text, str):
            raise DownslopeError(f"a path is text, not {type(text).__name__}; decode it with os.fsdecode")
        if text == "-":
            if sys.stdin is None:
                raise DownslopeError("standard input is closed; name a file")
            return "standard input", _stream(sys.stdin.buffer.read, "standard input")
        return text, _read_path(text)
    name = getattr(source, "name", None)
    name = name if isinstance(name, str) else "the open file"
    read = getattr(source, "read", None)
    if read is None:
        raise DownslopeError(f"a table is read from a path or an open file, not {type(source).__name__}")
    return name, _stream(read, name)


def _stream(read: Callable[[int], bytes], name: str) -> bytes:
    """All of what may have no end."""
    limit, size = largest_content(), 0
    parts: list[bytes] = []
    while size <= limit:
        part = read(_CHUNK)
        if not isinstance(part, (bytes, bytearray, memoryview)):
            raise DownslopeError(f"{name} is open as text; open it as bytes, with mode 'rb'")
        if not part:
            return b"".join(parts)
        if not size and not any(part):
            raise DownslopeError(f"{name} begins with nothing but zeros; give a table")
        parts.append(bytes(part))
        size += len(part)
    raise too_large(name, "goes on for", limit)


def _read_path(text: str) -> bytes:
    if not text:
        raise DownslopeError("a path of no letters names no file; give the name of a file")
    path = Path(text)
    try:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            whole = stat.S_ISREG(about.st_mode) and about.st_size
            return file.read() if whole else _stream(file.read, text)
    except DownslopeError:
        raise
    except MemoryError:
        raise DownslopeError(f"{text} is larger than the memory; give a part of its rows") from None
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
