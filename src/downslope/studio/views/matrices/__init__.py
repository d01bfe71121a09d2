"""Networks of any size for frames: layers as cards, each matrix as a picture, and one unit in detail."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

from numpy.typing import NDArray

from downslope.engines import Evaluator
from downslope.insight import DenseStage, dense_layers
from downslope.nets import Network
from downslope.studio.session._session import Session
from downslope.studio.views._viewer import Viewer, when_due
from downslope.studio.views.matrices._cards import card
from downslope.studio.views.matrices._levels import matrix
from downslope.studio.views.matrices._pinned import pinned
from downslope.studio.views.pictures._sampling import sample_of
from downslope.training import Arrays

__all__ = ["matrices_of"]

_NUMBERS = 1 << 27  # multiplications for the activations of cards
_PINNED_ROWS = 64  # of which the means of a pinned unit are

Options = Mapping[str, Any]


def matrices_of(
    session: Session, viewer: Viewer, asked: Options, parameters: Arrays
) -> dict[str, Any] | None:
    """The layers as cards with a picture of each matrix, and the unit that is pinned."""
    return when_due(session, viewer, "matrices", asked, partial(_matrices, session, asked, parameters))


def _matrices(session: Session, asked: Options, parameters: Arrays) -> dict[str, Any]:
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
    return {
        "cards": cards,
        "matrices": {name: matrix(values, by_norm=by_norm) for name, values in shown.items()},
        "kind": kind,
        "byNorm": by_norm,
        "since": since,
        "pinned": _make_pinned(session, asked, parameters),
    }


def _make_pinned(session: Session, asked: Options, parameters: Arrays) -> dict[str, Any] | None:
    if not asked.get("pinned"):
        return None
    layer, unit = asked["pinned"]
    row = None if asked.get("row") is None else int(asked["row"])
    data, features = session.state.descent.split.data, session.state.rows.features
    data = sample_of(data, _PINNED_ROWS) if row is None else data
    network, slopes = session.state.settings.network, session.gradients if row is None else None
    return pinned(network, parameters, data, str(layer), int(unit), row, features=features, slopes=slopes)


def _shown(
    session: Session, layers: tuple[DenseStage, ...], kind: str, parameters: Arrays
) -> tuple[dict[str, NDArray[Any]], int | None]:
    """The matrix of each layer of the kind asked for, and of updates since which step they are."""
    if kind == "gradient":
        gradients = session.gradients
        return {layer.name: gradients[layer.weight.name] for layer in layers if gradients}, None
    if kind == "update":
        earlier = [saved for saved in session.state.run.saved_steps if saved.step < session.step]
        if not earlier:
            return {}, None
        values = earlier[-1].values
        names = [(layer.name, layer.weight.name) for layer in layers]
        return {name: parameters[w] - values[w] for name, w in names}, earlier[-1].step
    return {layer.name: parameters[layer.weight.name] for layer in layers}, None


def _activations(session: Session, network: Network, parameters: Arrays) -> dict[str, NDArray[Any]]:
    """a of each dense layer on some rows: fewer of them where the network is large."""
    most = max(16, min(1024, _NUMBERS // max(session.state.settings.weights, 1)))
    x = sample_of(session.state.descent.split.data, most)["x"]
    found = _layer_values(network).rows({**parameters, "x": x})
    return {layer.name: a for layer, a in zip(dense_layers(network), found, strict=True)}


@lru_cache(maxsize=2)
def _layer_values(network: Network) -> Evaluator:
    return Evaluator([layer.a for layer in dense_layers(network)])
