"""Commands that have an answer of their own: why, what exactly, and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from downslope.errors import DownslopeError
from downslope.insight import dense_layers
from downslope.studio import _schema as ask
from downslope.studio.session._session import Session
from downslope.studio.session.handlers import Outcome
from downslope.studio.views._exports import exported
from downslope.studio.views._why import why

__all__ = ["READERS", "answered"]


def answered(session: Session, command: ask.Command) -> Outcome:
    """What a page's command leads to: the next state, and an answer, if it has one.

    Raises:
        DownslopeError: if it cannot be done; the message is for the reader.
    """
    reader = READERS.get(type(command))
    if reader is not None:
        return Outcome(session.state, reader(session, command))
    return session.outcome(command)


def _probed(session: Session, command: ask.Probe) -> dict[str, Any]:
    """The exact value of one place of a weight matrix."""
    layer = next((d for d in dense_layers(session.state.settings.network) if d.name == command.layer), None)
    if layer is None:
        raise DownslopeError(f"there is no dense layer {command.layer!r} in this network")
    name, place = layer.weight.name, tuple(command.place)
    values = session.parameters[name]
    if command.kind == "gradient":
        values = session.gradients[name]
    elif command.kind == "update":
        earlier = [m for m in session.state.run.moments if m.step < session.state.position.step]
        values = values - earlier[-1].values[name] if earlier else np.zeros_like(values)
    if len(place) != 2 or any(not 0 <= i < s for i, s in zip(place, values.shape, strict=True)):
        raise DownslopeError(f"there is no place {list(place)} in {name}")
    return {"message": "probed", "value": float(values[place]), "place": list(place)}


READERS: Mapping[type[ask.Command], Callable[[Session, Any], dict[str, Any]]] = {
    ask.Explain: why,
    ask.Probe: _probed,
    ask.Export: exported,
}
"""By command that changes nothing, what answers it."""
