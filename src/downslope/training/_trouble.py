"""What tells after each epoch that a descent goes wrong: the errors of its steps, which are there anyway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass

__all__ = ["Trouble", "troubles"]

_GROWN = 1.35  # times the error at first: f² = 0.35, which Cohen (1988) calls a large effect
_HIGH = 2  # epochs one after the other, so that one bad epoch is nothing
_SPREADS = 3  # standard deviations of the steps of an epoch
_FLAT = 0.99  # of the error at first: less than a hundredth of it was learned
_EPOCHS = 10


@dataclass(frozen=True)
class Trouble:
    """A descent that goes wrong.

    Attributes:
        kind: ``"grown"``, where the error is far above that of the first step, or ``"flat"``, where no epoch
            has a lower one than the first.
        epoch: in which it was seen, counted from 1.
        error: the mean of that epoch.
        first: the error of the first step, before its update.
    """

    kind: Literal["grown", "flat"]
    epoch: int
    error: float
    first: float

    @property
    def message(self) -> str:
        """What was seen, in a sentence."""
        if self.kind == "grown":
            return f"the error has grown: {self.error:.4g} in epoch {self.epoch}, {self.first:.4g} at first"
        return f"the error stays at {self.error:.4g}: in {self.epoch} epochs it did not fall by a hundredth"


def troubles() -> Callable[[NDArray[np.float64], float], Trouble | None]:
    """What is told the errors of the steps of each epoch and their mean, and says once what is wrong.

    >>> import numpy as np
    >>> see = troubles()
    >>> [found and found.kind for found in (see(np.array([error]), error) for error in (1.0, 2.0, 4.0, 8.0))]
    [None, None, 'grown', None]
    """
    count, start, level, least, high, told = 0, 0.0, 0.0, 0.0, 0, False

    def see(errors: NDArray[np.float64], mean: float) -> Trouble | None:
        nonlocal count, start, level, least, high, told
        if told or not len(errors):
            return None
        count += 1
        if count == 1:
            start = float(errors[0])
            level, least = max(mean, start * _is_above(errors, start, mean)), mean
        least = min(least, mean)
        high = high + 1 if mean > _GROWN * start > 0 and _is_above(errors, mean, _GROWN * start) else 0
        flat = count == _EPOCHS and least >= _FLAT * level > 0
        told = high == _HIGH or flat
        return Trouble("flat" if flat else "grown", count, mean, start) if told else None

    return see


def _is_above(errors: NDArray[np.float64], one: float, other: float) -> bool:
    """Whether an error is above another beyond what the errors of the batches of an epoch differ."""
    with np.errstate(all="ignore"):
        return bool(one - _SPREADS * errors.std() > other)
