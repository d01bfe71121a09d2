"""A network as plain data and back."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from downslope.errors import DownslopeError
from downslope.nets._layers import Dense, Dropout, Embedding, Layer, LayerNorm, Residual
from downslope.nets._network import Network

__all__ = ["network_from_json", "network_to_json"]

_LAYERS: dict[str, type[Layer]] = {
    cls.__name__: cls for cls in (Dense, Dropout, Embedding, LayerNorm, Residual)
}
_SETTINGS = ("inputs", "loss", "delta", "l1", "l2")


def network_to_json(network: Network) -> dict[str, Any]:
    """The settings of a network and its layers, without parameters; starting values are left out.

    >>> network_to_json(Network(inputs=2, layers=[Dense(1)]))["layers"]
    [{'layer': 'Dense', 'units': 1}]
    """
    return {
        **{name: getattr(network, name) for name in _SETTINGS},
        **({"level": network.level} if network.loss == "quantile" else {}),
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
        if field.name == "layers":
            value = [_layer_to_json(inner) for inner in value]
        if field.default is MISSING or value != field.default:
            told[field.name] = list(value) if isinstance(value, tuple) else value
    return told


def network_from_json(data: Any) -> Network:
    """The network of ``network_to_json``.

    Raises:
        DownslopeError: if the data describes no network.
    """
    try:
        settings = {name: data[name] for name in (*_SETTINGS, *(["level"] if "level" in data else []))}
        return Network(layers=[_layer_from_json(item) for item in data["layers"]], **settings)
    except (TypeError, KeyError, ValueError, AttributeError, RecursionError, OverflowError) as error:
        if isinstance(error, DownslopeError):
            raise
        raise DownslopeError(f"the description of the network is damaged: {error!r}") from None


def _layer_from_json(item: dict[str, Any]) -> Layer:
    settings: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in item.items() if k != "layer"
    }
    if item["layer"] == "Residual":
        settings["layers"] = tuple(_layer_from_json(inner) for inner in item["layers"])
    return _LAYERS[item["layer"]](**settings)
