"""Starting values of weights.

Glorot and Bengio (2010) keep the variance of activations and gradients with variance
2/(fan_in + fan_out); He et al. (2015) make up for the half that a rectifier cuts off with 2/fan_in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks import array
from downslope.errors import DownslopeError

__all__ = ["INITIALIZERS", "Start", "initialize"]

Start = str | Sequence[float] | Sequence[Sequence[float]]

Draw = Callable[[np.random.Generator, tuple[int, ...], float], NDArray[np.float64]]


def _normal(rng: np.random.Generator, shape: tuple[int, ...], variance: float) -> NDArray[np.float64]:
    return rng.normal(0.0, math.sqrt(variance), shape)


def _uniform(rng: np.random.Generator, shape: tuple[int, ...], variance: float) -> NDArray[np.float64]:
    bound = math.sqrt(3 * variance)  # a uniform distribution on ±b has the variance b²/3
    return rng.uniform(-bound, bound, shape)


INITIALIZERS: dict[str, tuple[Draw, Callable[[int, int], float]]] = {
    "glorot_normal": (_normal, lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
    "glorot_uniform": (_uniform, lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
    "he_normal": (_normal, lambda fan_in, fan_out: 2 / fan_in),
    "he_uniform": (_uniform, lambda fan_in, fan_out: 2 / fan_in),
    "normal": (_normal, lambda fan_in, fan_out: 1.0),
    "uniform": (_uniform, lambda fan_in, fan_out: 1 / 3),
    "ones": (lambda rng, shape, variance: np.ones(shape), lambda fan_in, fan_out: 0.0),
    "zeros": (lambda rng, shape, variance: np.zeros(shape), lambda fan_in, fan_out: 0.0),
}
"""Every initialiser by name: how it draws, and the variance from fan_in and fan_out."""


def initialize(name: Start, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    """Values for a parameter of shape (outputs, inputs): drawn by the rule of that name, or as given.

    Raises:
        DownslopeError: if there is no initialiser of that name, or the values have another shape.

    >>> initialize("zeros", (1, 2), np.random.default_rng(0))
    array([[0., 0.]])
    """
    if not isinstance(name, str):
        given = array("the starting values", name, np.float64)
        if given.shape != shape:
            raise DownslopeError(f"the starting values need the shape {shape}, not {given.shape}")
        return given
    if name not in INITIALIZERS:
        raise DownslopeError(f"there is no initialiser {name!r}; choose one of {', '.join(INITIALIZERS)}")
    draw, variance = INITIALIZERS[name]
    fan_out, fan_in = shape[0], shape[-1]
    return draw(rng, shape, variance(fan_in, fan_out))


def generator(seed: int, position: int) -> np.random.Generator:
    """The generator of one parameter: keyed by its position alone."""
    key: Any = np.array([seed, position], np.uint64)
    return np.random.Generator(np.random.Philox(key=key))
