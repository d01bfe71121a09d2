"""The bytes of a file: named arrays, and texts about them in the header of a safetensors file.

https://huggingface.co/docs/safetensors: a length, a JSON header, raw numbers. Reading one runs no code, and
takes as much memory as the file is long: a header that declares more numbers than there are is refused first.
A checksum of all bytes is among the texts, so that a file in which any bit has changed is refused.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from downslope._known_files import LOOKED_AT, recognised
from downslope.errors import DownslopeError

__all__ = ["FORMATS", "OLD_FORMAT", "pack", "shortened", "tensors_alone", "unpack"]

FORMATS = ("downslope 1", "downslope 2", "downslope 3")
"""What files say of their format, from the first to the present one, which came with checksums."""
OLD_FORMAT, _CHECKED = FORMATS[0], FORMATS[-1]

_DTYPES = {"f4": "F32", "f8": "F64"}
_TYPES: Mapping[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8")}
_LONGEST_HEADER = 100_000_000  # bytes; what reads safetensors refuses longer ones
_NO_SUM = "0" * 64  # stands where the checksum will


def pack(kind: str, sections: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The bytes of a file; of the same content the same bytes.

    Args:
        kind: what it is a file of.
        sections: data that JSON has words for, by name.
        arrays: of float32 or float64, by name.

    Raises:
        DownslopeError: if they say more than the header of a file can hold.
    """
    texts = {"sha256": _NO_SUM, "format": _CHECKED, "kind": kind}
    texts |= {name: json.dumps(data) for name, data in sections.items()}
    ordered = sorted(arrays.items(), key=lambda item: -item[1].itemsize)  # each at a multiple of its size
    text, body = _laid_out(texts, ordered)
    if len(text) > _LONGEST_HEADER:
        raise DownslopeError(
            f"what describes this {kind} takes {len(text):,} bytes, more than the header of a file holds; "
            "give starting values as parameters, not as the initializer of a layer"
        )
    checksum = _checksum(text, body)
    return len(text).to_bytes(8, "little") + text.replace(_NO_SUM.encode(), checksum.encode(), 1) + body


