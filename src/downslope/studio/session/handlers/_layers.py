"""Commands that change one layer: relative to the network as it is now, not as a page last saw it."""

from __future__ import annotations

from typing import Any

from downslope.errors import DownslopeError
from downslope.studio import _schema as ask
from downslope.studio.session._engine import Engine
from downslope.studio.session._state import SessionState
from downslope.studio.session.handlers._descent import change_settings

__all__ = ["add_layer", "add_units", "change_layer", "remove_layer"]

_NEW: dict[str, Any] = {"units": 8, "activation": "tanh", "bias": True}
_CHANGEABLE = frozenset(_NEW)


def add_layer(state: SessionState, command: ask.AddLayer, engine: Engine) -> SessionState:
    """A hidden layer more before the output, like the one before it."""
    *hidden, output = _layers_of(state)
    return _with_layers(state, [*hidden, hidden[-1] if hidden else _NEW, output], engine)


def remove_layer(state: SessionState, command: ask.RemoveLayer, engine: Engine) -> SessionState:
    """A hidden layer less."""
    layers = _layers_of(state)
    index = _hidden(layers, len(layers) - 2 if command.layer is None else command.layer)
    return _with_layers(state, [*layers[:index], *layers[index + 1 :]], engine)


def add_units(state: SessionState, command: ask.AddUnits, engine: Engine) -> SessionState:
    """So many units more in a hidden layer, or fewer."""
    layers = _layers_of(state)
    layer = layers[_hidden(layers, command.layer)]
    layer["units"] += command.count
    return _with_layers(state, layers, engine)


def change_layer(state: SessionState, command: ask.ChangeLayer, engine: Engine) -> SessionState:
    """Other units, another activation or bias: of one layer, or of all hidden ones."""
    layers = _layers_of(state)
    unknown = sorted(set(command.changes) - _CHANGEABLE)
    if unknown:
        raise DownslopeError(f"a layer has units, an activation and a bias, and no {unknown[0]!r}")
    if command.layer is not None and not 0 <= command.layer < len(layers):
        raise DownslopeError(f"there is no layer {command.layer + 1}; the network has {len(layers)}")
    for layer in layers[:-1] if command.layer is None else [layers[command.layer]]:
        layer.update(command.changes)
    return _with_layers(state, layers, engine)


def _layers_of(state: SessionState) -> list[dict[str, Any]]:
    """The dense layers as settings have them, the output last."""
    if state.settings.fixed is not None:
        raise DownslopeError("this network has layers that are not dense; its layers cannot be changed here")
    layers: list[dict[str, Any]] = state.settings.to_json()["layers"]
    return layers


def _hidden(layers: list[dict[str, Any]], index: int) -> int:
    """The index of a hidden layer, checked."""
    if not 0 <= index < len(layers) - 1:
        raise DownslopeError(
            f"there is no hidden layer {index + 1}; the network has {len(layers) - 1 or 'none'}"
        )
    return index


def _with_layers(state: SessionState, layers: list[dict[str, Any]], engine: Engine) -> SessionState:
    return change_settings(state, ask.ChangeSettings({"layers": layers}), engine)
