"""Where training is saved as it goes, and how often."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import Any

from downslope._checks import POSITIVE, Interval, flag, number, show, whole
from downslope._dataclass import dataclass
from downslope._keywords import suggests_keywords
from downslope._writing import place_of
from downslope.errors import DownslopeError

__all__ = ["Checkpoint"]

_EVERY = re.compile(r"\s*([0-9.]+(?:e[0-9]+)?)\s*(s|m|h|steps?|epochs?)\s*", re.IGNORECASE)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@suggests_keywords
@dataclass(frozen=True)
class Checkpoint:
    """Where training is saved as it goes: killed at any moment, it goes on with the same bits.

    A folder is of one training; a second process is refused. Each file is written whole, beside the last one.

    Args:
        folder: where; it is made if it is not there.
        every: seconds, or a text such as ``"60s"``, ``"5m"``, ``"100 steps"`` or ``"1 epoch"``.
        keep: how many of the latest files stay: if one is damaged, training goes on from the one before.
        resume: whether training goes on from what the folder holds, which has to be of the same rows and
            settings; where it holds nothing, training begins. Without it a folder that holds something is
            refused.

    Raises:
        DownslopeError: if one of them is no such value.

    >>> import tempfile
    >>> from downslope import Checkpoint, Dense, Network, descend
    >>> net, x, y, folder = Network(1, [Dense(1)]), [[1.0], [2.0]], [2.0, 4.0], tempfile.mkdtemp()
    >>> first = descend(net, x, y, steps=50, checkpoint=Checkpoint(folder, every="10 steps"))
    >>> again = descend(net, x, y, steps=50, checkpoint=Checkpoint(folder, resume=True))
    >>> bool((first.losses == again.losses).all())
    True
    """

    folder: str | os.PathLike[str]
    every: float | str = "60s"
    keep: int = 2
    resume: bool = False

    def __post_init__(self) -> None:
        if place_of(self.folder, "folder") == Path() and self.folder != ".":
            raise DownslopeError("folder needs the name of a folder, such as 'runs/a', not an empty text")
        object.__setattr__(self, "keep", whole("keep", self.keep, Interval(1)))
        object.__setattr__(self, "resume", flag("resume", self.resume))
        _ = self.seconds

    @property
    def seconds(self) -> float:
        """Between two checkpoints; infinity where steps or epochs are counted."""
        amount, unit = self._every
        return amount * _SECONDS[unit] if unit in _SECONDS else math.inf

    def steps(self, steps_in_epoch: int) -> float:
        """Between two checkpoints; infinity where seconds are counted."""
        amount, unit = self._every
        if unit in _SECONDS:
            return math.inf
        return amount * (steps_in_epoch if unit.startswith("epoch") else 1)

    @property
    def _every(self) -> tuple[float, str]:
        if not isinstance(self.every, str):
            return number("every", self.every, POSITIVE), "s"
        found = _EVERY.fullmatch(self.every)
        amount = _positive(found[1]) if found else 0.0
        unit = found[2].lower() if found else "s"
        if not amount or (unit not in _SECONDS and amount != int(amount)):
            raise DownslopeError(
                f"every needs seconds or a text such as '60s', '5m', '100 steps' or '1 epoch', not "
                f"{show(self.every)}"
            )
        return amount, unit


def _positive(text: Any) -> float:
    """The number of a text, or 0."""
    try:
        found = float(text)
    except ValueError:
        return 0.0
    return found if 0 < found < math.inf else 0.0
