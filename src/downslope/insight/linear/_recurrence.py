"""What each step of full-batch descent does to the distance from the minimum, direction by direction.

The error is quadratic, so each eigenvector of the Hessian descends by itself: without momentum its distance
to the minimum is multiplied by 1 − ηλ in each step (Goh, "Why Momentum Really Works", 2017).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass

__all__ = ["Recurrence", "steps_to_arrive"]

_MOST_STEPS = 1 << 60
_EXACT_STEPS = 1 << 20  # with momentum; beyond them the bound is the answer
_CHUNK = 4096

_LARGEST = 1e300
"""Of a rate times an eigenvalue: beyond it descent diverges in one step, whatever the number."""


@dataclass(frozen=True)
class Recurrence:
    """v ← μv + g, w ← w − ηv with a constant rate η: (distance, v) is multiplied by a 2 × 2 matrix M."""

    rate: float
    momentum: float = 0.0

    def matrices(self, eigenvalues: NDArray[np.float64]) -> NDArray[np.float64]:
        """M of each direction, (directions, 2, 2)."""
        one, rate, mu = np.ones_like(eigenvalues), self.rate, self.momentum
        rows = [[1 - rate * eigenvalues, -rate * mu * one], [eigenvalues, mu * one]]
        return np.moveaxis(np.array(rows), 2, 0)

    def shares(self, eigenvalues: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
        """The share of the distance left in each direction after some steps, (directions,)."""
        if not steps:
            return np.ones_like(eigenvalues)
        with np.errstate(over="ignore", invalid="ignore"):
            if not self.momentum:
                signs = np.where((self.rate * eigenvalues > 1) & (steps % 2 == 1), -1.0, 1.0)
                return signs * np.exp(steps * self.log_radii(eigenvalues))
            power = np.linalg.matrix_power(self.matrices(eigenvalues), steps)
        shares: NDArray[np.float64] = np.nan_to_num(power[:, 0, 0], nan=np.inf)
        return shares

    def log_radii(self, eigenvalues: NDArray[np.float64]) -> NDArray[np.float64]:
        """ln of the factor by which each direction shrinks a step in the long run, (directions,).

        It is the larger root of r² − (1 + μ − ηλ)r + μ, written so that a factor near 1 keeps its digits.
        """
        mu = self.momentum
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            q: NDArray[np.float64] = np.minimum(self.rate * eigenvalues, _LARGEST)
            if not mu:
                return np.where(q < 1, np.log1p(-np.minimum(q, 1)), np.log(np.abs(1 - q)))
            square = (1 - mu) ** 2 - 2 * q * (1 + mu) + q**2
            root = np.sqrt(np.maximum(square, 0))
            slow = np.log1p(-2 * q / (1 - mu + q + root))
            fast = np.log((q - 1 - mu + root) / 2)
        return np.where(square < 0, np.log(mu) / 2, np.where(q < 1 + mu, slow, fast))

    def log_shrink(self, eigenvalues: NDArray[np.float64]) -> float:
        """ln of the factor of the slowest direction."""
        return float(self.log_radii(eigenvalues).max())

    def ceiling(self, eigenvalues: NDArray[np.float64], far: NDArray[np.float64], steps: int) -> float:
        """A bound on the distance after some steps that, in the end, only falls; exact without momentum.

        With the roots r of M, the share left is a·r₁ᵏ + (1 − a)·r₂ᵏ, so at most (|a| + |1 − a|)ρᵏ. Where the
        roots are close, ‖Mᵏ‖ ≤ ρᵏ + kνρᵏ⁻¹ is smaller, where ν² = ‖M‖² − |r₁|² − |r₂|² in Frobenius' norm,
        from Schur's form of M.
        """
        if not steps:
            return float(np.linalg.norm(far))
        logs = self.log_radii(eigenvalues)
        growth = np.ones_like(logs)
        if self.momentum:
            matrices = self.matrices(eigenvalues)
            roots = np.linalg.eigvals(matrices).astype(np.complex128)
            square = np.sum(matrices**2, axis=(1, 2)) - np.sum(np.abs(roots) ** 2, axis=1)
            close = 1 + steps * np.sqrt(np.maximum(square, 0)) / np.exp(logs)
            with np.errstate(divide="ignore", invalid="ignore"):
                first = (matrices[:, 0, 0] - roots[:, 1]) / (roots[:, 0] - roots[:, 1])
            growth = np.fmin(close, np.abs(first) + np.abs(1 - first))
        return float(np.linalg.norm(far * growth * np.exp(steps * logs)))


def steps_to_arrive(
    recurrence: Recurrence, eigenvalues: NDArray[np.float64], far: NDArray[np.float64], tolerance: float
) -> int | None:
    """Steps until the distance stays within the tolerance; None if never, or not in 10¹⁸ steps.

    With momentum and more than a million steps it is an upper bound.

    Args:
        recurrence: the descent.
        eigenvalues: those above 0, (directions,).
        far: the distance of the start in each direction, (directions,).
        tolerance: the distance that counts as arrived.
    """
    shrink = -recurrence.log_shrink(eigenvalues)
    if not shrink > 0:
        return None
    end = 1
    while recurrence.ceiling(eigenvalues, far, end) > tolerance or end * shrink < 1:
        end *= 2
        if end > _MOST_STEPS:
            return None
    if not recurrence.momentum:  # the distance never grows
        return _first(lambda k: recurrence.ceiling(eigenvalues, far, k) <= tolerance, 0, end)
    falling = min(end, max(end // 2, int(1 / shrink) + 1))
    end = _first(lambda k: recurrence.ceiling(eigenvalues, far, k) <= tolerance, falling, end)
    return end if end > _EXACT_STEPS else _last_outside(recurrence, eigenvalues, far, tolerance, end) + 1


def _last_outside(
    recurrence: Recurrence,
    eigenvalues: NDArray[np.float64],
    far: NDArray[np.float64],
    tolerance: float,
    end: int,
) -> int:
    """The last step before ``end`` at which the distance is beyond the tolerance, or −1.

    The distance swings with momentum, so it is looked at step by step, from the end backwards.
    """
    matrices = recurrence.matrices(eigenvalues)
    rows = np.eye(2)[:1, None].repeat(len(eigenvalues), axis=1)  # the first row of Mʲ, (j, directions, 2)
    while len(rows) < min(_CHUNK, end):
        power = np.linalg.matrix_power(matrices, len(rows))
        rows = np.concatenate([rows, np.einsum("jda,dab->jdb", rows, power)])
    while end > 0:
        begin = max(0, end - len(rows))
        state = np.linalg.matrix_power(matrices, begin)[:, :, 0]
        left = np.einsum("jda,da->jd", rows[: end - begin], state) * far
        outside = np.flatnonzero(np.linalg.norm(left, axis=1) > tolerance)
        if len(outside):
            return begin + int(outside[-1])
        end = begin
    return -1


def _first(arrived: Callable[[int], bool], low: int, high: int) -> int:
    """The first number from low to high of which something is true, if it is true from there on."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if arrived(middle) else (middle + 1, high)
    return low
