"""What a folder of checkpoints holds: the parts of a training in their order, such as the networks of a fit.

A part that is done has one file, ``000.downslope``; the one at work has the latest few of its files,
``001-000042.downslope``. Everything between them is computed again, which gives the same bits.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

from numpy.typing import NDArray

from downslope._checks import show
from downslope._files import SavedFile, read_file, write_file
from downslope._writing import BESIDE, place_of, reason_of
from downslope.errors import DownslopeError
from downslope.training.checkpoints._asked import refusal
from downslope.training.checkpoints._checkpoint import Checkpoint
from downslope.training.checkpoints._lock import FolderLock

__all__ = ["Journal", "Part", "Writer", "open_journal"]

_NAME = re.compile(r"(\d{3,})(?:-(\d{6,}))?\.downslope")
_MOST = 0.1  # of the time of training, that saving by the clock takes
_DONE = math.inf  # in place of the number of a file: nothing of its part comes later

Place = tuple[int, float]
"""The number of a part, and that of a file of it."""


class Journal:
    """An open folder of checkpoints, locked.

    Args:
        checkpoint: where, how often, and whether to go on.
        asked: what the training is, as texts by name.

    Raises:
        DownslopeError: if the folder cannot be written to, is another process's, or holds another training.
    """

    def __init__(self, checkpoint: Checkpoint, asked: Mapping[str, str]) -> None:
        self.checkpoint, self._asked = checkpoint, dict(asked)
        self.folder = place_of(checkpoint.folder, "folder")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = FolderLock(self.folder)
        except OSError as error:
            raise DownslopeError(
                f"the folder {self.folder} cannot be written to: {reason_of(error)}; name another"
            ) from None
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        for left in self.folder.glob(f"{BESIDE}*"):  # by a process that was killed, as this one has the lock
            left.unlink()
        self._files = self._listed()
        self._next, self._shift, self._began = 0, 0.0, monotonic()
        self._read: tuple[Path, SavedFile] | None = None
        self._warned = False
        if self._files and not self.checkpoint.resume:
            raise DownslopeError(
                f"{self.folder} holds checkpoints; go on from them with resume=True (--resume), or name "
                "another folder"
            )
        for place in sorted(self._files, reverse=True):
            found = self._file(place)
            if found is not None:
                different = refusal(_about(found)["asked"], self._asked)
                if different:
                    raise DownslopeError(
                        f"{self.folder} holds checkpoints of another training: {different}; ask for the "
                        "same, or name another folder"
                    )
                break

    def _listed(self) -> dict[Place, Path]:
        found = ((_NAME.fullmatch(path.name), path) for path in self.folder.iterdir())
        return {(int(name[1]), int(name[2]) if name[2] else _DONE): path for name, path in found if name}

    def close(self) -> None:
        """Let others have the folder."""
        self._lock.close()

    def now(self) -> float:
        """Seconds of this training in all its processes, up to the checkpoints that they went on from."""
        return monotonic() - self._began + self._shift

    def begun(self, name: str) -> Mapping[str, Any] | None:
        """What the checkpoint says of the next part, if it was begun under that name before."""
        found = self._newest(self._next)
        about = None if found is None else _about(found)
        return about if about is not None and about["name"] == name else None

    def finished(self) -> Iterator[Part]:
        """The parts that came to their end, whatever their names; the next part comes behind them."""
        for place in sorted({part for part, _ in self._files}):
            found = self._newest(place)
            if found is None:
                continue
            self._next = place + 1
            about = _about(found)
            self._shift += max(0.0, about["clock"] - self.now())
            if about["done"]:
                yield Part(self, place, about["name"], found)

    def part(self, name: str) -> Part:
        """The next part, as far as it was saved.

        Raises:
            DownslopeError: if another one was saved in its place.
        """
        place, found = self._next, self._newest(self._next)
        self._next += 1
        if found is not None:
            about = _about(found)
            if about["name"] != name:
                raise DownslopeError(
                    f"{found.path} is of {about['name']!r}, where {name!r} belongs: this version trains in "
                    "another order; begin anew in another folder"
                )
            self._shift += max(0.0, about["clock"] - self.now())
        return Part(self, place, name, found)

    def _newest(self, part: int) -> SavedFile | None:
        """The newest file of a part that is whole."""
        for place in sorted((p for p in self._files if p[0] == part), reverse=True):
            found = self._file(place)
            if found is not None:
                return found
        return None

    def _file(self, place: Place) -> SavedFile | None:
        """A file of the folder; None, and a warning, where it is damaged."""
        path = self._files[place]
        if self._read is None or self._read[0] != path:
            try:
                found = read_file(path)
                with found.reading():
                    _about(found)
            except DownslopeError as error:
                warnings.warn(f"{error}. Training goes on from the checkpoint before it", stacklevel=2)
                del self._files[place]
                return None
            self._read = path, found
        return self._read[1]

    def write(
        self,
        part: int,
        about: Mapping[str, Any],
        sections: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
        kind: str,
    ) -> None:
        """Write a file of a part, and remove what is not kept; what cannot be written is said once."""
        numbers = [int(n) for p, n in self._files if p == part and n != _DONE]
        number: float = _DONE if about["done"] else max(numbers, default=0) + 1
        name = f"{part:03d}.downslope" if number == _DONE else f"{part:03d}-{int(number):06d}.downslope"
        about = {**about, "clock": self.now(), "asked": self._asked}
        try:
            write_file(self.folder / name, kind, {**sections, "checkpoint": about}, arrays)
        except DownslopeError as error:
            if not self._warned:
                warnings.warn(f"{error}. Training goes on; the checkpoint before stays", stacklevel=2)
            self._warned = True
            return
        self._files[part, number] = self.folder / name
        kept = 1 if number == _DONE else self.checkpoint.keep
        for place in sorted(p for p in self._files if p[0] == part)[:-kept]:
            with suppress(OSError):
                self._files.pop(place).unlink()


class Writer(Protocol):
    """What writes the files of a part: a journal."""

    checkpoint: Checkpoint

    def write(
        self,
        part: int,
        about: Mapping[str, Any],
        sections: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
        kind: str,
    ) -> None:
        """Write a file."""


class Part:
    """One part of a training: what was saved of it, and when to save again.

    Attributes:
        found: the newest file; None where it begins.
        done: whether it came to its end.
    """

    def __init__(self, journal: Writer, place: int, name: str, found: SavedFile | None) -> None:
        self._journal, self._place, self._name = journal, place, name
        about = {} if found is None else _about(found)
        self.found, self.done = found, bool(about.get("done"))
        self._spent, self._began = float(about.get("spent", 0.0)), monotonic()
        self._saved, self._saved_step, self._every = self._began, 0, math.inf
        self._took = 0.0  # seconds of the last save

    def begin(self, step: int, steps_in_epoch: int) -> None:
        """Count steps from here on."""
        self._saved_step, self._every = step, self._journal.checkpoint.steps(steps_in_epoch)

    @property
    def spent(self) -> float:
        """Seconds that it took so far, in all processes."""
        return self._spent + monotonic() - self._began

    @property
    def seconds(self) -> float:
        """Until it is to be saved."""
        wait = max(self._journal.checkpoint.seconds, (1 / _MOST - 1) * self._took)
        return self._saved + wait - monotonic()

    @property
    def step(self) -> float:
        """After which it is to be saved."""
        return self._saved_step + self._every

    def is_due(self, step: int) -> bool:
        """Whether it is to be saved after this step."""
        return step >= self.step or self.seconds <= 0

    def save(
        self,
        step: int,
        until: int,
        sections: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
        *,
        done: bool = False,
        kind: str = "run",
    ) -> None:
        """Save where it stands.

        Args:
            step, until: number of steps taken, and in all.
            sections, arrays: as of ``write_file``.
            done: whether this is its end.
            kind: what a file of it is of.
        """
        began = monotonic()
        about = {"name": self._name, "step": step, "until": until, "spent": self.spent, "done": done}
        self._journal.write(self._place, about, sections, arrays, kind)
        self._saved, self._saved_step = monotonic(), step
        self._took = self._saved - began


def _about(file: SavedFile) -> Mapping[str, Any]:
    """What a file says of its part.

    Raises:
        DownslopeError: if it is no file of a checkpoint.
    """
    found = file.section("checkpoint")
    kinds = {
        "name": str,
        "step": int,
        "until": int,
        "spent": float,
        "clock": float,
        "done": bool,
        "asked": dict,
    }
    if not isinstance(found, dict) or not all(isinstance(found.get(n), kind) for n, kind in kinds.items()):
        raise DownslopeError("it does not say of which part of a training it is")
    return found


@contextmanager
def open_journal(
    checkpoint: Checkpoint | None, asked: Callable[[], Mapping[str, str]]
) -> Iterator[Journal | None]:
    """The journal of a checkpoint, which is closed at the end; None without one.

    Raises:
        DownslopeError: if it is no checkpoint, or for what ``Journal`` refuses.
    """
    if checkpoint is None:
        yield None
        return
    if not isinstance(checkpoint, Checkpoint):
        raise DownslopeError(
            f"checkpoint needs a ds.Checkpoint, such as ds.Checkpoint('runs/a'), not {show(checkpoint)}"
        )
    journal = Journal(checkpoint, asked())
    try:
        yield journal
    finally:
        journal.close()
