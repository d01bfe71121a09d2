"""Playing: steps that follow each other until something ends them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.studio.session._engine import DescentState, Engine
from downslope.studio.session._faults import Fault
from downslope.studio.session._history import SavedStep, next_mark
from downslope.studio.session._pace import IN_PARTS, due_by, moments_at
from downslope.studio.session._state import PHASES, SessionState, is_settled, kept, settled, with_run

__all__ = ["next_due", "played", "started", "with_pace", "with_phase"]

_CHUNK = 0.012  # seconds of steps between looks at what the page asks for


def played(state: SessionState, engine: Engine) -> SessionState:
    """The state after some of the steps that are asked for, or the same where there is none to take yet."""
    if state.replaying:
        return _replayed(state)
    if not state.playing:
        return settled(state, engine)
    if state.steady_pace is not None:
        return _at_pace(state, state.steady_pace, engine)
    started = perf_counter()
    after = _advanced(replace(state, phase=""), math.inf, engine)
    taken, seconds = after.position.step - state.position.step, perf_counter() - started
    return replace(after, speed=0.7 * state.speed + 0.3 * taken / max(seconds, 1e-9))


def next_due(state: SessionState) -> float | None:
    """When there is something to do by itself, by ``perf_counter``: 0 at once, None only where asked."""
    if state.replaying or (state.playing and state.steady_pace is not None):
        return state.due
    return None if not state.playing and is_settled(state) else 0.0


def with_pace(state: SessionState, pace: float | None) -> SessionState:
    """The state with another pace from now on."""
    return started(replace(state, pace=pace), soon=False)


def started(state: SessionState, *, soon: bool) -> SessionState:
    """The state whose next step is due now, or only when the pace says so."""
    now = perf_counter()
    return replace(state, due=now if soon else now + 1 / _rate(state))


def _rate(state: SessionState) -> float:
    """How often a second something is due: a saved step of a replay, a step, or a part of one."""
    if state.replaying:
        return moments_at(state.pace)
    pace = state.steady_pace
    if pace is None:
        return math.inf
    return pace * len(PHASES) if pace <= IN_PARTS else pace


def with_phase(state: SessionState, part: str, engine: Engine) -> SessionState:
    """The next step shown up to one of its parts; the last part takes it, and it is saved."""
    if part == "update":
        state = _advanced(state, 1, engine)
        if state.run.last.step < state.position.step:
            state = kept(state, "descent", engine)
    return replace(state, phase=part)


def _at_pace(state: SessionState, pace: float, engine: Engine) -> SessionState:
    """The steps that are due, all at once, or of slow ones one part."""
    count, due = due_by(perf_counter(), state.due, _rate(state))
    if not count:
        return state
    state = replace(state, due=due)
    if pace <= IN_PARTS:
        following = (PHASES.index(state.phase) + 1) % len(PHASES) if state.phase else 0
        return with_phase(state, PHASES[following], engine)
    return _advanced(replace(state, phase=""), count, engine)


def _replayed(state: SessionState) -> SessionState:
    """The saved step that is to be shown by now; after the latest nothing follows."""
    count, due = due_by(perf_counter(), state.due, _rate(state))
    if not count:
        return state
    index = (state.viewing or 0) + count
    if index < len(state.run.saved_steps) - 1:
        return replace(state, viewing=index, due=due)
    return replace(state, viewing=None, replaying=False)


def _room(state: SessionState) -> int:
    """Steps to the next one to save, or to the end."""
    step = state.position.step
    mark = max(next_mark(state.run.last.step), step + 1)
    ends = [end for end in (state.until, state.settings.stop_steps) if end is not None and end > step]
    return min([mark, *ends]) - step


def _advanced(state: SessionState, most: float, engine: Engine) -> SessionState:
    """At most so many steps, those there is time for: some are saved; and whatever ends a run."""
    end = perf_counter() + _CHUNK
    while most > 0 and perf_counter() < end:
        before, room = state.position, _room(state)
        count = int(min(most, room))
        position, errors, failure = engine.advance(state.descent, before, count, end - perf_counter())
        below = _first_below(state, errors)
        if below is not None:
            return _ended_below(state, errors, below, engine)
        state = _with_errors(replace(state, position=position), before, errors)
        most -= len(errors)
        if failure is not None:
            return _failed(state, failure, engine)
        if len(errors) == room:
            asked = position.step in (state.until, state.settings.stop_steps)
            last = state.run.last
            state = _ended_at_rest(_ended_as_asked(kept(state, "descent", engine, exact=asked)), last)
            if not state.playing:
                break
    return state


def _with_errors(state: SessionState, before: DescentState, errors: NDArray[np.float64]) -> SessionState:
    """The state with the errors of the steps from a position on."""
    if not len(errors):
        return state
    run = state.run
    run = replace(run, curve=run.curve.extended(before.step + 1, errors))
    return replace(with_run(state, run), last_error=float(errors[-1]))


def _first_below(state: SessionState, errors: NDArray[np.float64]) -> int | None:
    """The first of some errors that is below the limit, while playing."""
    limit = state.settings.stop_error
    if limit is None or not state.playing:
        return None
    below = np.flatnonzero(errors < limit)
    return int(below[0]) if len(below) else None


def _ended_below(
    state: SessionState, errors: NDArray[np.float64], first: int, engine: Engine
) -> SessionState:
    """The run ends with the values that gave the first error below the limit."""
    before = state.position
    after = replace(before, step=before.step + first)
    state = replace(state, position=after)
    state = _with_errors(state, before, errors[:first])
    state = replace(state, last_error=float(errors[first]))
    if after.step > state.run.last.step:
        state = kept(state, "descent", engine)
    limit = state.settings.stop_error
    return _ended(state, f"The error fell below {limit:g} after {after.step:,} steps.")


def _ended_as_asked(state: SessionState) -> SessionState:
    step, settings = state.position.step, state.settings
    if not state.playing:
        return state
    if state.until is not None and step >= state.until:
        return replace(state, playing=False, until=None)
    if settings.stop_steps is not None and step == settings.stop_steps:
        return _ended(state, f"{step:,} steps are done, the maximum that was set.")
    if settings.stop_patience is not None and _no_better_since(state) >= settings.stop_patience:
        return _ended(
            state,
            f"The validation error did not improve in the last {settings.stop_patience} measurements.",
        )
    return state


def _ended_at_rest(state: SessionState, before: SavedStep) -> SessionState:
    """The run ends where all is as it was an epoch or more before: what follows is the same again."""
    after, epoch = state.run.last, state.descent.batches.steps_in_epoch
    open_ended = state.until is None and state.settings.stop_steps is None
    far = after.step - before.step >= epoch
    if not (state.playing and open_ended and far and _alike(before.values, after.values)):
        return state
    steps = after.step - before.step
    return _ended(state, f"All numbers are as they were {steps:,} steps before. Nothing new follows.")


def _alike(values: Mapping[str, NDArray[Any]], others: Mapping[str, NDArray[Any]]) -> bool:
    return all(value is others[name] or np.array_equal(value, others[name]) for name, value in values.items())


def _no_better_since(state: SessionState) -> int:
    seen = [s.validation_error for s in state.run.saved_steps if s.validation_error is not None]
    return len(seen) - 1 - int(np.argmin(seen)) if seen else 0


def _ended(state: SessionState, text: str) -> SessionState:
    fault = Fault("finished", state.position.step, text)
    return replace(state, playing=False, until=None, stopped=fault)


def _failed(state: SessionState, failure: str, engine: Engine) -> SessionState:
    """The run ends before the step that failed: a step whose update is not finite may be found only later."""
    step = state.position.step
    state = with_run(replace(state, playing=False, until=None), state.run.back_to(step))
    state = kept(state, "descent", engine)
    return replace(state, stopped=Fault("not finite", step, failure))
