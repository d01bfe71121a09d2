"""The session behind the page: a state, and what turns it into the next one."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from downslope.insight import NextStep
from downslope.studio._schema import Command
from downslope.studio.session._descent import start_values
from downslope.studio.session._engine import Engine, Measured
from downslope.studio.session._lesson_facts import observed
from downslope.studio.session._playing import next_due, played
from downslope.studio.session._samples import FIVE_ROWS, opening_of
from downslope.studio.session._settings import Settings
from downslope.studio.session._state import Encode, SessionState, first_state, shown_values
from downslope.studio.session.handlers import Outcome, outcome_of
from downslope.studio.table._rows import Rows, rows_of
from downslope.training import Arrays

__all__ = ["Session", "first_session"]


class Session:
    """What one page, or several, look at. Its state is immutable and swapped whole.

    Attributes:
        state: what there is now.
        engine: what computes; all it holds follows from states.
        version: counted up with every state.
    """

    def __init__(
        self,
        rows: Rows,
        settings: Settings,
        start: Mapping[str, NDArray[Any]] | None = None,
        *,
        encode: Encode = rows_of,
    ) -> None:
        self.engine = Engine()
        self._current = 0, first_state(rows, settings, start, encode, self.engine)

    @property
    def state(self) -> SessionState:
        """What there is now."""
        return self._current[1]

    @property
    def version(self) -> int:
        """Counted up with every state."""
        return self._current[0]

    def outcome(self, command: Command) -> Outcome:
        """What a command leads to. The session stays as it is until that is committed.

        Raises:
            DownslopeError: if it cannot be done; the message is for the reader.
        """
        outcome = outcome_of(self.state, command, self.engine)
        return outcome._replace(state=observed(self.state, outcome.state, self.engine))

    def commit(self, state: SessionState) -> None:
        """Go on with another state."""
        if state is not self.state:
            self._current = self.version + 1, state

    def handle(self, command: Command) -> dict[str, Any] | None:
        """Do what the page asks for; what it gets as an answer, if anything.

        Raises:
            DownslopeError: if it cannot be done; the message is for the reader, and all is as it was.
        """
        outcome = self.outcome(command)
        self.commit(outcome.state)
        return outcome.answer

    def work(self) -> None:
        """Take some of the steps that are asked for, if they are due."""
        self.commit(observed(self.state, played(self.state, self.engine), self.engine))

    @property
    def due(self) -> float | None:
        """When there is something to do by itself, by ``time.perf_counter``; None where nothing is."""
        return next_due(self.state)

    def apart(self) -> Session:
        """The session as it is now, with an engine of its own: for another thread, to look at."""
        position = self.engine.known(self.state.descent, self.state.position)
        other = copy(self)
        other.engine, other._current = Engine(), (self.version, replace(self.state, position=position))
        return other

    def stop(self) -> None:
        """Take no further steps, without another look at where they led."""
        self.commit(replace(self.state, playing=False, replaying=False, until=None))

    # what is shown

    @property
    def step(self) -> int:
        """Updates done."""
        return self.state.position.step if self.state.viewing is None else self.state.shown.step

    @property
    def parameters(self) -> Arrays:
        """The parameters by name."""
        values = self._values
        return {name: values[name] for name in self.state.settings.shapes}

    @property
    def measured(self) -> Measured:
        """The errors of all rows."""
        return self.engine.measure(self.state.shown_descent, self._values)

    @property
    def gradients(self) -> Arrays:
        """∂error/∂parameter on the rows of the next step, by name; none of a saved step of the past."""
        state = self.state
        return self.engine.gradients(state.descent, self._values, self.step) if state.viewing is None else {}

    @property
    def next_step(self) -> NextStep:
        """The step that follows what is shown: from the past, with the numbers that are frozen by now."""
        state = self.state
        descent, values = state.shown_descent, self._values
        if state.viewing is not None:
            values = start_values(descent, values)
        return self.engine.next_step(descent, values, self.step)

    @property
    def _values(self) -> Mapping[str, NDArray[Any]]:
        return shown_values(self.state, self.engine)


def first_session() -> Session:
    """The five rows, the one neuron, and weights that are far off."""
    return Session(*opening_of(FIVE_ROWS))
