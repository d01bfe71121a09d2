"""What is measured of predicted numbers besides their scores: the spread of errors, and intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.fitting.evaluation._statistics import Estimate, Statistic, weighted_quantiles

__all__ = ["Coverage", "ErrorSpread", "coverages", "error_spread"]

_SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class ErrorSpread:
    """Errors, predicted − true: above 0 where the prediction is too high.

    Attributes:
        mean: of them all; 0 where too high and too low even out.
        quantiles: the errors that 5, 25, 50, 75 and 95 % of the rows do not exceed.
    """

    mean: Estimate
    quantiles: Mapping[float, float]


@dataclass(frozen=True)
class Coverage:
    """How often the intervals of a level hold the true number.

    Attributes:
        level: how often they say.
        share: how often they do.
        mean_width: of the intervals, in the target's units.
    """

    level: float
    share: Estimate
    mean_width: float


def error_spread(
    true: NDArray[np.float64], predicted: NDArray[np.float64], weights: NDArray[Any]
) -> ErrorSpread:
    """The spread of the errors of numbers, (rows,).

    >>> error_spread(np.zeros(5), np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), np.ones(5)).quantiles[0.75]
    1.0
    """
    errors = predicted - true
    mean = float(np.average(errors, weights=weights))
    quantiles = weighted_quantiles(errors, weights, _SHARES)
    return ErrorSpread(
        Statistic(mean, errors - mean).estimate(weights),
        dict(zip(_SHARES, quantiles.tolist(), strict=True)),
    )


def coverages(
    true: NDArray[np.float64], intervals: Mapping[float, NDArray[np.float64]], weights: NDArray[Any]
) -> tuple[Coverage, ...]:
    """How often intervals hold.

    Args:
        true: the numbers, (rows,).
        intervals: for each level the ends around every prediction, (rows, 2); NaN for rows without one.
        weights: how much each row counts, (rows,).

    >>> ends = np.array([[0.0, 2.0], [0.0, 2.0]])
    >>> coverages(np.array([1.0, 3.0]), {0.9: ends}, np.ones(2))[0].share.value
    0.5
    """
    found = []
    for level, all_ends in intervals.items():
        known = np.isfinite(all_ends).all(axis=1)
        if not known.any():
            continue
        ends, y, w = all_ends[known], true[known], weights[known]
        within = ((ends[:, 0] <= y) & (y <= ends[:, 1])).astype(np.float64)
        share = float(np.average(within, weights=w))
        width = float(np.average(ends[:, 1] - ends[:, 0], weights=w))
        found.append(Coverage(level, Statistic(share, within - share).estimate(w), width))
    return tuple(found)
