"""What L-BFGS does where absolute values of numbers are part of the error, which has kinks where they are 0.

A step stays on its side of each kink, where the error is smooth, and a number that would go to the other side
becomes 0 (Andrew and Gao, "Scalable training of L1-regularized log-linear models", 2007).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["downhill", "gradient_downhill", "step_on_this_side"]

Vector = NDArray[np.float64]

_ENOUGH = 1e-4  # of the decrease that the slope promises
_HALVINGS = 40


def gradient_downhill(x: Vector, gradient: Vector, kinks: Vector) -> Vector:
    """The gradient of the error on the side of each kink to which it falls; 0 where it rises on both.

    Args:
        x: the point, (numbers,).
        gradient: of the error without the absolute values, (numbers,).
        kinks: the factor of the absolute value of each number, (numbers,).

    >>> x, gradient = np.array([0.0, 0.0, 0.0, 2.0]), np.array([0.5, 3.0, -3.0, 0.5])
    >>> gradient_downhill(x, gradient, np.ones(4))
    array([ 0. ,  2. , -2. ,  1.5])
    """
    at_kink: Vector = np.sign(gradient) * np.maximum(np.abs(gradient) - kinks, 0.0)
    return np.where(x == 0, at_kink, gradient + kinks * np.sign(x))


def downhill(direction: Vector, slope: Vector, kinks: Vector) -> Vector:
    """A direction without the numbers that it would move up the slope, of those with a kink."""
    return np.where((direction * slope < 0) | (kinks == 0), direction, 0.0)


def step_on_this_side(
    objective: Callable[[Vector], tuple[float, Vector]],
    x: Vector,
    error: float,
    slope: Vector,
    direction: Vector,
    kinks: Vector,
    first: float,
) -> tuple[Vector, float, Vector] | None:
    """The point that is reached, the error and the gradient there; None where no step lowers the error.

    Args:
        objective: the error, and its gradient without the absolute values, at a point.
        x, error: where the step begins.
        slope: as of ``gradient_downhill``.
        direction, kinks: (numbers,).
        first: how much of the direction is tried first; then half of it, and so on.
    """
    side = np.where(x == 0, -np.sign(slope), np.sign(x))
    for halving in range(_HALVINGS):
        point = x + first * 0.5**halving * direction
        point = np.where((point * side > 0) | (kinks == 0), point, 0.0)
        there, gradient = objective(point)
        if np.isfinite(there) and there <= error + _ENOUGH * float(slope @ (point - x)):
            return (point, there, gradient) if there < error else None
    return None
