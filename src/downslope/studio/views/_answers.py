"""Commands that have an answer of their own: why, what exactly, and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from downslope.errors import DownslopeError
from downslope.insight import dense_layers
from downslope.studio import _schema as ask
from downslope.studio.session._session import Session
from downslope.studio.views._exports import exported
from downslope.studio.views._why import why

__all__ = ["answer"]


def answer(session: Session, command: ask.Command, payload: bytes) -> dict[str, Any] | None:
    """Do what a page asks for; its answer, if it has one.

    Raises:
        DownslopeError: if it cannot be done; the message is for the reader.
    """
    teller = _TELLERS.get(type(command))
    if teller is not None:
        return teller(session, command)
    return session.handle(command, payload)


def _probed(session: Session, command: ask.Probe) -> dict[str, Any]:
    """The exact value of one place of a weight matrix."""
    layer = next((d for d in dense_layers(session.settings.network) if d.name == command.layer), None)
    if layer is None:
        raise DownslopeError(f"there is no dense layer {command.layer!r} in this network")
    name, place = layer.weight.name, tuple(command.place)
    values = session.parameters[name]
    if command.kind == "gradient":
        values = session.descent.gradients()[name]
    elif command.kind == "update":
        earlier = [m for m in session.current.moments if m.step < session.descent.step]
        values = values - earlier[-1].values[name] if earlier else np.zeros_like(values)
    if len(place) != 2 or any(not 0 <= i < s for i, s in zip(place, values.shape, strict=True)):
        raise DownslopeError(f"there is no place {list(place)} in {name}")
    return {"message": "probed", "value": float(values[place]), "place": list(place)}


_TELLERS: Mapping[type[ask.Command], Callable[[Session, Any], dict[str, Any]]] = {
    ask.Explain: why,
    ask.Probe: _probed,
    ask.Export: exported,
}
