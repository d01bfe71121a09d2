"""One rank's part of the steps that several ranks compute together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass

__all__ = ["OwnRows", "Share", "step_rows"]


@dataclass(frozen=True, eq=False)
class Share:
    """One rank's part of each step.

    Attributes:
        add_up: puts the sum over all ranks in the place of an array, or of a tensor of torch. Each rank calls
            it for the same values in the same order; it raises DownslopeError where another rank is lost.
        places: of the rows of the step that is computed, in the batch that all ranks share, where it is known
            already: dropout draws by it.
    """

    add_up: Callable[[Any], None]
    places: NDArray[np.int64] | None = None


@dataclass(frozen=True, eq=False)
class OwnRows:
    """Which rows of some steps are a rank's.

    Attributes:
        places: of each row in the batch that all ranks share, (rows,).
        ends: where the rows of each step end, (steps,); None: steps of as many rows each as the engine was
            made for.
    """

    places: NDArray[np.int64]
    ends: NDArray[np.int64] | None = None


def step_rows(rows: int, batch: int, own: OwnRows | None = None) -> list[slice]:
    """The rows of each step among those that all of them go over.

    >>> step_rows(5, 2)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    if own is None or own.ends is None:
        return [slice(start, min(start + batch, rows)) for start in range(0, rows, batch)]
    return [slice(*ends) for ends in zip([0, *own.ends[:-1].tolist()], own.ends.tolist(), strict=True)]
