"""``forecast``: what gradient descent will do to a linear network, without running it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope._checks import NOT_NEGATIVE, POSITIVE, SHARE, number, whole
from downslope._dataclass import dataclass
from downslope._forks import cached_property
from downslope._keywords import suggests_keywords
from downslope._visible import escape
from downslope.drawing import panel, table
from downslope.errors import DownslopeError
from downslope.insight.linear._quadratic import Quadratic, quadratic
from downslope.insight.linear._recurrence import Recurrence, steps_to_arrive
from downslope.insight.linear._typed import below, factor, momentum_above, rates_below
from downslope.nets import Network, Point, starting_values
from downslope.training import LEARNING_RATE

__all__ = ["Forecast", "forecast"]

_SHOWN = 6
_LARGEST_MOMENTUM = float(np.nextafter(1, 0))


@dataclass(frozen=True)
class Forecast:
    """What descent will do, counted from the start that was given.

    Attributes:
        eigenvalues: λ of the Hessian, ascending, (unknowns,); those that are 0 within rounding are 0.
        directions: the eigenvectors of those above 0, one in each row, in the same order, (rank, unknowns).
        condition: largest over smallest eigenvalue above 0.
        learning_rate, momentum: what was asked about.
        stable_below: the learning rate from which on this descent diverges: 2(1 + μ)/λmax.
        best_rate: 2/(λmin + λmax), the best constant rate of plain descent for any start.
        momentum_rate, best_momentum: the best pair with momentum for any start (Polyak 1964).
        tolerance: the distance of the parameters from the solution that counts as arrived.
        solution: the parameters at which descent ends, by name.

    ``str`` rounds rates down and the momentum up, so that descent with the printed numbers converges, and
    counts steps with the printed numbers.
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
    solution: Mapping[str, NDArray[np.float64]]
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
        return self._left_by_step(self._asked)

    def _left_by_step(self, recurrence: Recurrence) -> float:
        return float(np.exp(recurrence.log_shrink(self._moving)))

    @property
    def _asked(self) -> Recurrence:
        return Recurrence(self.learning_rate, self.momentum)

    @property
    def _best(self) -> Recurrence:
        """The best without momentum, in few digits."""
        return Recurrence(rates_below(self.best_rate, 2 / float(self.eigenvalues[-1]))[0])

    @property
    def _best_pair(self) -> Recurrence | None:
        """The best with momentum, in few digits; None where momentum makes it no faster."""
        if not self.best_momentum:
            return None
        return Recurrence(below(self.momentum_rate), momentum_above(self.best_momentum))

    @property
    def _moving(self) -> NDArray[np.float64]:
        return self.eigenvalues[len(self.eigenvalues) - len(self.directions) :]

    @cached_property
    def _distances(self) -> NDArray[np.float64]:
        """How far the start is from the solution in each direction that moves, (rank, outputs)."""
        distances: NDArray[np.float64] = self.directions @ (self._start - self._end)
        return distances

    def _left(self, steps: int) -> NDArray[np.float64]:
        """How far the parameters are from the solution after some steps, (rank, outputs)."""
        return self._asked.shares(self._moving, steps)[:, None] * self._distances

    def parameters_after(self, steps: int) -> dict[str, NDArray[np.float64]]:
        """The parameters after some steps, by name.

        Raises:
            DownslopeError: if they are beyond the largest number, as descent diverges.
        """
        steps = whole("steps", steps, NOT_NEGATIVE)
        with np.errstate(over="ignore", invalid="ignore"):
            after = self._end + self.directions.T @ self._left(steps)
        if not np.all(np.isfinite(after)):
            raise DownslopeError(f"after {steps} steps the parameters are beyond the largest number")
        return self._form.parameters(after)

    def error_after(self, steps: int) -> float:
        """The error after some steps; what ``Run.losses`` holds at that index."""
        steps = whole("steps", steps, NOT_NEGATIVE)
        with np.errstate(over="ignore"):
            excess = float(np.sum(self._moving[:, None] / 2 * self._left(steps) ** 2))
        return self._form.error(self._end) + excess

    @cached_property
    def steps(self) -> int | None:
        """Steps until the distance stays within the tolerance; None if never, or not in 10¹⁸ steps.

        With momentum and more than a million steps it is an upper bound.
        """
        return self._steps(self._asked)

    @cached_property
    def steps_at_best_rate(self) -> int | None:
        """The same with plain descent at the best rate."""
        return self._steps(Recurrence(self.best_rate))

    @cached_property
    def steps_with_momentum(self) -> int | None:
        """The same with the best momentum and its rate."""
        return self._steps(Recurrence(self.momentum_rate, self.best_momentum))

    def _steps(self, recurrence: Recurrence) -> int | None:
        far = np.linalg.norm(self._distances, axis=1)
        return steps_to_arrive(recurrence, self._moving, far, self.tolerance)

    def __repr__(self) -> str:
        """In one line."""
        return (
            f"Forecast(condition {self.condition:.4g}, stable below {below(self.stable_below):g}, "
            f"{self._counted(self._asked)} at {self._pair(self.learning_rate, self.momentum)})"
        )

    def __str__(self) -> str:
        """The forecast in a few lines."""
        return "\n".join([*self._spectrum_lines(), *self._asked_lines(), *self._best_lines()])

    def _repr_html_(self) -> str:
        """What a notebook shows: which rates are stable, and how fast descent is at which rate."""
        pairs = {"asked": self._asked, "best without momentum": self._best}
        if self._best_pair is not None:
            pairs["best with momentum"] = self._best_pair
        columns = ["", "learning rate", "momentum", "share left by a step", f"to within {self.tolerance:g}"]
        rows = [
            [name, repr(p.rate), repr(p.momentum), factor(self._left_by_step(p)), self._counted(p)]
            for name, p in pairs.items()
        ]
        words = [*self._spectrum_lines(), self._asked_lines()[0]]
        return panel(
            "Forecast",
            f"of descent at {self._pair(self.learning_rate, self.momentum)}: {self._counted(self._asked)}",
            *(f"<div>{escape(line)}</div>" for line in words),
            table(columns, rows, numbers=columns[1:]),
        )

    def _spectrum_lines(self) -> list[str]:
        moving = self._moving
        spectrum = ", ".join(f"{v:.4g}" for v in moving[:_SHOWN]) + (", …" if len(moving) > _SHOWN else "")
        lines = [f"The Hessian's eigenvalues: {spectrum}; condition number {self.condition:.4g}."]
        if idle := len(self.eigenvalues) - len(moving):
            lines.append(
                f"{idle} of {len(self.eigenvalues)} directions do not change the error and never move."
            )
        return lines

    def _asked_lines(self) -> list[str]:
        bound = rates_below(self.best_rate, self.stable_below)[1]
        used = f"With momentum {self.momentum!r}, d" if self.momentum else "D"
        asked = f"At {self._pair(self.learning_rate, self.momentum)}"
        lines = [f"{used}escent converges for any learning rate below {bound!r}."]
        if not self.stable:
            growth = f"{self.slowest:.4g}"
            return [*lines, f"{asked} it diverges: the fastest direction grows by {growth} in each step."]
        return [
            *lines,
            f"{asked} a step leaves {factor(self.slowest)} of the distance in the slowest direction:",
            f"  {self._counted(self._asked)} from this start to within {self.tolerance:g} of the solution.",
        ]

    def _best_lines(self) -> list[str]:
        best, pair = self._best, self._best_pair
        plain = f"At {best.rate!r}, the best rate without momentum: {self._counted(best)}."
        if pair is None:
            return [plain, "Momentum makes it no faster."]
        return [plain, f"At {self._pair(pair.rate, pair.momentum)}, the best pair: {self._counted(pair)}."]

    @staticmethod
    def _pair(rate: float, momentum: float) -> str:
        return f"{rate!r}" + (f" with momentum {momentum!r}" if momentum else "")

    def _counted(self, recurrence: Recurrence) -> str:
        steps = self._steps(recurrence)
        if steps is None:
            return "more than 10¹⁸ steps" if recurrence.log_shrink(self._moving) <= 0 else "diverges"
        return "1 step" if steps == 1 else f"{steps:,} steps"


