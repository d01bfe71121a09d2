"""Pictures for frames: made when asked for, and no more often than training can bear."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from downslope.errors import DownslopeError
from downslope.insight import Position, position_of
from downslope.studio.session._session import Session
from downslope.studio.table._choices import STANDARD
from downslope.studio.views._viewer import Viewer, when_due
from downslope.studio.views.pictures._fitted import fitted
from downslope.studio.views.pictures._histograms import histograms
from downslope.studio.views.pictures._residuals import residuals
from downslope.studio.views.pictures._sampling import sample_of
from downslope.studio.views.pictures._surface import surface
from downslope.training import Arrays

__all__ = ["pictures_of"]

_ROWS = 4096  # that histograms look at

Options = Mapping[str, Any]


def pictures_of(session: Session, viewer: Viewer, asked: Options, parameters: Arrays) -> dict[str, Any]:
    """The pictures asked for that changed since they were sent; a message where one cannot be made."""
    made = {}
    for kind, options in asked.items():
        maker = _MAKERS.get(kind)
        if maker is None or not isinstance(options, Mapping):
            continue
        picture = when_due(session, viewer, kind, options, partial(maker, session, options, parameters))
        if picture is not None:
            made[kind] = picture
    return made


def _make_surface(session: Session, options: Options, parameters: Arrays) -> dict[str, Any]:
    state, network = session.state, session.state.settings.network
    first, second = (_position(session, options[name]) for name in ("first", "second"))
    seen = state.run.moments[: None if state.viewing is None else state.viewing + 1]
    moments = [m for m in seen if first.name in m.values and second.name in m.values]
    points = [[m.values[position.name][position.index] for position in (first, second)] for m in moments]
    path = np.array(points, float).reshape(-1, 2), np.array([m.error for m in moments], float)
    by_hand = np.array([m.origin == "hand" for m in moments], np.uint8)
    data = state.shown_descent.split.training
    return surface(network, parameters, data, first, second, path=path, by_hand=by_hand)


def _position(session: Session, given: Any) -> Position:
    name, index = str(given[0]), tuple(int(i) for i in given[1])
    return position_of(session.state.settings.network, (name, *(i + 1 for i in index)))


def _make_fitted(session: Session, options: Options, parameters: Arrays) -> dict[str, Any]:
    state = session.state
    features, data = state.rows.features, state.descent.split.data
    columns = [int(column) for column in options["columns"]]
    if not 1 <= len(set(columns)) <= 2 or not all(0 <= column < len(features) for column in columns):
        raise DownslopeError("choose one column or two different ones")
    picture = fitted(state.settings.network, parameters, data["x"], data["y"], columns, features=features)
    return {**picture, **_names(session)}


def _make_residuals(session: Session, options: Options, parameters: Arrays) -> dict[str, Any]:
    network, split = session.state.settings.network, session.state.shown_descent.split
    target = session.state.rows.target
    validating = options.get("rows") == "validation" and split.validation is not None
    data = split.validation if validating and split.validation is not None else split.training
    picture = residuals(network, parameters, data, scale=target.scale, centre=target.mean)
    return {**picture, **_names(session)}


def _make_histograms(session: Session, options: Options, parameters: Arrays) -> dict[str, Any]:
    data = session.state.shown_descent.split.training
    return histograms(session.state.settings.network, parameters, sample_of(data, _ROWS))


def _names(session: Session) -> dict[str, Any]:
    """What the target and its classes are called."""
    rows = session.state.rows
    scaled = rows.choices.scaling == STANDARD
    return {"target": rows.choices.targets[0], "names": list(rows.target.classes), "scaled": scaled}


_MAKERS: Mapping[str, Callable[[Session, Options, Arrays], dict[str, Any]]] = {
    "surface": _make_surface,
    "fitted": _make_fitted,
    "residuals": _make_residuals,
    "histograms": _make_histograms,
}
