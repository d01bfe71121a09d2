"""Which files a dataset consists of."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from downslope._checks import show
from downslope.errors import DownslopeError
from downslope.tables._names import listed

__all__ = ["KINDS", "is_several_files", "kind_of", "listed_files"]

_BEGINNINGS = {b"PAR1": "Parquet", b"ARROW1": "Arrow"}
_TEXT = (".csv", ".tsv", ".txt")
_PACKED = (".gz", ".zst", "")
_ENDINGS = {
    **dict.fromkeys((".parquet", ".pq"), "Parquet"),
    **dict.fromkeys((".arrow", ".feather", ".ipc"), "Arrow"),
    **{text + packed: "CSV" for text in _TEXT for packed in _PACKED},
}
KINDS = ("Parquet", "Arrow", "CSV")
"""The formats that are read a part at a time."""


def is_several_files(source: Any) -> bool:
    """Whether a source names a folder or, by its wildcards, files."""
    if not isinstance(source, str) and not hasattr(type(source), "__fspath__"):
        return False  # this asks faster than by the abstract class, as each prediction of one row does
    text = os.fsdecode(source)
    return os.path.isdir(text) or (glob.has_magic(text) and not os.path.exists(text))


def listed_files(source: Any) -> list[str]:
    """The files that a source names, in the order of their names; those of a list in its own order.

    Raises:
        DownslopeError: if there is none, or one is no file.
    """
    if isinstance(source, Sequence) and not isinstance(source, str | bytes):
        found = [path for part in source for path in _files_of(part)]
        if not found:
            raise DownslopeError("a dataset of no files has no rows; name a folder, files or a pattern")
    else:
        found = _files_of(source)
    twice = next((path for place, path in enumerate(found) if path in found[:place]), None)
    if twice is not None:
        raise DownslopeError(f"{twice} is there twice; name each file once")
    return found


def _files_of(source: Any) -> list[str]:
    if not isinstance(source, str | os.PathLike) or not isinstance(os.fspath(source), str):
        raise DownslopeError(
            f"a dataset needs a folder, a file, a pattern such as 'data/*.parquet', or a list of files, not "
            f"{show(source)}"
        )
    text = os.fspath(source)
    if "\0" in text or not text:
        raise DownslopeError(f"{text!r} names no file; name a folder, files or a pattern")
    if os.path.isdir(text):
        return _in_folder(text)
    if os.path.exists(text):
        return [text]
    if glob.has_magic(text):
        found = sorted(path for path in glob.glob(text, recursive=True) if os.path.isfile(path))
        if not found:
            raise DownslopeError(f"no file matches {text}; check the pattern")
        return found
    raise DownslopeError(f"there is no file and no folder {text}; check the path")


def _in_folder(folder: str) -> list[str]:
    """The tables in a folder and in those below it; what begins with a point or a line is none."""
    entries = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    shown = [path for path in entries if not _is_hidden(path.relative_to(folder))]
    found = [str(path) for path in shown if path.name.lower().endswith(tuple(_ENDINGS))]
    if not found:
        others = f"; it holds {listed([path.name for path in shown])}" if shown else ", it is empty"
        raise DownslopeError(
            f"the folder {folder} holds no table of {', '.join(KINDS)}{others}; name another one, or the "
            "files themselves"
        )
    return found


def _is_hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def kind_of(path: str) -> str:
    """The format of a file, by its first bytes, or as text by its ending.

    Raises:
        DownslopeError: if it is of none that is read a part at a time, or cannot be read.
    """
    try:
        with open(path, "rb") as file:
            start = file.read(8)
    except OSError as error:
        raise DownslopeError(f"{path} cannot be read: {error.strerror or error}") from None
    if not start:
        raise DownslopeError(f"{path} is empty; leave it out, or write it again")
    for beginning, kind in _BEGINNINGS.items():
        if start.startswith(beginning):
            return kind
    known = next((kind for ending, kind in _ENDINGS.items() if path.lower().endswith(ending)), None)
    if known != "CSV":
        said = f"though its name is that of {known}" if known else "by its name"
        raise DownslopeError(
            f"{path} is no {', '.join(KINDS[:-1])} or {KINDS[-1]}, {said}; a dataset consists of such files"
        )
    return known
