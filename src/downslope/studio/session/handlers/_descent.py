"""Commands that descend: whole steps and their parts, other settings, a new start."""

from __future__ import annotations

from dataclasses import replace

from downslope.errors import DownslopeError
from downslope.studio import _schema as ask
from downslope.studio.session._descent import checked_descent, fitting_masks
from downslope.studio.session._engine import Engine
from downslope.studio.session._pace import checked_pace
from downslope.studio.session._playing import played, started, with_pace, with_phase
from downslope.studio.session._state import PHASES, SessionState, begun, moved, paused, resumed
from downslope.studio.session.handlers._table import open_sample

__all__ = [
    "change_settings",
    "draw_again",
    "pause",
    "play",
    "reset",
    "set_pace",
    "show_phase",
    "take_steps",
]

_AT_ONCE = 1e6  # rows and weights, times steps, that nobody has to wait for


def show_phase(state: SessionState, command: ask.Phase, engine: Engine) -> SessionState:
    """The next step up to one of its parts."""
    if command.part not in PHASES:
        raise DownslopeError(f"a step has the parts {', '.join(PHASES)}, not {command.part!r}")
    return with_phase(resumed(paused(state, engine), engine), command.part, engine)


def take_steps(state: SessionState, command: ask.Step, engine: Engine) -> SessionState:
    """So many steps or epochs: at once where they are quick, else by playing."""
    if command.unit not in ("step", "epoch"):
        raise DownslopeError(f"descent goes by a step or an epoch, not {command.unit!r}")
    if command.count < 1:
        raise DownslopeError(f"descent takes 1 {command.unit} or more, not {command.count:,}")
    state = resumed(paused(state, engine), engine)
    descent, step, count = state.descent, state.position.step, command.count
    if command.unit == "epoch":
        each = descent.batches.steps_in_epoch
        count = (step // each + count) * each - step
    state = replace(state, phase="", until=step + count, playing=True)
    if count * (len(descent.split.training["x"]) + descent.settings.weights) < _AT_ONCE:
        while state.playing:
            state = played(state, engine)
    return state


def play(state: SessionState, command: ask.Play, engine: Engine) -> SessionState:
    """Steps until something ends them."""
    state = resumed(state, engine)
    return started(replace(state, until=None, playing=True, phase="", dragged=None), soon=True)


def set_pace(state: SessionState, command: ask.SetPace, engine: Engine) -> SessionState:
    """Another pace, from now on."""
    return with_pace(state, checked_pace(command.pace))


def pause(state: SessionState, command: ask.Pause, engine: Engine) -> SessionState:
    """No further steps, taken or replayed."""
    return paused(state, engine)


def reset(state: SessionState, command: ask.Reset, engine: Engine) -> SessionState:
    """A new run from the values at the start of this one, or from values drawn from a seed."""
    if command.seed is None:
        first = state.run.saved_steps[0].values
        parameters = {name: first[name] for name in state.settings.shapes if name in first}
        descent = checked_descent(state.settings, state.rows, state.frozen)
        return begun(state, descent, parameters, engine)
    settings = state.settings.changed({"seed": command.seed})
    return begun(state, checked_descent(settings, state.rows, state.frozen), None, engine)


def draw_again(state: SessionState, command: ask.DrawAgain, engine: Engine) -> SessionState:
    """A new run from weights, or on points, that are drawn with the next seed."""
    if command.what == "weights":
        return reset(state, ask.Reset(state.settings.seed + 1), engine)
    recipe = state.rows.recipe
    if command.what != "points" or recipe is None:
        raise DownslopeError(
            f"only the weights, or the points of a sample, can be drawn, not {command.what!r}"
        )
    return open_sample(state, ask.OpenSample(state.rows.name, seed=recipe.seed + 1), engine)


def change_settings(state: SessionState, command: ask.ChangeSettings, engine: Engine) -> SessionState:
    """Other settings: the run goes on where its parameters and its rows stay, else a new one begins."""
    before, after = state.settings, state.settings.changed(command.settings)
    if after == before:
        return state
    state = resumed(state, engine)
    drawn = (before.validation, before.seed) == (after.validation, after.seed)  # rows and initial weights
    if before.shapes == after.shapes and drawn:
        descent = checked_descent(after, state.rows, state.frozen)
        values = engine.values(state.descent, state.position)
        return moved(state, descent, values, state.position.step)
    descent = checked_descent(after, state.rows, fitting_masks(state.frozen, after))
    return begun(state, descent, None, engine)
