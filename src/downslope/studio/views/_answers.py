"""What a command leads to, and the answers of those that change nothing: derivations, exact values, files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from downslope.errors import DownslopeError
from downslope.insight import dense_layers
from downslope.studio import _schema as ask
from downslope.studio.session._session import Session
from downslope.studio.session.handlers import Outcome
from downslope.studio.views._doctor import examined
from downslope.studio.views._explanations import explained
from downslope.studio.views._exports import exported
from downslope.studio.views._models import Progress, report_of

__all__ = ["MAKERS", "READERS", "outcome_of"]


def outcome_of(session: Session, command: ask.Command) -> Outcome:
    """What a page's command leads to: the next state, and an answer, if it has one.

    Raises:
        DownslopeError: if it cannot be done; the message is for the reader.
    """
    make = MAKERS.get(type(command))
    if make is not None:
        return Outcome(session.state, later=make(session, command))
    read = READERS.get(type(command))
    if read is not None:
        return Outcome(session.state, read(session, command))
    return session.outcome(command)


def _exact_value(session: Session, command: ask.ReadValue) -> dict[str, Any]:
    """The exact value of one element of a weight matrix, its gradient or its last update."""
    layer = next((d for d in dense_layers(session.state.settings.network) if d.name == command.layer), None)
    if layer is None:
        raise DownslopeError(f"there is no dense layer {command.layer!r} in this network")
    name, index = layer.weight.name, tuple(command.index)
    values = session.parameters[name]
    if command.kind == "gradient":
        values = session.gradients.get(name, np.full_like(values, np.nan))
    elif command.kind == "update":
        earlier = [saved for saved in session.state.run.saved_steps if saved.step < session.step]
        values = values - earlier[-1].values[name] if earlier else np.zeros_like(values)
    if len(index) != 2 or any(not 0 <= i < n for i, n in zip(index, values.shape, strict=True)):
        raise DownslopeError(f"{name} has the shape {values.shape}, and no element {list(index)}")
    return {"message": "value", "value": float(values[index]), "index": list(index)}


READERS: Mapping[type[ask.Command], Callable[[Session, Any], dict[str, Any]]] = {
    ask.Explain: explained,
    ask.ReadValue: _exact_value,
}
"""By command that changes nothing, what answers it."""

MAKERS: Mapping[type[ask.Command], Callable[[Session, Any], Callable[[Progress], dict[str, Any]]]] = {
    ask.Examine: examined,
    ask.Export: exported,
    ask.Report: report_of,
}
"""By command that changes nothing and takes long, what makes what makes its answer."""
