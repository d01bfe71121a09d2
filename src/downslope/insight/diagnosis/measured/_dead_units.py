"""Units through which no gradient flows back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["dead_units"]

_LIMITS: Mapping[str, tuple[float, float]] = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}
_NEAR = 1e-3  # how near a saturated activation is to its limit


def dead_units(activations: NDArray[Any], activation: str) -> NDArray[np.bool_]:
    """Which units are dead: 0 on every row, or saturated on every row.

    Saturated is within 0.001 of a limit of sigmoid (0, 1) or tanh (−1, 1).

    Args:
        activations: a of some rows, (rows, units).
        activation: φ, by name.

    Returns:
        (units,).

    >>> import numpy as np
    >>> dead_units(np.array([[0.0, 0.5, 0.9999], [0.0, 0.7, 0.0001]]), "sigmoid")
    array([ True, False,  True])
    """
    dead = np.asarray(~activations.any(axis=0))
    if activation in _LIMITS:
        low, high = _LIMITS[activation]
        dead |= ((activations <= low + _NEAR) | (activations >= high - _NEAR)).all(axis=0)
    return dead
