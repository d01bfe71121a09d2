"""``forecast``: what gradient descent will do to a linear network, without running it.

The error is quadratic, so each direction of the Hessian's eigenvectors descends by itself: its distance
to the minimum is multiplied by 1 − ηλ in each step (Goh, "Why Momentum Really Works", 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope.errors import DownslopeError
from downslope.insight.linear._quadratic import Quadratic, quadratic
from downslope.nets import Network
from downslope.training import starting_values

__all__ = ["Forecast", "forecast"]

_LONGEST = 1 << 60
_CHUNK = 4096


@dataclass(frozen=True)
class Descent:
    """Full-batch descent with a constant rate η, v ← μv + g, w ← w − ηv, by its effect on each direction."""

    rate: float
    momentum: float = 0.0

    def matrices(self, eigenvalues: NDArray[np.float64]) -> NDArray[np.float64]:
        """What a step makes of (distance, v) in each direction, (directions, 2, 2)."""
        one, rate, mu = np.ones_like(eigenvalues), self.rate, self.momentum
        rows = [[1 - rate * eigenvalues, -rate * mu * one], [eigenvalues, mu * one]]
        return np.moveaxis(np.array(rows), 2, 0)

    def shares(self, eigenvalues: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
        """The share of the distance left in each direction after some steps, (directions,)."""
        with np.errstate(over="ignore", invalid="ignore"):
            power = np.linalg.matrix_power(self.matrices(eigenvalues), steps)
        shares: NDArray[np.float64] = np.nan_to_num(power[:, 0, 0], nan=np.inf)
        return shares

    def shrink(self, eigenvalues: NDArray[np.float64]) -> float:
        """The factor by which the slowest direction's distance shrinks a step in the long run."""
        return float(np.abs(np.linalg.eigvals(self.matrices(eigenvalues))).max())

    def ceiling(self, eigenvalues: NDArray[np.float64], far: NDArray[np.float64], steps: int) -> float:
        """A bound on the distance after some steps that, in the end, only falls.

        ‖Mᵏ‖ ≤ ρᵏ + kνρᵏ⁻¹ where ν² = ‖M‖² − |r₁|² − |r₂|² in Frobenius' norm, from Schur's form of M.
        """
        matrices = self.matrices(eigenvalues)
        roots = np.abs(np.linalg.eigvals(matrices))
        radius = roots.max(axis=1)
        if not self.momentum:
            return float(np.linalg.norm(far * np.abs(1 - self.rate * eigenvalues) ** steps))
        skew = np.sqrt(np.maximum(np.sum(matrices**2, axis=(1, 2)) - np.sum(roots**2, axis=1), 0))
        return float(np.linalg.norm(far * (radius**steps + steps * skew * radius ** (steps - 1.0))))


