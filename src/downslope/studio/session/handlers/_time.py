"""Commands about time: saved steps of runs, and the runs themselves."""

from __future__ import annotations

from dataclasses import replace

from downslope.errors import DownslopeError
from downslope.studio import _schema as ask
from downslope.studio.session._engine import Engine
from downslope.studio.session._playing import started
from downslope.studio.session._state import SessionState, opened, paused, run_of, with_run

__all__ = ["go_to_saved_step", "move_in_time", "name_run", "remove_run", "replay"]


_NAME, _NOTE = 60, 1000  # characters


def go_to_saved_step(state: SessionState, command: ask.GoTo, engine: Engine) -> SessionState:
    """A saved step of a run is shown, or the latest."""
    state = paused(state, engine)
    if command.run is not None and command.run != state.current:
        state = opened(state, run_of(state, command.run))
    last = len(state.run.saved_steps) - 1
    if command.saved_step is not None and not 0 <= command.saved_step <= last:
        raise DownslopeError(f"this run has the saved steps 0 to {last}, not {command.saved_step}")
    viewing = None if command.saved_step in (None, last) else command.saved_step
    return replace(state, viewing=viewing, phase="")


def move_in_time(state: SessionState, command: ask.MoveInTime, engine: Engine) -> SessionState:
    """The saved step so many later or earlier, at most at the ends."""
    state = paused(state, engine)
    last = len(state.run.saved_steps) - 1
    now = last if state.viewing is None else state.viewing
    return go_to_saved_step(state, ask.GoTo(min(last, max(0, now + command.count))), engine)


def replay(state: SessionState, command: ask.Replay, engine: Engine) -> SessionState:
    """The saved steps one after the other, from the one that is shown, or from the first."""
    state = paused(state, engine)
    if len(state.run.saved_steps) < 2:
        raise DownslopeError("there is nothing to replay yet; take steps or move a weight first")
    first = 0 if state.viewing is None else state.viewing
    return started(replace(state, viewing=first, replaying=True, phase="", dragged=None), soon=False)


def name_run(state: SessionState, command: ask.NameRun, engine: Engine) -> SessionState:
    """A run with another name or note, or kept for comparison or not."""
    run = run_of(state, command.run)
    if command.name is not None:
        run = replace(run, name=command.name.strip()[:_NAME] or run.name)
    if command.note is not None:
        run = replace(run, note=command.note.strip()[:_NOTE])
    if command.kept is not None:
        run = replace(run, kept=command.kept)
    return with_run(state, run)


def remove_run(state: SessionState, command: ask.RemoveRun, engine: Engine) -> SessionState:
    """One run less."""
    run = run_of(state, command.run)
    if run.number == state.current:
        raise DownslopeError("the run that is open cannot be removed; open another one first")
    return replace(state, runs=tuple(one for one in state.runs if one is not run))
