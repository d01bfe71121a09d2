"""Commands about lessons: to begin one, to go through its steps, to leave it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from downslope.errors import DownslopeError
from downslope.studio import _schema as ask
from downslope.studio.lessons import Lesson, built_in
from downslope.studio.session._descent import checked_descent, fitting_masks
from downslope.studio.session._engine import Engine
from downslope.studio.session._lesson_opening import opening_of_lesson, pace_of, with_settings
from downslope.studio.session._pace import USUAL_PACE
from downslope.studio.session._playing import with_pace
from downslope.studio.session._state import Progress, SessionState, begun, moved, paused, resumed
from downslope.studio.table._rows import rows_of

__all__ = ["go_to_step", "leave_lesson", "open_lesson", "take_view", "with_lesson"]

_DRAWN = ("layers", "weights", "seed")
"""Settings that begin a new run, though they be as they were."""


def open_lesson(state: SessionState, command: ask.OpenLesson, engine: Engine) -> SessionState:
    """A lesson at its first step."""
    own = next((lesson for lesson in state.lessons if lesson.name == command.name), None)
    return with_lesson(state, own or built_in(command.name), engine)


def with_lesson(state: SessionState, lesson: Lesson, engine: Engine) -> SessionState:
    """The state with a lesson at its first step, on the table of the lesson."""
    former = state.lesson
    before = paused(state, engine) if former is None else former.before
    rows, settings, values = opening_of_lesson(lesson)
    state = replace(before, runs=(), best={}, encode=rows_of)
    state = begun(state, checked_descent(settings, rows, {}), values, engine)
    state = with_pace(state, pace_of(lesson, lesson.settings, USUAL_PACE))
    progress = Progress(lesson, before, rows)
    if former is not None:  # the page says only when it shows something else
        progress = replace(progress, selected=former.selected, panel=former.panel)
    return _at_step(replace(state, lesson=progress), 0, engine)


def go_to_step(state: SessionState, command: ask.LessonStep, engine: Engine) -> SessionState:
    """The next step of the lesson, the one before, or the same one from its start."""
    progress = _progress(state)
    moves = {"next": 1, "previous": -1, "again": 0}
    if command.to not in moves:
        raise DownslopeError(
            f"a lesson goes to the next step, the previous one, or again, not {command.to!r}"
        )
    at = progress.at + moves[command.to]
    if not 0 <= at < len(progress.lesson.steps):
        raise DownslopeError(f"this lesson has {len(progress.lesson.steps)} steps, and none {command.to}")
    if command.to == "again":
        here = {at}
        state = replace(
            state, lesson=replace(progress, begun=progress.begun - here, done=progress.done - here)
        )
    return _at_step(state, at, engine)


def take_view(state: SessionState, command: ask.LessonView, engine: Engine) -> SessionState:
    """What is selected and open in the page; without a lesson nobody asks for it."""
    if state.lesson is None:
        return state
    chosen, selected = command.selected or {}, None
    index = chosen.get("index")
    if chosen.get("what") == "weight" and isinstance(index, list):
        selected = str(chosen.get("name")), tuple(i for i in index if isinstance(i, int))
    return replace(state, lesson=replace(state.lesson, selected=selected, panel=command.panel))


def leave_lesson(
    state: SessionState, command: ask.LeaveLesson, engine: Engine
) -> tuple[SessionState, dict[str, Any]]:
    """What was open before the lesson; a table that was opened in it stays."""
    progress, before = _progress(state), _progress(state).before
    if state.rows.name == progress.table.name:
        return replace(before, made=state.made), _told(
            f"The lesson is closed. {before.rows.name} is open again."
        )
    runs = tuple(run for run in state.runs if run.rows is state.rows)
    state = replace(state, lesson=None, runs=(*before.runs, *runs))
    text = f"The lesson is closed. {state.rows.name} stays open; what was open before is under Runs."
    return state, _told(text)


def _told(text: str) -> dict[str, Any]:
    return {"message": "notice", "text": text}


def _progress(state: SessionState) -> Progress:
    if state.lesson is None:
        raise DownslopeError("no lesson is open; choose one first")
    return state.lesson


def _at_step(state: SessionState, at: int, engine: Engine) -> SessionState:
    """The state at a step of its lesson; one that begins for the first time brings its settings."""
    progress = _progress(state)
    if at not in progress.begun:
        state = _started(state, progress.lesson, at, engine)
    progress = replace(progress, at=at, begun=progress.begun | {at}, moves=0, steps=0)
    return replace(state, lesson=progress)


def _started(state: SessionState, lesson: Lesson, at: int, engine: Engine) -> SessionState:
    """The state with the settings of a step; given layers, weights or a seed begin a new run."""
    given = lesson.steps[at].start
    if not given:
        return state
    state = resumed(paused(state, engine), engine)
    state = with_pace(state, pace_of(lesson, given, state.pace))
    settings, values = with_settings(lesson, state.settings, given)
    descent = checked_descent(settings, state.rows, fitting_masks(state.frozen, settings))
    if any(setting.name in _DRAWN for setting in given):
        return begun(state, descent, values, engine)
    return moved(state, descent, engine.values(state.descent, state.position), state.position.step)
