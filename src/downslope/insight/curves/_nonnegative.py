"""Least squares whose solution has no negative number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["nonnegative_least_squares"]

Array = NDArray[np.float64]


def nonnegative_least_squares(a: Array, b: Array) -> Array:
    """The x ≥ 0 that minimises ‖Ax − b‖ (Lawson and Hanson, Solving Least Squares Problems, 1974).

    Raises:
        numpy.linalg.LinAlgError: if it is not found in three steps for each column.

    >>> nonnegative_least_squares(np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([2.0, -1.0]))
    array([2., 0.])
    """
    x = np.zeros(a.shape[1])
    free = np.zeros(a.shape[1], bool)
    tolerance = 10 * max(a.shape) * np.finfo(np.float64).eps * float(np.abs(a).sum(axis=0).max())
    for _ in range(3 * a.shape[1]):
        slope = np.where(free, -np.inf, a.T @ (b - a @ x))
        if slope.max() <= tolerance:
            return x
        free[slope.argmax()] = True
        while (wanted := _on(a, b, free)).min() <= 0 and np.any(low := free & (wanted <= 0)):
            share = np.min(x[low] / (x[low] - wanted[low]))  # up to the first that becomes 0
            x += share * (wanted - x)
            free &= x > tolerance
            x[~free] = 0
        x = wanted
    raise np.linalg.LinAlgError("non-negative least squares did not converge")


def _on(a: Array, b: Array, free: NDArray[np.bool_]) -> Array:
    """The least-squares solution in which only some numbers differ from 0."""
    x = np.zeros(a.shape[1])
    x[free] = np.linalg.lstsq(a[:, free], b, rcond=None)[0]
    return x
