"""The error of a run as a sum of decays, fitted to what it did so far and followed further."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.insight.curves._nonnegative import nonnegative_least_squares

__all__ = ["HORIZON", "OFF", "Curve", "fitted"]

HORIZON = 8.0
"""Times as long as the run so far: how far ahead it is looked."""
_PER_OCTAVE = 6  # bins of time, so that early and late times count alike
_RATES = 50
OFF = 0.05
"""Of the drop from there to now: how far a sum of decays may be off in a bin."""
_LEAST = 1e-6  # of the largest error: no bin has to be met more closely
_GRID = 256


@dataclass(frozen=True, eq=False)
class Curve:
    """E(s) = Σᵢ wᵢ exp(−rᵢs) with w ≥ 0, which is what descent does to a quadratic, whatever its spectrum.

    Attributes:
        rates: r, (terms,); the first is 0, whose weight is the level.
        weights: w, (terms,).
        offset: what was taken off the errors so that none is below 0.
        noise: standard deviation of a single error about the curve.
        now: the time up to which it was fitted, above 0.
    """

    rates: NDArray[np.float64]
    weights: NDArray[np.float64]
    offset: float
    noise: float
    now: float

    def at(self, time: float) -> float:
        """The error at a time."""
        return float(np.exp(-self.rates * time) @ self.weights) + self.offset

    def drop(self, ratio: float) -> float:
        """By how much it fell while the time grew by a ratio until now."""
        return self.at(self.now / ratio) - self.at(self.now)

    def when(self, error: float) -> float:
        """The first time from now on with an error; infinity where it is not within the horizon."""
        times = self.now * np.geomspace(1, HORIZON, _GRID)
        errors = np.exp(-np.outer(times, self.rates)) @ self.weights + self.offset
        if errors[0] <= error:
            return self.now
        if errors[-1] > error:
            return float("inf")
        return float(np.interp(-error, -errors, times))


def fitted(errors: NDArray[np.float64], times: NDArray[np.float64]) -> Curve:
    """The sum of decays that is nearest to the errors of a run.

    Non-negative weights make it completely monotone (Bernstein 1929): it bends only one way, and needs no
    number of terms to be chosen. It is found by non-negative least squares (Lawson and Hanson 1974) on a grid
    of rates.

    Args:
        errors: finite, (points,), at least one.
        times: ascending, (points,); the last above 0.
    """
    now, size = float(times[-1]), float(np.abs(errors).max()) or 1.0
    errors = errors / size  # squares of any error are numbers then
    offset = min(float(errors.min()), 0.0)
    starts = _bins(len(errors))
    counts = np.diff([*starts, len(errors)])
    means = np.add.reduceat(errors - offset, starts) / counts
    middles = np.add.reduceat(times, starts) / counts
    noise = _noise(errors)
    off = OFF * (means - means[-1])
    scales = np.maximum(np.sqrt(noise**2 / counts + off**2), _LEAST * means.max())
    scales[scales == 0] = 1.0
    first = float(middles[middles > 0].min(initial=now))
    rates = np.concatenate([[0.0], np.geomspace(1 / (HORIZON * now), 4 / first, _RATES)])
    decays = np.exp(-np.outer(middles, rates))
    try:
        weights = nonnegative_least_squares(decays / scales[:, None], means / scales)
    except np.linalg.LinAlgError:  # not found: the last error stays
        weights = np.eye(len(rates))[0] * means[-1]
    return Curve(rates, size * weights, size * offset, size * noise, now)


def _bins(count: int) -> NDArray[np.int64]:
    """Where each bin begins: their lengths grow with their place."""
    octaves = np.arange(_PER_OCTAVE * np.log2(count) + 1) / _PER_OCTAVE
    ends = np.unique(np.round(2**octaves).astype(np.int64))
    return np.concatenate([[0], ends[ends < count]])


def _noise(errors: NDArray[np.float64]) -> float:
    """Standard deviation about a smooth curve, from second differences of the last quarter."""
    last = errors[-max(8, len(errors) // 4) :]
    return float(np.std(np.diff(last, 2)) / 6**0.5) if len(last) > 3 else 0.0
