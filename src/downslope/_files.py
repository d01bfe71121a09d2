"""The files that the package writes: what they hold, and how they are written and read whole."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from downslope._container import pack, shortened, unpack
from downslope._dataclass import dataclass
from downslope._writing import place_of, reason_of, write_whole
from downslope.errors import DownslopeError

__all__ = ["SavedFile", "read_file", "write_file"]


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
            found = json.loads(self.sections[name])
            json.dumps(found, ensure_ascii=False).encode()  # halves of characters are no text
            return found
        except (KeyError, ValueError, RecursionError) as error:
            raise DownslopeError(f"its section {name!r} cannot be read ({shortened(repr(error))})") from None

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
        except (
            TypeError,
            KeyError,
            IndexError,
            AttributeError,
            ValueError,
            OverflowError,
            RecursionError,
        ) as error:
            words = shortened(str(error) if isinstance(error, DownslopeError) else repr(error))
            raise DownslopeError(f"{self.path} is damaged: {words}; save it again") from None


def read_file(path: str | os.PathLike[str]) -> SavedFile:
    """The content of a file that this package wrote.

    Raises:
        DownslopeError: if there is no such file, or it is damaged or something else.
    """
    place = place_of(path)
    try:
        if not place.exists():
            raise DownslopeError(f"there is no file {place}; check the path")
        if place.is_dir():
            raise _folder(place)
        if not place.is_file():
            raise DownslopeError(f"{place} is a pipe or a device; copy what it gives to a file")
        with place.open("rb") as file:
            texts, arrays = unpack(file, os.fstat(file.fileno()).st_size, place)
    except DownslopeError:
        raise
    except (OSError, ValueError) as error:
        raise DownslopeError(f"{place} cannot be read: {reason_of(error)}") from None
    found = texts.pop("format")
    kind = texts.pop("kind", "model")  # files of models came first, without a word for it
    return SavedFile(str(place), found, kind, texts, arrays)


def _folder(place: Path) -> DownslopeError:
    if any(place.glob("[0-9][0-9][0-9]*.downslope")):
        return DownslopeError(
            f"{place} is a folder of checkpoints; training goes on from it with the same command or call and "
            "--resume, or resume=True, and its end is a file"
        )
    return DownslopeError(f"{place} is a folder; name a file")


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
    write_whole(path, pack(kind, sections, arrays))
