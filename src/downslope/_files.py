"""The files that the package writes: named arrays, and JSON about them in the header of a safetensors file.

https://huggingface.co/docs/safetensors: a length, a JSON header, raw numbers. Reading one runs no code. They
are written here, as the package safetensors gives the texts of a header another order each time.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from downslope._checks import show
from downslope.errors import DownslopeError

__all__ = ["OLD_FORMAT", "SavedFile", "place_of", "read_file", "write_file", "write_whole"]

OLD_FORMAT, _FORMAT = "downslope 1", "downslope 2"

_DTYPES = {"f4": "F32", "f8": "F64"}
_LONGEST_HEADER = 100_000_000  # bytes; what reads safetensors refuses longer ones


@dataclass(frozen=True, eq=False)
class SavedFile:
    """What a file holds.

    Attributes:
        path: where it is, for messages.
        format: how its sections are written.
        kind: what it is a file of, such as ``"model"``.
        sections: JSON texts, by name.
        arrays: by name.
    """

    path: str
    format: str
    kind: str
    sections: Mapping[str, str]
    arrays: Mapping[str, NDArray[Any]]

    def section(self, name: str) -> Any:
        """The data of a section.

        Raises:
            DownslopeError: if it is not there, or is no JSON.
        """
        try:
            return json.loads(self.sections[name])
        except (KeyError, ValueError, RecursionError) as error:
            raise DownslopeError(f"its section {name!r} cannot be read ({error!r})") from None

    def within(self, prefix: str) -> dict[str, NDArray[Any]]:
        """The arrays whose names begin with a prefix, by the rest of their names."""
        return {n.removeprefix(prefix): value for n, value in self.arrays.items() if n.startswith(prefix)}

    def part(self, prefix: str) -> SavedFile:
        """The sections and arrays whose names begin with a prefix, as a file of their own."""
        sections = {n.removeprefix(prefix): t for n, t in self.sections.items() if n.startswith(prefix)}
        return replace(self, sections=sections, arrays=self.within(prefix))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Where the content is made into objects: what does not fit is said of the file.

        Raises:
            DownslopeError: with the path.
        """
        try:
            yield
        except (TypeError, KeyError, ValueError, OverflowError, RecursionError) as error:
            words = str(error) if isinstance(error, DownslopeError) else repr(error)
            raise DownslopeError(f"{self.path} is damaged: {words}; save it again") from None


def read_file(path: str | os.PathLike[str]) -> SavedFile:
    """The content of a file that this package wrote.

    Raises:
        DownslopeError: if there is no such file, or it is damaged or something else.
    """
    from safetensors import SafetensorError, safe_open

    place = place_of(path)
    try:
        if not place.exists():
            raise DownslopeError(f"there is no file {place}; check the path")
        if place.is_dir():
            raise DownslopeError(f"{place} is a folder; name a file")
        if not place.is_file():
            raise DownslopeError(f"{place} is a pipe or a device; copy what it gives to a file")
        place.open("rb").close()  # says why it cannot be read, which safetensors does not
        with safe_open(place, framework="np") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            header = file.metadata() or {}
    except DownslopeError:
        raise
    except OSError as error:
        raise DownslopeError(f"{place} cannot be read: {_reason(error)}") from None
    except (SafetensorError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise DownslopeError(
            f"{place} is no file of Downslope, or it is damaged ({error}); check the path"
        ) from None
    found = header.pop("format", None)
    if found not in (OLD_FORMAT, _FORMAT):
        raise DownslopeError(
            f"{place} is no file of Downslope: its header says {found!r} where {_FORMAT!r} belongs"
        )
    kind = header.pop("kind", "model")  # files of models came first, without a word for it
    return SavedFile(str(place), found, kind, header, arrays)


def write_file(
    path: str | os.PathLike[str],
    kind: str,
    sections: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
) -> None:
    """Write a file, whole or not at all; of the same content the same bytes.

    Args:
        path: where.
        kind: what it is a file of.
        sections: data that JSON has words for, by name.
        arrays: of float32 or float64, by name.

    Raises:
        DownslopeError: if it cannot be written there, or says more than the header of a file can hold.
    """
    texts = {"format": _FORMAT, "kind": kind} | {n: json.dumps(data) for n, data in sections.items()}
    ordered = sorted(arrays.items(), key=lambda item: -item[1].itemsize)  # each at a multiple of its size
    header: dict[str, Any]
    header, contents, end = {"__metadata__": texts}, [], 0
    for name, value in ordered:
        content = value.astype(value.dtype.newbyteorder("<")).tobytes()
        start, end = end, end + len(content)
        dtype = _DTYPES[value.dtype.str[1:]]
        header[name] = {"dtype": dtype, "shape": list(value.shape), "data_offsets": [start, end]}
        contents.append(content)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > _LONGEST_HEADER:
        raise DownslopeError(
            f"what describes this {kind} takes {len(text):,} bytes, more than the header of a file holds; "
            "give starting values as parameters, not as the initializer of a layer"
        )
    write_whole(path, len(text).to_bytes(8, "little") + text + b"".join(contents))


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write all of a file or nothing: beside its place first, then renamed. A file that is there is replaced.

    Raises:
        DownslopeError: if it cannot be written there.
    """
    place = place_of(path)
    try:
        target = Path(os.path.realpath(place))  # what a link points to is replaced, not the link
        if target.exists() and not target.is_file() and not target.is_dir():
            target.write_bytes(content)  # a pipe or a device cannot be replaced
            return
        _replace(target, content)
    except (OSError, ValueError) as error:
        reason = _reason(error)
        if isinstance(error, FileNotFoundError) and not place.parent.exists():
            reason = f"there is no folder {place.parent}"
        raise DownslopeError(f"{place} cannot be written: {reason}; choose another place") from None


def _replace(target: Path, content: bytes) -> None:
    if target.is_dir():
        raise IsADirectoryError(0, "it is a folder")
    handle, beside = tempfile.mkstemp(dir=target.parent, prefix=".downslope-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        os.chmod(beside, mode)
        os.replace(beside, target)
    except BaseException:
        os.unlink(beside)
        raise


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def place_of(path: Any, what: str = "path") -> Path:
    """A path that was given as an argument.

    Raises:
        DownslopeError: if it is none.
    """
    try:
        return Path(os.fsdecode(path))
    except TypeError:
        raise DownslopeError(f"{what} needs a path, such as 'net.downslope', not {show(path)}") from None
