"""Epochs of a multi-layer perceptron on the engine of the day, and the learning rates of its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines import descent_engine
from downslope.estimators.mlp._rows import Rows
from downslope.training import Program, Schedule

__all__ = ["Epochs", "LearningRates"]

_SMALLEST_RATE = 1e-6
_SLOWER = 5.0
_STEPS_AT_ONCE = 256
_AHEAD = 256


@dataclass
class LearningRates:
    """The learning rates of the steps, and what an optimizer remembers between two calls of ``partial_fit``.

    Attributes:
        initial: η to begin with.
        policy: ``"constant"``, ``"invscaling"``, ``"adaptive"``, or a schedule of ``total`` steps.
        power: of ``"invscaling"``, η/(rows seen + 1)^power.
        betas: β₁ and β₂ where Adam's correction belongs into the rate.
        learning_rate: that of the last step, or of the next epoch where epochs decide.
        steps: those taken so far.
        states: the optimizer's arrays by name.
    """

    initial: float
    policy: str | Schedule = "constant"
    total: int = 0
    power: float = 0.5
    betas: tuple[float, float] | None = None
    learning_rate: float = 0.0
    steps: int = 0
    states: dict[str, NDArray[Any]] = field(default_factory=dict, repr=False)
    _known_from: int = field(default=0, repr=False)
    _known: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0), repr=False)

    def __post_init__(self) -> None:
        self.learning_rate = float(self.initial)

    def rates(self, count: int) -> NDArray[np.float64]:
        """η of the next steps, which count as taken.

        >>> LearningRates(0.001, betas=(0.9, 0.999)).rates(2).round(6)
        array([0.000316, 0.000235])
        """
        first = self.steps
        self.steps += count
        if self.betas is None and isinstance(self.policy, str):
            return np.full(count, self.learning_rate)
        if self.steps > self._known_from + len(self._known):  # many at a time: epochs can be short
            self._known_from, self._known = first, self._rates_from(first, max(count, _AHEAD))
        rates = self._known[first - self._known_from : self.steps - self._known_from]
        self.learning_rate = float(rates[-1])
        return rates

    def _rates_from(self, step: int, count: int) -> NDArray[np.float64]:
        """η of so many steps after a step, where epochs have no say in it."""
        steps = np.arange(step + 1, step + count + 1)
        rates = np.full(count, float(self.initial))
        if not isinstance(self.policy, str):
            last = self.total
            rates = np.array([self.policy.rate(min(int(s), last), last) for s in steps], float)
        if self.betas is not None:
            first, second = self.betas
            rates *= np.sqrt(1 - second**steps) / (1 - first**steps)
        return rates

    def epoch_ended(self, rows_seen: int) -> None:
        """Note that an epoch is over, and how many rows all epochs together have used."""
        if self.policy == "invscaling":
            self.learning_rate = float(self.initial) / (rows_seen + 1) ** self.power

    def ends(self) -> str | None:
        """What follows from epochs without progress, in words; None where training goes on more slowly."""
        if self.policy != "adaptive":
            return " Stopping."
        if self.learning_rate <= _SMALLEST_RATE:
            return " Learning rate too small. Stopping."
        self.learning_rate /= _SLOWER
        return None


class Epochs:
    """Parameters and states that go from epoch to epoch.

    After a step whose loss is not a finite number all of them count as NaN, as do all further losses.
    """

    def __init__(
        self,
        program: Program,
        rows: Rows,
        batch: int,
        values: Mapping[str, NDArray[Any]],
        *,
        bfloat16: bool,
        threads: int | None,
    ) -> None:
        self.rows, self.batch = rows, batch
        self.steps = -(-len(rows) // batch)
        self.states = tuple(program.states)
        self._sizes = np.full(self.steps, float(batch))
        self._sizes[-1] = len(rows) - batch * (self.steps - 1)
        self._failed = False
        self._at_once = max(1, rows.rows_at_once // batch)
        data = rows.columns(slice(None) if rows.is_dense else slice(0, self._at_once * batch))
        error, updates = program.graph.error, program.assignments
        self._engine = descent_engine(error, updates, data, batch, bfloat16=bfloat16, threads=threads)
        self._engine.put(values)
        self._chunk = min(self._at_once, _STEPS_AT_ONCE)

    def run(
        self, order: NDArray[np.int64] | None, rates: NDArray[np.float64], first_step: int, seed: int
    ) -> float:
        """The mean loss over one epoch, in this order of the rows; each batch counts by its rows."""
        if self._failed:
            return float("nan")
        if self.rows.is_dense and self.steps <= self._chunk:
            losses = self._engine.run(order, self.steps, {"learning_rate": rates}, first_step, seed)
        else:
            losses = self._in_parts(order, rates, first_step, seed)
        if not np.isfinite(losses[-1]):
            self._failed = True
            return float("nan")
        return float(losses @ self._sizes) / len(self.rows)

    def _in_parts(
        self, order: NDArray[np.int64] | None, rates: NDArray[np.float64], first_step: int, seed: int
    ) -> NDArray[np.float64]:
        order = np.arange(len(self.rows)) if order is None else order
        found = []
        for step in range(0, self.steps, self._chunk):
            part: NDArray[np.int64] | None
            part = order[step * self.batch : (step + self._chunk) * self.batch]
            if not self.rows.is_dense:
                self._engine.put_data(self.rows.columns(part))
                part = None
            some = rates[step : step + self._chunk]
            scalars = {"learning_rate": some}
            found.append(self._engine.run(part, len(some), scalars, first_step + step, seed))
            if not np.isfinite(found[-1][-1]):
                break
        return np.concatenate(found)

    def values(self) -> dict[str, NDArray[Any]]:
        """Parameters and states as they are now."""
        found = self._engine.values()
        return {n: np.full_like(v, np.nan) for n, v in found.items()} if self._failed else found
