"""Pictures and matrices for frames: made when asked for, and no more often than training can bear."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines import Evaluator
from downslope.errors import DownslopeError
from downslope.insight import DenseStage, Position, dense_layers, position_of
from downslope.nets import Network
from downslope.studio.session._session import Session
from downslope.studio.table._rows import STANDARD
from downslope.studio.views._matrices import card, matrix
from downslope.studio.views._pictures import fitted, histograms, residuals, spread
from downslope.studio.views._pinned import pinned
from downslope.studio.views._surface import surface
from downslope.studio.views._watcher import Watcher
from downslope.training import Arrays

__all__ = ["matrices_of", "pictures_of"]

_SHARE = 0.2  # of the time that pictures may take while playing
_SECONDS = 0.1  # between two of them, while playing
_ROWS = 4096  # that a picture looks at
_CARD_NUMBERS = 1 << 27  # multiplications for the activations of cards

Asked = Mapping[str, Any]


def pictures_of(session: Session, watcher: Watcher, asked: Asked, parameters: Arrays) -> dict[str, Any]:
    """The pictures asked for that have changed since they were last sent; words where one cannot be made."""
    made = {}
    for kind, options in asked.items():
        maker = _MAKERS.get(kind)
        if maker is None or not isinstance(options, Mapping):
            continue
        told = _when_due(session, watcher, kind, options, partial(maker, session, options, parameters))
        if told is not None:
            made[kind] = told
    return made


def _when_due(
    session: Session, watcher: Watcher, kind: str, options: Asked, make: Callable[[], dict[str, Any]]
) -> dict[str, Any] | None:
    """What is made, unless it was sent already or it is too early for it."""
    stamp = (repr(options), session.version, session.state.viewing)
    before, when, cost = watcher.stamps.get(kind, (None, 0.0, 0.0))
    now = perf_counter()
    asked_anew = before is None or before[0] != stamp[0]
    if before == stamp or (
        session.state.playing and not asked_anew and now - when < max(_SECONDS, cost / _SHARE)
    ):
        return None
    try:
        told = make()
    except (DownslopeError, IndexError, KeyError, TypeError, ValueError) as error:
        told = {"refused": str(error) or type(error).__name__}
    watcher.stamps[kind] = (stamp, perf_counter(), perf_counter() - now)
    return told


def _surface(session: Session, options: Asked, parameters: Arrays) -> dict[str, Any]:
    first, second = (_place(session, options[name]) for name in ("first", "second"))
    moments = session.state.run.moments[
        : None if session.state.viewing is None else session.state.viewing + 1
    ]
    held = [m for m in moments if first.name in m.values and second.name in m.values]
    path = np.array([[m.values[p.name][p.index] for p in (first, second)] for m in held], float).reshape(
        -1, 2
    )
    errors = np.array([m.error for m in held], float)
    hands = np.array([m.origin == "hand" for m in held], np.uint8)
    network, data = session.state.settings.network, session.state.descent.split.training
    return surface(network, parameters, data, first, second, path=(path, errors), by_hand=hands)


def _place(session: Session, told: Any) -> Position:
    name, index = str(told[0]), tuple(int(i) for i in told[1])
    return position_of(session.state.settings.network, (name, *index))


def _fitted(session: Session, options: Asked, parameters: Arrays) -> dict[str, Any]:
    rows, data = session.state.rows, session.state.descent.split.data
    columns = [int(c) for c in options["columns"]]
    if not 1 <= len(set(columns)) <= 2 or not all(0 <= c < len(rows.features) for c in columns):
        raise DownslopeError("choose one column or two different ones")
    network = session.state.settings.network
    told = fitted(network, parameters, data["x"], data["y"], columns, features=rows.features)
    return {**told, **_named(session)}


def _residuals(session: Session, options: Asked, parameters: Arrays) -> dict[str, Any]:
    goal, data = session.state.rows.goal, session.state.descent.split.data
    if options.get("rows") == "held out" and session.state.descent.split.validation is not None:
        data = session.state.descent.split.validation
    elif len(session.state.descent.split.validation_rows):
        data = session.state.descent.split.training
    told = residuals(session.state.settings.network, parameters, data, scale=goal.scale, centre=goal.mean)
    return {**told, **_named(session)}


def _histograms(session: Session, options: Asked, parameters: Arrays) -> dict[str, Any]:
    return histograms(
        session.state.settings.network, parameters, spread(session.state.descent.split.training, _ROWS)
    )


def _named(session: Session) -> dict[str, Any]:
    """What the target and its classes are called."""
    rows = session.state.rows
    scaled = rows.choices.scaling == STANDARD
    return {"target": rows.choices.targets[0], "names": list(rows.goal.classes), "scaled": scaled}


_MAKERS: Mapping[str, Callable[[Session, Asked, Arrays], dict[str, Any]]] = {
    "surface": _surface,
    "fitted": _fitted,
    "residuals": _residuals,
    "histograms": _histograms,
}


def matrices_of(
    session: Session, watcher: Watcher, asked: Asked, parameters: Arrays
) -> dict[str, Any] | None:
    """The layers as cards with a picture of each matrix, and the unit that is pinned."""
    return _when_due(session, watcher, "matrices", asked, partial(_matrices, session, asked, parameters))


def _matrices(session: Session, asked: Asked, parameters: Arrays) -> dict[str, Any]:
    network, kind, by_norm = session.state.settings.network, str(asked.get("kind")), bool(asked.get("byNorm"))
    layers = dense_layers(network)
    shown, since = _shown(session, layers, kind, parameters)
    activations = _activations(session, network, parameters)
    cards = [
        card(
            layer.name,
            parameters[layer.weight.name],
            None if layer.bias is None else parameters[layer.bias.name],
            activations.get(layer.name),
            layer.activation,
        )
        for layer in layers
    ]
    pictures = {name: matrix(values, by_norm=by_norm) for name, values in shown.items()}
    told = {
        "cards": cards,
        "matrices": pictures,
        "kind": kind,
        "byNorm": by_norm,
        "since": since,
        "pinned": None,
    }
    if asked.get("pinned"):
        layer, unit = asked["pinned"]
        row = None if asked.get("row") is None else int(asked["row"])
        data = (
            spread(session.state.descent.split.data, 64) if row is None else session.state.descent.split.data
        )
        told["pinned"] = pinned(
            network, parameters, data, str(layer), int(unit), row, features=session.state.rows.features
        )
    return told


def _shown(
    session: Session, layers: tuple[DenseStage, ...], kind: str, parameters: Arrays
) -> tuple[dict[str, NDArray[Any]], int | None]:
    """The matrix of each layer of the kind asked for, and of updates since which step they are."""
    if kind == "gradient":
        slopes = session.gradients if session.state.viewing is None else {}
        return {layer.name: slopes[layer.weight.name] for layer in layers if slopes}, None
    if kind == "update":
        step = session.state.position.step if session.state.viewing is None else session.state.shown.step
        earlier = [m for m in session.state.run.moments if m.step < step]
        if not earlier:
            return {}, None
        values = earlier[-1].values
        names = [(layer.name, layer.weight.name) for layer in layers]
        return {n: parameters[w] - values[w] for n, w in names}, earlier[-1].step
    return {layer.name: parameters[layer.weight.name] for layer in layers}, None


def _activations(session: Session, network: Network, parameters: Arrays) -> dict[str, NDArray[Any]]:
    """a of each dense layer on some rows: fewer of them where the network is large."""
    most = max(16, min(1024, _CARD_NUMBERS // max(session.state.descent.settings.weights, 1)))
    x = spread(session.state.descent.split.data, most)["x"]
    found = _layer_values(network).rows({**parameters, "x": x})
    return {layer.name: a for layer, a in zip(dense_layers(network), found, strict=True)}


@lru_cache(maxsize=2)
def _layer_values(network: Network) -> Evaluator:
    return Evaluator([layer.a for layer in dense_layers(network)])