@suggests_keywords
def forecast(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    *,
    start: Point | None = None,
    learning_rate: float = LEARNING_RATE,
    momentum: float = 0.0,
    tolerance: float = 1e-3,
    row_weights: ArrayLike | None = None,
    seed: int = 0,
) -> Forecast:
    """Predict full-batch descent of a linear network with squared error.

    Args:
        network: a single Dense layer without activation, with squared error.
        x: inputs, (rows, network.inputs).
        y: targets, (rows, outputs) or (rows,).
        start: parameters to start from, as ``descend`` takes them.
        learning_rate: η, above 0.
        momentum: μ of SGD, at least 0 and below 1.
        tolerance: distance of all parameters together (Euclidean) from the solution that counts as arrived.
        row_weights: how much each row counts, (rows,).
        seed: of the starting values, where no start is given.

    Raises:
        DownslopeError: if the network is not linear, or what is given does not fit.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=1, layers=[Dense(1, bias=False)])
    >>> ahead = forecast(net, [[1.0], [2.0]], [2.0, 4.0], start=[0.0], learning_rate=0.1)
    >>> ahead.eigenvalues.round(9), round(ahead.stable_below, 9), ahead.steps, round(ahead.error_after(2), 9)
    (array([5.]), 0.4, 11, 0.625)
    """
    learning_rate = number("learning_rate", learning_rate, POSITIVE)
    momentum = number("momentum", momentum, SHARE)
    tolerance = number("tolerance", tolerance, POSITIVE)
    form = quadratic(network, x, y, row_weights)
    begin = form.unknowns(starting_values(network, start, seed, np.dtype(np.float64)))
    end = form.nearest_minimum(begin)
    found = form.decomposition
    if not found.rank:
        raise DownslopeError("every input is 0 in every row: nothing moves the output; give other columns")
    eigenvalues = np.zeros(form.design.shape[1])
    with np.errstate(over="ignore"):
        eigenvalues[: found.rank] = 2 / form.targets.shape[1] * found.sizes**2
        known = np.isfinite(form.error(begin)) and np.isfinite(eigenvalues[0]) and eigenvalues[found.rank - 1]
    if not known:
        raise DownslopeError(
            "x or y holds numbers whose squares are beyond the largest or the smallest number; "
            "multiply the columns by a constant"
        )
    eigenvalues = eigenvalues[::-1]
    low, high = float(eigenvalues[-found.rank]), float(eigenvalues[-1])
    slow, fast = low**0.5, high**0.5
    return Forecast(
        eigenvalues=eigenvalues,
        directions=found.directions[::-1],
        condition=high / low,
        learning_rate=learning_rate,
        momentum=momentum,
        stable_below=2 * (1 + momentum) / high,
        best_rate=2 / (low + high),
        momentum_rate=4 / (slow + fast) ** 2,
        best_momentum=min(((fast - slow) / (fast + slow)) ** 2, _LARGEST_MOMENTUM),
        tolerance=tolerance,
        solution=form.parameters(end),
        _form=form,
        _start=begin,
        _end=end,
    )
