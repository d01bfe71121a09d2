"""Layers as plain data and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import MISSING, fields
from typing import Any

from downslope.graph import BATCH, input_
from downslope.nets.functions import ACTIVATIONS, CustomActivation, from_json, to_json
from downslope.nets.layers._builder import LAYERS, Layer, NetworkBuilder
from downslope.nets.layers._stored import StoredLayer

__all__ = ["layers_from_json", "layers_to_json"]


def layers_to_json(layers: Sequence[Layer], width: int) -> list[dict[str, Any]]:
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
        if field.name == "activation":
            value = to_json(value)
        if field.name == "layers":
            value = layers_to_json(value, width)
        if field.default is MISSING or value != field.default:
            described[field.name] = _listed(value)
    return described


def _listed(value: Any) -> Any:
    return [_listed(v) for v in value] if isinstance(value, tuple) else value


def _tupled(value: Any) -> Any:
    return tuple(_tupled(v) for v in value) if isinstance(value, list) else value


def layers_from_json(data: Sequence[dict[str, Any]]) -> list[Layer]:
    """The layers of ``layers_to_json``; what is none of them raises an error of any kind."""
    return [_layer_from_json(item) for item in data]


def _layer_from_json(item: dict[str, Any]) -> Layer:
    if "stored" in item:
        return StoredLayer(str(item["layer"]), json.dumps(item["stored"]))
    settings: dict[str, Any] = {k: _tupled(v) for k, v in item.items() if k != "layer"}
    if "activation" in item:
        settings["activation"] = from_json(item["activation"], ACTIVATIONS, CustomActivation)
    if item["layer"] == "Residual":
        settings["layers"] = tuple(layers_from_json(item["layers"]))
    return LAYERS[item["layer"]](**settings)