@dataclass(frozen=True)
class Forecast:
    """What descent will do.

    Attributes:
        eigenvalues: λ of the Hessian, ascending, (unknowns,); those that are 0 within rounding are 0.
        directions: the eigenvectors, one in each row, (unknowns, unknowns).
        condition: largest over smallest eigenvalue other than 0.
        learning_rate, momentum: what was asked about.
        stable_below: the learning rate from which on this descent diverges: 2(1 + μ)/λmax.
        best_rate: 2/(λmin + λmax), the best constant rate of plain descent for any start.
        momentum_rate, best_momentum: the best pair with momentum for any start (Polyak 1964).
        tolerance: the distance of the parameters from the answer that counts as arrived.
        answer: the parameters at which descent ends, by name.
    """

    eigenvalues: NDArray[np.float64]
    directions: NDArray[np.float64]
    condition: float
    learning_rate: float
    momentum: float
    stable_below: float
    best_rate: float
    momentum_rate: float
    best_momentum: float
    tolerance: float
    answer: Mapping[str, NDArray[np.float64]]
    _form: Quadratic = field(repr=False)
    _start: NDArray[np.float64] = field(repr=False)
    _end: NDArray[np.float64] = field(repr=False)

    @property
    def stable(self) -> bool:
        """Whether descent arrives at all."""
        return self.learning_rate < self.stable_below

    @property
    def slowest(self) -> float:
        """The factor by which the slowest direction's distance shrinks in each step, in the long run."""
        return self._asked.shrink(self._moving)

    @property
    def _asked(self) -> Descent:
        return Descent(self.learning_rate, self.momentum)

    @property
    def _moving(self) -> NDArray[np.float64]:
        return self.eigenvalues[self.eigenvalues > 0]

    @cached_property
    def _distances(self) -> NDArray[np.float64]:
        """How far the start is from the answer in each direction, (directions, outputs)."""
        return self.directions @ (self._start - self._end)

    def parameters_after(self, steps: int) -> dict[str, NDArray[np.float64]]:
        """The parameters after some steps, by name."""
        left = self._asked.shares(self.eigenvalues, steps)[:, None] * self._distances
        return self._form.parameters(self._end + self.directions.T @ left)

    def error_after(self, steps: int) -> float:
        """The error after some steps; what ``Run.losses`` holds at that index."""
        left = self._asked.shares(self.eigenvalues, steps)[:, None] * self._distances
        with np.errstate(over="ignore"):
            return self._form.error(self._end) + float(np.sum(self.eigenvalues[:, None] / 2 * left**2))

    @cached_property
    def steps(self) -> int | None:
        """Steps until the distance stays within the tolerance; None if never."""
        return self._steps(self._asked)

    @cached_property
    def steps_at_best_rate(self) -> int | None:
        """The same with plain descent at the best rate."""
        return self._steps(Descent(self.best_rate))

    @cached_property
    def steps_with_momentum(self) -> int | None:
        """The same with the best momentum and its rate."""
        return self._steps(Descent(self.momentum_rate, self.best_momentum))

    def _steps(self, descent: Descent) -> int | None:
        far = np.linalg.norm(self._distances[self.eigenvalues > 0], axis=1)
        shrink = descent.shrink(self._moving)
        if shrink >= 1:
            return None
        end = 1
        while descent.ceiling(self._moving, far, end) > self.tolerance or end * -np.log(shrink or 0.5) < 1:
            end *= 2
            if end > _LONGEST:
                return None
        if descent.momentum:
            return _last_outside(descent, self._moving, far, self.tolerance, end) + 1
        # without momentum the distance never grows
        return _first(lambda k: descent.ceiling(self._moving, far, k) <= self.tolerance, 0, end)

    def __str__(self) -> str:
        """The forecast in a few lines."""
        moving = self._moving
        spectrum = ", ".join(f"{v:.4g}" for v in moving[:6]) + (", …" if len(moving) > 6 else "")
        idle = len(self.eigenvalues) - len(moving)
        lines = [f"The Hessian's eigenvalues: {spectrum}; condition number {self.condition:.4g}."]
        if idle:
            lines.append(
                f"{idle} of {len(self.eigenvalues)} directions do not change the error and never move."
            )
        lines.append(
            f"Stable for a learning rate below {self.stable_below:.5g}; best is {self.best_rate:.5g}."
        )
        asked = f"At {self.learning_rate:g}" + (f" with momentum {self.momentum:g}" if self.momentum else "")
        if self.stable:
            lines.append(
                f"{asked} a step leaves {self.slowest:.6g} of the distance in the slowest direction:"
            )
            lines.append(f"  {_counted(self.steps)} to come within {self.tolerance:g} of the answer.")
        else:
            lines.append(
                f"{asked} descent diverges: the fastest direction grows {self.slowest:.4g} times a step."
            )
        lines.append(f"At the best rate: {_counted(self.steps_at_best_rate)}.")
        best = f"momentum {self.best_momentum:.4g} at {self.momentum_rate:.4g}"
        lines.append(f"With {best}: {_counted(self.steps_with_momentum)}.")
        return "\n".join(lines)