def tensors_alone(texts: Mapping[str, str], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The bytes of a safetensors file for other programs: texts about it, and arrays in their order."""
    text, body = _laid_out(texts, arrays.items())
    return len(text).to_bytes(8, "little") + text + body


def _laid_out(texts: Mapping[str, str], arrays: Iterable[tuple[str, NDArray[Any]]]) -> tuple[bytes, bytes]:
    """The header and the numbers of a safetensors file."""
    header: dict[str, Any]
    header, contents, end = {"__metadata__": dict(texts)}, [], 0
    for name, value in arrays:
        content = value.astype(value.dtype.newbyteorder("<")).tobytes()
        start, end = end, end + len(content)
        dtype = _DTYPES[value.dtype.str[1:]]
        header[name] = {"dtype": dtype, "shape": list(value.shape), "data_offsets": [start, end]}
        contents.append(content)
    text = json.dumps(header).encode()
    return text + b" " * (-len(text) % 8), b"".join(contents)


def unpack(file: BinaryIO, size: int, place: Path) -> tuple[dict[str, str], dict[str, NDArray[Any]]]:
    """The texts and the arrays of a file; arrays are views of its one block of numbers.

    Args:
        file: open for bytes.
        size: how many it has.
        place: where it is, for messages.

    Raises:
        DownslopeError: if it is damaged, another file, or of a format that is not known here.
        OSError: if it cannot be read.
    """
    text = _header(file, size, place)
    try:
        header = json.loads(text, object_pairs_hook=_once)
        texts = dict(header.pop("__metadata__", {}))
        if not all(isinstance(value, str) for value in texts.values()):
            raise ValueError("its header is no safetensors header")
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise _no_file(file, place, error) from None
    found = texts.pop("format", None)
    if found not in FORMATS:
        raise _other_format(place, found)
    body = np.fromfile(file, np.uint8)
    checksum = texts.pop("sha256", None)
    try:
        if found == _CHECKED or checksum is not None:
            _check(text, body, checksum)
        arrays = _arrays(header, body)
    except (ValueError, TypeError, KeyError) as error:
        raise DownslopeError(
            f"{place} is damaged: {shortened(str(error))}; copy it again, or save it again"
        ) from None
    return {"format": found, **texts}, arrays


def _header(file: BinaryIO, size: int, place: Path) -> bytes:
    """The JSON at the beginning of a file."""
    start = file.read(8)
    length = int.from_bytes(start, "little")
    if len(start) < 8 or length > min(size - 8, _LONGEST_HEADER):
        raise _no_file(file, place, "it does not begin with the length of a header")
    text = file.read(length)
    if not text.startswith(b"{"):
        raise _no_file(file, place, "its header is no JSON")
    return text


def _no_file(file: BinaryIO, place: Path, reason: object) -> DownslopeError:
    file.seek(0)
    known = recognised(file.read(LOOKED_AT))
    if known is not None:
        return DownslopeError(f"{place} is no file of Downslope but {known[0]}; {known[1]}")
    return DownslopeError(f"{place} is no file of Downslope, or it is damaged ({reason}); check the path")


def _other_format(place: Path, found: str | None) -> DownslopeError:
    number = (found or "").removeprefix("downslope ")
    if found != number and number.isdecimal() and len(number) < 9 and int(number) > len(FORMATS):
        return DownslopeError(
            f"{place} is of the format {found!r}, which a later version of Downslope wrote; this one reads "
            f"{FORMATS[0]!r} to {FORMATS[-1]!r}: update Downslope"
        )
    says = shortened(repr(found), 60)
    return DownslopeError(
        f"{place} is no file of Downslope: its header says {says} where {_CHECKED!r} belongs"
    )


def shortened(text: str, most: int = 300) -> str:
    """What a hostile file says, or an error about it, in a message that stays short."""
    return text if len(text) <= most else text[: most - 3] + "..."


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON whose names are all different."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("its header names something twice")
    return found


def _checksum(text: bytes, body: bytes | memoryview) -> str:
    """SHA-256 of a file in whose header zeros stand for the checksum."""
    digest = hashlib.sha256(len(text).to_bytes(8, "little") + text)
    digest.update(body)
    return digest.hexdigest()


def _check(text: bytes, body: NDArray[np.uint8], checksum: str | None) -> None:
    """That a file is as it was written."""
    if checksum is None or len(checksum) != len(_NO_SUM):
        raise ValueError("it has no checksum")
    if _checksum(text.replace(checksum.encode(), _NO_SUM.encode(), 1), body.data) != checksum:
        raise ValueError("its checksum is that of other content")


def _arrays(header: Mapping[str, Any], body: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """The arrays that a header declares: one after the other, and nothing between or behind them."""
    arrays, end = {}, 0
    for name, item in sorted(header.items(), key=lambda entry: entry[1]["data_offsets"]):
        if set(item) != {"dtype", "shape", "data_offsets"} or item["dtype"] not in _TYPES:
            raise ValueError(f"{shortened(repr(name))} is no array of float32 or float64")
        dtype, shape, (start, stop) = _TYPES[item["dtype"]], tuple(item["shape"]), item["data_offsets"]
        if not all(type(length) is int and length >= 0 for length in (*shape, start, stop)):
            raise ValueError(f"the shape of {shortened(repr(name))} is no list of lengths")
        size = math.prod(shape) * dtype.itemsize
        if start != end or stop != start + size or stop > len(body):
            wanted = f"{shortened(str(size))} bytes, which the file lacks there"
            raise ValueError(f"{shortened(repr(name))} of the shape {shortened(str(shape))} takes {wanted}")
        if len(shape) > 8 or max(shape, default=0) > len(body) + 1:
            raise ValueError(f"the shape of {shortened(repr(name))} is no list of lengths")
        whole = np.ndarray(shape, dtype, body.data, start) if size else np.zeros(shape, dtype)
        whole = whole if whole.flags.aligned else whole.copy()
        arrays[name], end = whole.astype(dtype.newbyteorder("="), copy=False), stop
    if end != len(body):
        raise ValueError(f"{len(body) - end:,} bytes stand behind its arrays")
    return arrays
