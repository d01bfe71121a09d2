"""A file of a model, a network or a run that was dropped on the page: it takes the rows that are open."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.nets import checked_one, starting_values
from downslope.studio import _schema as ask
from downslope.studio.session._descent import checked_descent
from downslope.studio.session._engine import Engine
from downslope.studio.session._settings import settings_of
from downslope.studio.session._state import SessionState, begun
from downslope.studio.table._choices import Choices
from downslope.studio.table._rows import Rows, rows_of_model

if TYPE_CHECKING:  # the five rows need nothing of it
    from downslope.fitting import Model

__all__ = ["model_settings", "open_saved"]


def model_settings(rows: Rows) -> Mapping[str, Any]:
    """How a network of a model goes on learning."""
    return {
        "optimizer": "adam",
        "learning_rate": 0.001,
        "batch_size": min(64, len(rows.x)),
        "validation": 0.2 if len(rows.x) >= 50 else 0.0,
    }


def open_saved(
    state: SessionState, command: ask.Upload, engine: Engine
) -> tuple[SessionState, dict[str, Any]]:
    """The rows that are open, with what a file holds.

    A path that a file names is not followed: whoever made the file does not choose what is read here.
    """
    from downslope.fitting import Model, Models

    found, name = _loaded(command), command.name
    if isinstance(found, Models):
        known = [target for target in state.rows.choices.targets if target in found]
        found = found[known[0] if known else next(iter(found))]
    after = _on_model(state, found, engine) if isinstance(found, Model) else _on_network(state, found, engine)
    return after, {"message": "notice", "text": f"{name} is open, on the rows of {state.rows.name}."}


def _loaded(command: ask.Upload) -> Any:
    from downslope.fitting import load_as_model

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(command.content)
        try:
            return load_as_model(path)
        except DownslopeError as error:
            raise DownslopeError(str(error).replace(str(path), command.name)) from None


def _on_model(state: SessionState, model: Model, engine: Engine) -> SessionState:
    def encode(frame: pl.DataFrame, choices: Choices, name: str) -> Rows:
        return rows_of_model(frame, model, name)

    try:
        rows = rows_of_model(model.read(state.rows.frame, keep_rows=True).frame, model, state.rows.name)
    except DownslopeError as error:
        raise DownslopeError(f"{error}; open a table that the model fits, and then the model") from None
    network, parameters = model.member(-1)
    settings = settings_of(network, **model_settings(rows))
    state = replace(state, best={}, encode=encode)
    return begun(state, checked_descent(settings, rows, {}), parameters, engine)


def _on_network(state: SessionState, found: Any, engine: Engine) -> SessionState:
    network, rows = checked_one(getattr(found, "network", found)), state.rows
    count = rows.outputs
    outputs = int(network.graph().output.shape[1])
    if network.inputs != len(rows.features) or outputs != count:
        raise DownslopeError(
            f"the network takes {network.inputs} inputs and gives {outputs}, and the rows have "
            f"{len(rows.features)} and {count}; open a table that it fits, and then the network"
        )
    settings = settings_of(network)
    start = None if found is network else found
    values = None if start is None else starting_values(network, start, settings.seed, np.dtype(np.float64))
    return begun(replace(state, best={}), checked_descent(settings, rows, {}), values, engine)