def _counted(steps: int | None) -> str:
    return "never" if steps is None else "1 step" if steps == 1 else f"{steps:,} steps"


def _last_outside(
    descent: Descent,
    eigenvalues: NDArray[np.float64],
    far: NDArray[np.float64],
    tolerance: float,
    end: int,
) -> int:
    """The last step before ``end`` at which the distance is beyond the tolerance, or −1.

    The distance swings with momentum, so it is looked at step by step, from the end backwards.
    """
    matrices = descent.matrices(eigenvalues)
    while end > 0:
        begin = max(0, end - _CHUNK)
        state = np.linalg.matrix_power(matrices, begin)[:, :, 0]
        outside = -1
        for step in range(begin, end):
            if np.linalg.norm(state[:, 0] * far) > tolerance:
                outside = step
            state = (matrices @ state[:, :, None])[:, :, 0]
        if outside >= 0:
            return outside
        end = begin
    return -1


def _first(arrived: Callable[[int], bool], low: int, high: int) -> int:
    """The first number from low to high of which something is true, if it is true from there on."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if arrived(middle) else (middle + 1, high)
    return low


def forecast(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    *,
    start: ArrayLike | Mapping[str, ArrayLike] | None = None,
    learning_rate: float = 0.01,
    momentum: float = 0.0,
    tolerance: float = 1e-3,
    row_weights: ArrayLike | None = None,
    seed: int = 0,
) -> Forecast:
    """Foretell full-batch descent of a linear network with squared error.

    Args:
        network: a single Dense layer without activation, with squared error.
        x: inputs, (rows, network.inputs).
        y: targets, (rows, outputs) or (rows,).
        start: as ``descend`` takes it.
        learning_rate: η, above 0.
        momentum: μ of SGD, at least 0 and below 1.
        tolerance: distance of all parameters together (Euclidean) from the answer that counts as arrived.
        row_weights: how much each row counts, (rows,).
        seed: of the starting values, where no start is given.

    Raises:
        DownslopeError: if the network is not linear, or what is given does not fit.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=1, layers=[Dense(1, bias=False)])
    >>> told = forecast(net, [[1.0], [2.0]], [2.0, 4.0], start=[0.0], learning_rate=0.1)
    >>> told.eigenvalues.round(9), round(told.stable_below, 9), told.steps, round(told.error_after(2), 9)
    (array([5.]), 0.4, 11, 0.625)
    """
    if not 0 < learning_rate < float("inf") or not 0 <= momentum < 1 or not tolerance > 0:
        raise DownslopeError(
            "a forecast needs a learning rate and a tolerance above 0 and a momentum from 0 to below 1, not "
            f"{learning_rate!r}, {tolerance!r} and {momentum!r}"
        )
    form = quadratic(network, x, y, row_weights)
    begin = form.unknowns(starting_values(network, start, seed, np.dtype(np.float64)))
    end = form.nearest_minimum(begin)
    _, sizes, directions = np.linalg.svd(form.design)
    sizes = np.concatenate([sizes, np.zeros(form.design.shape[1] - len(sizes))])
    sizes = np.where(sizes > form.cutoff * sizes.max(), sizes, 0.0)[::-1]
    eigenvalues = 2 / form.targets.shape[1] * sizes**2
    moving = eigenvalues[eigenvalues > 0]
    if not len(moving):
        raise DownslopeError("every input is 0 in every row: nothing moves the output; give other columns")
    low, high = float(moving[0]), float(moving[-1])
    slow, fast = low**0.5, high**0.5
    return Forecast(
        eigenvalues=eigenvalues,
        directions=directions[::-1],
        condition=high / low,
        learning_rate=learning_rate,
        momentum=momentum,
        stable_below=2 * (1 + momentum) / high,
        best_rate=2 / (low + high),
        momentum_rate=4 / (slow + fast) ** 2,
        best_momentum=((fast - slow) / (fast + slow)) ** 2,
        tolerance=tolerance,
        answer=form.parameters(end),
        _form=form,
        _start=begin,
        _end=end,
    )
