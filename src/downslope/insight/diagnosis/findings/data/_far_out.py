"""Rows that make more of the gradient than all others together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from downslope.insight.diagnosis.measured import Examination
from downslope.insight.gradients import gradient_norms
from downslope.training import Arrays

__all__ = ["HALF", "far_out", "row_gradients"]

_FAR_OUT = 3.0  # interquartile ranges above the upper quartile (Tukey 1977)
_FEWEST = 20  # rows: of fewer, quartiles say too little (Hoaglin, Iglewicz and Tukey 1986)
HALF = 0.5
"""Of the squared gradients: more than those of all other rows together."""


def far_out(seen: Examination) -> tuple[NDArray[np.float64], float, NDArray[np.bool_]]:
    """The gradient of each row at the start, from where on it is far out, and the rows that are.

    At the start the network has not bent to any row. None is far out where together they do not make half of
    the squares.
    """
    norms = row_gradients(seen, seen.rows)
    low, high = np.quantile(norms, (0.25, 0.75))
    fence = float(high + _FAR_OUT * (high - low))
    far = norms > fence
    total = float(np.sum(norms**2))
    if (
        len(norms) < _FEWEST
        or not np.isfinite(total)
        or np.sum(norms[far] ** 2) < HALF * total
        or far.mean() > HALF
    ):
        far = np.zeros(len(norms), bool)
    return norms, fence, far


def row_gradients(seen: Examination, rows: Arrays) -> NDArray[np.float64]:
    """The size of the gradient of each row at the start, (rows,)."""
    norms = gradient_norms(seen.call.network, rows["x"], rows["y"], parameters=seen.start)
    return np.asarray(norms, np.float64)
