"""The learning rates with which plain descent converges."""

from __future__ import annotations

from numpy.typing import ArrayLike

from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.insight.linear import forecast
from downslope.nets import Network

__all__ = ["StableRange", "stable_range"]

_MOST_UNKNOWNS = 300  # parameters for which the eigenvalues take no noticeable time


@dataclass(frozen=True)
class StableRange:
    """Learning rates of plain descent on all rows.

    Attributes:
        below: the rate from which on it diverges.
        best: the rate with which it converges fastest.
    """

    below: float
    best: float


def stable_range(
    network: Network, x: ArrayLike, y: ArrayLike, *, momentum: float = 0.0
) -> StableRange | None:
    """The stable learning rates of a linear network of at most 300 parameters; None of any other.

    Args:
        network: with one dense layer and a squared error.
        x: (n, inputs).
        y: (n, outputs).
        momentum: of the descent.

    >>> from downslope.nets import Dense
    >>> found = stable_range(Network(1, [Dense(1, bias=False)]), [[1.0], [3.0]], [[2.0], [6.0]])
    >>> round(found.below, 6), round(found.best, 6)
    (0.2, 0.1)
    """
    if network.inputs * int(network.graph().output.shape[1]) > _MOST_UNKNOWNS:
        return None
    try:
        found = forecast(network, x, y, start=network.initial_parameters(), momentum=momentum)
    except DownslopeError:
        return None
    return StableRange(found.stable_below, found.best_rate)
