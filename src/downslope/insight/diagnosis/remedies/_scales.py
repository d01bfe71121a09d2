"""Calls whose columns have the size that starting values and usual learning rates are made for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from downslope.insight.diagnosis.measured import Call

__all__ = ["moments", "with_inputs_scaled", "with_targets_scaled"]


def moments(x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean and the spread of each column; 1 for a spread of 0."""
    spread = x.std(axis=0)
    return x.mean(axis=0), np.where(spread > 0, spread, 1.0)


def with_inputs_scaled(call: Call) -> Call:
    """The same call with standardised inputs."""
    mean, spread = moments(np.asarray(call.x, np.float64))
    return call.with_inputs(
        lambda x: ((x - mean) / spread).astype(x.dtype if x.dtype == np.float32 else float)
    )


def with_targets_scaled(call: Call) -> Call:
    """The same call with standardised targets."""
    mean, spread = moments(np.asarray(call.y, np.float64))
    dtype = call.y.dtype if call.y.dtype == np.float32 else np.float64
    return call.with_targets(
        lambda values: ((values - mean) / spread).astype(dtype), lambda z: z * spread + mean
    )
