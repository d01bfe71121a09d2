"""Writing a file whole or not at all: what was there stays until the new one is complete and on the disk."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from downslope import _signals
from downslope._checks import show
from downslope.errors import DownslopeError

__all__ = ["BESIDE", "can_be_written", "place_of", "reason_of", "write_whole"]

BESIDE = ".downslope-"
"""What the name of a file begins with that is not whole yet."""

_RIGHTS = 0o666  # less what the umask takes, which is left to the system: reading it would change it
_beside: set[str] = set()


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write all of a file or nothing. A file that is there is replaced; a pipe or a device is written into.

    It is written beside its place, synced, and renamed; what a link points to is replaced, not the link.
    Ctrl-C waits for it.

    Raises:
        DownslopeError: if it cannot be written there.
    """
    place = place_of(path)
    with _signals.Deferred():
        try:
            if place.exists() and not place.is_file() and not place.is_dir():
                place.write_bytes(content)  # such as /dev/null and /dev/stdout
            else:
                _replace(Path(os.path.realpath(place)), content)
        except BrokenPipeError:
            raise
        except (OSError, ValueError) as error:
            reason = reason_of(error)
            if isinstance(error, FileNotFoundError) and not place.parent.exists():
                reason = f"there is no folder {place.parent}"
            raise DownslopeError(f"{place} cannot be written: {reason}; choose another place") from None


def can_be_written(place: Path) -> bool:
    """Whether ``write_whole`` may well write there, as far as can be told before."""
    if place.exists() and not place.is_file():
        return not place.is_dir() and os.access(place, os.W_OK)
    folder = Path(os.path.realpath(place)).parent
    return folder.is_dir() and os.access(folder, os.W_OK)


def _replace(target: Path, content: bytes) -> None:
    if target.is_dir():
        raise IsADirectoryError(0, "it is a folder")
    mode = target.stat().st_mode & 0o777 if target.exists() else None
    beside = str(target.parent / f"{BESIDE}{secrets.token_hex(8)}")
    _beside.add(beside)
    try:
        nameless = _nameless(target.parent)
        with os.fdopen(_named(beside) if nameless is None else nameless, "wb") as file:
            file.write(content)
            if mode is not None:
                os.chmod(file.fileno() if os.chmod in os.supports_fd else beside, mode)
            file.flush()
            os.fsync(file.fileno())
            # a new file gets its name at once: a process killed before or after leaves no other name behind
            whole = nameless is not None and mode is None and _link(nameless, target)
            if nameless is not None and not whole:
                _link(nameless, beside)
        if not whole:
            os.replace(beside, target)
        _sync_folder(target.parent)
    finally:
        _discard(beside)


def _nameless(folder: Path) -> int | None:
    """A file that has no name until it is complete, which a killed process does not leave behind."""
    if not hasattr(os, "O_TMPFILE") or not os.path.isdir("/proc/self/fd"):
        return None
    try:
        return os.open(folder, os.O_TMPFILE | os.O_WRONLY, _RIGHTS)
    except OSError:  # some file systems have none; what else is wrong is said where it gets a name
        return None


def _link(handle: int, name: str | os.PathLike[str]) -> bool:
    """Give an open file its name; False if there is one."""
    root = os.open("/", os.O_RDONLY)  # with a folder given, links are followed
    try:
        os.link(f"/proc/self/fd/{handle}", name, src_dir_fd=root)
    except FileExistsError:
        return False
    finally:
        os.close(root)
    return True


def _named(beside: str) -> int:
    return os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), _RIGHTS)


def _sync_folder(folder: Path) -> None:
    """See that the rename is on the disk too, where folders can be synced."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _discard(beside: str) -> None:
    with suppress(OSError):
        os.unlink(beside)
    _beside.discard(beside)


@_signals.on_abrupt_end
def _discard_all() -> None:
    for beside in tuple(_beside):
        _discard(beside)


def reason_of(error: Exception) -> str:
    """Why a file cannot be read or written, in the system's words."""
    return getattr(error, "strerror", None) or str(error)


def place_of(path: Any, what: str = "path") -> Path:
    """A path that was given as an argument.

    Raises:
        DownslopeError: if it is none.
    """
    try:
        return Path(os.fsdecode(path))
    except TypeError:
        raise DownslopeError(f"{what} needs a path, such as 'net.downslope', not {show(path)}") from None
