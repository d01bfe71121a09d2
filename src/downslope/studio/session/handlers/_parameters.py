"""Commands that change parameters: by hand, to the exact answer, to the best so far."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from downslope.errors import DownslopeError
from downslope.insight import solve
from downslope.studio import _schema as ask
from downslope.studio.session._address import addressed
from downslope.studio.session._descent import checked_descent, fitting_masks
from downslope.studio.session._engine import Engine
from downslope.studio.session._state import SessionState, begun, kept, moved, paused, resumed
from downslope.studio.table._rows import rows_of

__all__ = ["add_to_parameter", "freeze", "go_to_best", "restore", "set_parameter", "solved"]


_DIGITS = 12  # beyond which the sum of a number and a step is rounding


def set_parameter(state: SessionState, command: ask.SetParameter, engine: Engine) -> SessionState:
    """One number set by hand; while it is dragged, all its values are one saved step."""
    state = resumed(paused(state, engine), engine)
    name, index = command.name, tuple(command.index)
    _check_index(state, name, index)
    values = engine.values(state.descent, state.position)
    largest = float(np.finfo(values[name].dtype).max)
    if not abs(command.value) <= largest:
        raise DownslopeError(f"a weight must be a number of at most {largest:.3g} here, not {command.value}")
    changed = values[name].copy()
    changed[index] = command.value
    in_place = state.dragged == (name, index) and state.run.last.origin == "hand"
    state = moved(state, state.descent, {**values, name: changed}, state.position.step)
    state = kept(replace(state, phase=""), "hand", engine, in_place=in_place)
    return replace(state, dragged=(name, index) if command.dragging else None)


def add_to_parameter(state: SessionState, command: ask.AddToParameter, engine: Engine) -> SessionState:
    """One number more or less by so much than it is now, in the digits that a key moves."""
    name, index = command.name, tuple(command.index)
    state = resumed(paused(state, engine), engine)
    _check_index(state, name, index)
    now = float(engine.values(state.descent, state.position)[name][index])
    value = float(f"{now + command.by:.{_DIGITS}g}")
    return set_parameter(state, ask.SetParameter(name, command.index, value), engine)


def freeze(state: SessionState, command: ask.Freeze, engine: Engine) -> SessionState:
    """Numbers of a parameter frozen, or let go again."""
    state = resumed(state, engine)
    shape = state.descent.settings.shapes.get(command.name)
    if shape is None:
        raise DownslopeError(f"there is no parameter {command.name!r} in this network")
    if command.index is not None:
        _check_index(state, command.name, tuple(command.index))
    mask = state.frozen.get(command.name, np.zeros(shape, bool)).copy()
    mask[() if command.index is None else tuple(command.index)] = command.frozen
    frozen = {**state.frozen, command.name: mask}
    descent = checked_descent(state.descent.settings, state.rows, frozen)
    return moved(state, descent, engine.values(state.descent, state.position), state.position.step)


def solved(state: SessionState, command: ask.Solve, engine: Engine) -> tuple[SessionState, dict[str, Any]]:
    """The exact answer, and what is to be said of it."""
    training = state.shown_descent.split.training
    found = solve(state.settings.network, training["x"], training["y"])
    state = resumed(paused(state, engine), engine)
    values = {**engine.values(state.descent, state.position), **found.parameters}
    state = kept(moved(state, state.descent, values, state.position.step), "solve", engine)
    return state, {"message": "notice", "text": found.message}


def go_to_best(state: SessionState, command: ask.GoToBest, engine: Engine) -> SessionState:
    """The best values so far, by hand or by descent."""
    if command.by not in state.best:
        raise DownslopeError("there are no best values yet; take steps or move a weight first")
    saved = state.best[command.by]
    state = resumed(paused(state, engine), engine)
    state = moved(state, state.descent, saved.values, state.position.step)
    return kept(state, saved.origin, engine)


def restore(state: SessionState, command: ask.Restore, engine: Engine) -> SessionState:
    """Settings and parameters from an address, on the table they are of."""
    rows, settings = addressed(state, command.table)
    settings = settings.changed(command.settings)
    values = {}
    for name, given in (command.weights or {}).items():
        try:
            values[name] = np.asarray(given, float)
        except (TypeError, ValueError):
            raise DownslopeError(f"the weights of {name} in the address are not numbers") from None
        if not np.all(np.isfinite(values[name])):
            raise DownslopeError(f"the weights of {name} in the address are not finite")
    same = rows is state.rows
    descent = checked_descent(settings, rows, fitting_masks(state.frozen, settings) if same else {})
    state = state if same else replace(state, best={}, encode=rows_of)
    return begun(state, descent, values, engine)


def _check_index(state: SessionState, name: str, index: tuple[int, ...]) -> None:
    shape = state.descent.settings.shapes.get(name, ())
    fits = len(index) == len(shape) > 0 and all(0 <= i < n for i, n in zip(index, shape, strict=True))
    if not fits:
        raise DownslopeError(f"there is no weight {name}{list(index)} in this network")
