"""The rows that stand for all of them, where there are many or the network is large."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from downslope.nets import Network

__all__ = ["drawn", "most_rows"]

_ROWS = 4096  # the error of a mean over them is 1.6% of a standard deviation
_FEWEST = 512
_PRODUCTS = 1 << 30  # of parameters and rows, which take some tenths of a second there and back


def most_rows(network: Network) -> int:
    """How many rows are looked at: 4,096, or fewer where there are many parameters."""
    parameters = sum(math.prod(shape) for shape in network.graph().shapes.values())
    return max(_FEWEST, min(_ROWS, _PRODUCTS // max(parameters, 1)))


def drawn(rows: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """At most so many of some rows, in their order."""
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, most, replace=False))
