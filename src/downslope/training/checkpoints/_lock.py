"""A folder that one process writes to: the system opens its lock when that process ends, however it does."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from weakref import WeakSet

from downslope._forks import in_child
from downslope._writing import reason_of
from downslope.errors import DownslopeError

__all__ = ["FolderLock"]

_held: WeakSet[FolderLock] = WeakSet()


class FolderLock:
    """The lock of a folder, held until it is closed.

    Raises:
        DownslopeError: if another process holds it, or this one does elsewhere.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / "lock"
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(self._handle)
        except BlockingIOError:
            holder = os.read(self._handle, 20).decode("ascii", "replace").strip()
            self.close()
            raise DownslopeError(
                f"process {holder or 'unknown'} saves its training in {folder}; wait for its end, or name "
                "another folder"
            ) from None
        except OSError as error:
            self.close()
            raise DownslopeError(
                f"{path} cannot be locked: {reason_of(error)}; name a folder on another file system"
            ) from None
        os.ftruncate(self._handle, 0)
        os.write(self._handle, f"{os.getpid()}\n".encode())
        _held.add(self)

    def close(self) -> None:
        """Give the folder free."""
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1


if sys.platform == "win32":

    def _lock(handle: int) -> None:
        import msvcrt

        os.lseek(handle, 1 << 20, os.SEEK_SET)  # beyond what others read
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            raise BlockingIOError from None
        os.lseek(handle, 0, os.SEEK_SET)

else:

    def _lock(handle: int) -> None:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


@in_child
def _close_all() -> None:
    """A forked child has the files of its parent, and would hold the locks beyond its end."""
    for lock in tuple(_held):
        lock.close()
