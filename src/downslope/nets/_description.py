"""A network as plain data and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import MISSING, fields
from typing import Any

from downslope.errors import DownslopeError
from downslope.graph import BATCH, input_
from downslope.nets._activations import ACTIVATIONS, CustomActivation
from downslope.nets._builder import LAYERS, Layer, NetworkBuilder
from downslope.nets._ensemble import AnyNetwork, Ensemble
from downslope.nets._functions import from_json, to_json
from downslope.nets._losses import LOSSES, CustomLoss
from downslope.nets._network import Network
from downslope.nets._stored import StoredLayer

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
        "layers": _layers_to_json(network.layers, network.inputs),
    }


def _layers_to_json(layers: Sequence[Layer], width: int) -> list[dict[str, Any]]:
    """Layers that follow each other; the first one has an input of shape (n, width)."""
    described, builder, h = [], NetworkBuilder(training=False), input_("x", (BATCH, width))
    for layer in layers:
        described.append(_layer_to_json(layer, int(h.shape[1])))
        h = builder.layer(layer, h)
    return described


def _layer_to_json(layer: Layer, width: int) -> dict[str, Any]:
    kind = type(layer).__name__
    if kind not in LAYERS:  # of a class that a reader of the file may not know
        stored = layer if isinstance(layer, StoredLayer) else StoredLayer.of(layer, width)
        return {"layer": stored.kind, "stored": json.loads(stored.record)}
    described: dict[str, Any] = {"layer": kind}
    for field in fields(layer):  # type: ignore[arg-type]  # all layers of this package are dataclasses
        value = getattr(layer, field.name)
        if field.name == "initializer":
            continue
        if field.name == "bias":
            value = value is not False
        if field.name == "activation":
            value = to_json(value)
        if field.name == "layers":
            value = _layers_to_json(value, width)
        if field.default is MISSING or value != field.default:
            described[field.name] = _listed(value)
    return described


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
            members = [kinds[_index(i, len(kinds))] for i in data["members"]]
            return Ensemble(members, tuple(data["shares"]), float(data["temperature"]))
        return _network_from_json(data)
    except (
        TypeError,
        KeyError,
        ValueError,
        AttributeError,
        IndexError,
        RecursionError,
        OverflowError,
    ) as error:
        if isinstance(error, DownslopeError):
            raise
        raise DownslopeError(f"the description of the network is damaged: {error!r}") from None


def _network_from_json(data: Any) -> Network:
    settings = {name: data[name] for name in _SETTINGS}
    loss = from_json(data["loss"], LOSSES, CustomLoss)
    return Network(layers=[_layer_from_json(item) for item in data["layers"]], loss=loss, **settings)


def _index(index: Any, count: int) -> int:
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < count:
        raise ValueError(f"there is no network {index!r} of {count}")
    return index


def _layer_from_json(item: dict[str, Any]) -> Layer:
    if "stored" in item:
        return StoredLayer(str(item["layer"]), json.dumps(item["stored"]))
    settings: dict[str, Any] = {k: _tupled(v) for k, v in item.items() if k != "layer"}
    if "activation" in item:
        settings["activation"] = from_json(item["activation"], ACTIVATIONS, CustomActivation)
    if item["layer"] == "Residual":
        settings["layers"] = tuple(_layer_from_json(inner) for inner in item["layers"])
    return LAYERS[item["layer"]](**settings)
