"""What computes for a session: the steps of its descent, and how much time measuring takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.insight import NextStep
from downslope.nets import Network
from downslope.studio.session._descent import Descent, Split, as_value
from downslope.studio.session._measures import error_of, gradients_of
from downslope.training import Arrays, Loop, State

__all__ = ["DescentState", "Engine", "Measured"]

_CHEAP = 0.001  # seconds that measuring may take at every step that is saved
_SHARE = 0.1  # of the time that measuring all rows may take while playing


@dataclass(frozen=True, eq=False)
class DescentState:
    """Where a descent stands: so many steps on from known values. The steps between give the same bits again.

    Attributes:
        values: parameters and optimizer states at step ``since``, by name.
        since: updates done then.
        step: updates done.
    """

    values: Mapping[str, NDArray[Any]]
    since: int
    step: int

    @classmethod
    def at(cls, values: Mapping[str, NDArray[Any]], step: int) -> DescentState:
        """A step of which the values are known."""
        return cls(values, step, step)


@dataclass(frozen=True)
class Measured:
    """Errors of all rows: of those that are trained on, penalties included, and of those that validate."""

    error: float
    validation: float | None


@dataclass(frozen=True, eq=False)
class _Running:
    """A loop that has come to a position."""

    descent: Descent
    position: DescentState
    loop: Loop

    def leads_to(self, descent: Descent, position: DescentState) -> bool:
        """Whether the loop comes to another position if it goes on."""
        own = self.position
        return (
            self.descent is descent
            and own.values is position.values
            and own.since == position.since
            and own.step <= position.step
        )


class Engine:
    """The steps of a descent and the errors of its rows.

    All it holds is a cache of what follows from a descent and a position, so that a command that fails in
    the midst of a step leaves nothing behind: what was in use then is made again.

    Attributes:
        cost: seconds that measuring all rows took last.
    """

    def __init__(self) -> None:
        self.cost = 0.0
        self._measured_at = 0.0
        self._running: _Running | None = None
        self._read: tuple[DescentState, Mapping[str, NDArray[Any]]] | None = None
        self._gradients: tuple[Descent, Mapping[str, NDArray[Any]], int, Arrays] | None = None
        self._errors: tuple[Split, Network, Mapping[str, NDArray[Any]], Measured] | None = None

    def values(self, descent: Descent, position: DescentState) -> Mapping[str, NDArray[Any]]:
        """Parameters and optimizer states at a position, by name; nobody can write to them."""
        if position.step == position.since:
            return position.values
        if self._read is not None and self._read[0] is position:
            return self._read[1]
        running = self._brought(descent, position)
        values = as_value(running.loop.values())
        self._running, self._read = running, (position, values)
        return values

    def known(self, descent: Descent, position: DescentState) -> DescentState:
        """The same position with its values read."""
        if position.step == position.since:
            return position
        after = DescentState.at(self.values(descent, position), position.step)
        running = self._running
        if running is not None and running.descent is descent and running.position is position:
            self._running = _Running(descent, after, running.loop)
        return after

    def parameters(self, descent: Descent, position: DescentState) -> Arrays:
        """The parameters at a position, by name."""
        values = self.values(descent, position)
        return {name: values[name] for name in descent.program.graph.parameters}

    def gradients(self, descent: Descent, values: Mapping[str, NDArray[Any]], step: int) -> Arrays:
        """∂error/∂parameter on the rows of the step after ``step`` updates, with its dropout."""
        known = self._gradients
        if known is None or known[0] is not descent or known[1] is not values or known[2] != step:
            batch = descent.batches.block(step + 1, step + 1).rows()
            found = gradients_of(descent.network, values, batch, descent.settings.seed, step + 1)
            self._gradients = known = descent, values, step, found
        return known[3]

    def next_step(self, descent: Descent, values: Mapping[str, NDArray[Any]], step: int) -> NextStep:
        """The step after ``step`` updates, as it is about to be taken."""
        return NextStep(
            descent.network,
            descent.program,
            values,
            self.gradients(descent, values, step),
            descent.split.data,
            descent.batch_rows(step),
            descent.settings.learning_rate,
            step + 1,
            descent.settings.seed,
        )

    def advance(
        self, descent: Descent, position: DescentState, count: int, seconds: float = math.inf
    ) -> tuple[DescentState, NDArray[np.float64], str | None]:
        """The next ``count`` steps, or those there is time for, at least one.

        Returns:
            Where they lead; the error of each step before its update, (steps,); and what failed, if
            something is not finite: they lead to before that step then.
        """
        running = self._brought(descent, position)
        loop, until = running.loop, position.step + count
        advance = loop.advance(until, seconds)
        failure = advance.failure or (loop.check() if loop.step >= until else None)
        if failure is None:
            known = position
            if self._read is not None and self._read[0] is position:  # fewer steps to repeat, if need be
                known = DescentState.at(self._read[1], position.step)
            after, errors = DescentState(known.values, known.since, loop.step), advance.errors
        else:
            after = DescentState.at(as_value(loop.values()), loop.step)
            errors = advance.errors[: max(failure.step - position.step, 0)]
        self._running = _Running(descent, after, loop)
        return after, errors, None if failure is None else failure.message

    def _brought(self, descent: Descent, position: DescentState) -> _Running:
        """A loop at a position: the one that runs, if it leads there. It is not kept until it succeeds."""
        running, self._running = self._running, None
        if running is None or not running.leads_to(descent, position):
            settings, rate = descent.settings, descent.settings.learning_rate
            loop = Loop(
                descent.program,
                descent.batches,
                lambda first, count: np.full(count, rate),
                State(position.since, dict(position.values)),
                seed=settings.seed,
            )
            running = _Running(descent, DescentState.at(position.values, position.since), loop)
        running.loop.advance(position.step)
        return _Running(descent, position, running.loop)

    def measure(self, descent: Descent, values: Mapping[str, NDArray[Any]]) -> Measured:
        """The errors of a descent with some values."""
        started, split, network = perf_counter(), descent.split, descent.network
        known = self._errors
        if known is not None and known[0] is split and known[1] == network and known[2] is values:
            return known[3]
        parameters = {name: values[name] for name in descent.program.graph.parameters}
        error = error_of(network, parameters, split.training, penalties=True)
        others = split.validation
        found = Measured(error, None if others is None else error_of(network, parameters, others))
        self._errors, self._measured_at = (split, network, values, found), perf_counter()
        self.cost = self._measured_at - started
        return found

    def may_measure(self) -> bool:
        """Whether there is time to measure all rows while steps are taken."""
        due = perf_counter() - self._measured_at >= self.cost / _SHARE
        return due or self.cost < _CHEAP
