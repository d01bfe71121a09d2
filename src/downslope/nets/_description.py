"""A network as plain data and back."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from downslope.errors import DownslopeError
from downslope.nets._activations import ACTIVATIONS, CustomActivation
from downslope.nets._builder import LAYERS, Layer
from downslope.nets._ensemble import AnyNetwork, Ensemble
from downslope.nets._functions import from_json, to_json
from downslope.nets._losses import LOSSES, CustomLoss
from downslope.nets._network import Network

__all__ = ["network_from_json", "network_to_json"]

_SETTINGS = ("inputs", "l1", "l2")


def network_to_json(network: AnyNetwork) -> dict[str, Any]:
    """The settings of a network and its layers, without parameters; starting values are left out.

    Of an ensemble: each network that differs, and which of them every member is.

    >>> from downslope.nets import Dense
    >>> network_to_json(Network(inputs=2, layers=[Dense(1)]))["layers"]
    [{'layer': 'Dense', 'units': 1}]
    """
    if isinstance(network, Ensemble):
        kinds = list(dict.fromkeys(network.networks))
        return {
            "networks": [network_to_json(kind) for kind in kinds],
            "members": [kinds.index(member) for member in network.networks],
            "shares": list(network.shares),
            "temperature": network.temperature,
        }
    return {
        **{name: getattr(network, name) for name in _SETTINGS},
        "loss": to_json(network.loss),
        "layers": [_layer_to_json(layer) for layer in network.layers],
    }


def _layer_to_json(layer: Layer) -> dict[str, Any]:
    told: dict[str, Any] = {"layer": type(layer).__name__}
    for field in fields(layer):
        value = getattr(layer, field.name)
        if field.name == "initializer":
            continue
        if field.name == "bias":
            value = value is not False
        if field.name == "activation":
            value = to_json(value)
        if field.name == "layers":
            value = [_layer_to_json(inner) for inner in value]
        if field.default is MISSING or value != field.default:
            told[field.name] = _listed(value)
    return told


def _listed(value: Any) -> Any:
    return [_listed(v) for v in value] if isinstance(value, tuple) else value


def _tupled(value: Any) -> Any:
    return tuple(_tupled(v) for v in value) if isinstance(value, list) else value


def network_from_json(data: Any) -> AnyNetwork:
    """The network of ``network_to_json``.

    Raises:
        DownslopeError: if the data describes no network.
    """
    try:
        if "networks" in data:
            kinds = [_network_from_json(item) for item in data["networks"]]
            members = [kinds[_place(i, len(kinds))] for i in data["members"]]
            return Ensemble(members, tuple(data["shares"]), float(data["temperature"]))
        return _network_from_json(data)
    except (TypeError, KeyError, ValueError, AttributeError, RecursionError, OverflowError) as error:
        if isinstance(error, DownslopeError):
            raise
        raise DownslopeError(f"the description of the network is damaged: {error!r}") from None


def _network_from_json(data: Any) -> Network:
    settings = {name: data[name] for name in _SETTINGS}
    loss = from_json(data["loss"], LOSSES, CustomLoss)
    return Network(layers=[_layer_from_json(item) for item in data["layers"]], loss=loss, **settings)


def _place(place: Any, count: int) -> int:
    if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < count:
        raise ValueError(f"there is no network {place!r} of {count}")
    return place


def _layer_from_json(item: dict[str, Any]) -> Layer:
    settings: dict[str, Any] = {k: _tupled(v) for k, v in item.items() if k != "layer"}
    if "activation" in item:
        settings["activation"] = from_json(item["activation"], ACTIVATIONS, CustomActivation)
    if item["layer"] == "Residual":
        settings["layers"] = tuple(_layer_from_json(inner) for inner in item["layers"])
    return LAYERS[item["layer"]](**settings)
