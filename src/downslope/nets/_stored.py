"""A custom layer as plain data: the graph that it built, from which it is built again without its class."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from downslope._forks import cached_property
from downslope.errors import DownslopeError
from downslope.graph import (
    BATCH,
    Node,
    graph_from_json,
    graph_to_json,
    input_,
    parameter,
    substitute,
    topological,
)
from downslope.graph.notation import Symbol
from downslope.nets._builder import Layer, LayerBuilder, NetworkBuilder
from downslope.nets._stages import Stage

__all__ = ["StoredLayer"]

_RANDOM = ("seed", "draw")  # the inputs of random masks


@dataclass(frozen=True)
class StoredLayer:
    """A layer of a class that is not known, as it was stored.

    Attributes:
        kind: the name of the class.
        record: what it declared, as JSON.
    """

    kind: str
    record: str

    @classmethod
    def of(cls, layer: Layer, width: int) -> StoredLayer:
        """A layer on an input of shape (n, width) as it is stored."""
        h = input_("h", (BATCH, width))
        builders = [NetworkBuilder(training) for training in (False, True)]
        rest, training = (_described(builder, builder.layer(layer, h)) for builder in builders)
        data = {
            "width": width,
            "parameters": {name: _parameter(builders[0], name) for name in builders[0].parameters},
            "rest": rest,
            "training": None if training == rest else training,
        }
        return cls(type(layer).__name__, json.dumps(data))

    def __str__(self) -> str:
        return self.kind

    @cached_property
    def _data(self) -> Any:
        return json.loads(self.record)

    def build(self, builder: LayerBuilder, h: Node) -> Node:
        """The nodes of this layer on the input h of shape (n, width)."""
        data = self._data
        if h.shape[1] != data["width"]:
            raise DownslopeError(
                f"the layer {self.kind} was stored for {data['width']} values in each row, not {h.shape[1]}"
            )
        described = (builder.training and data["training"]) or data["rest"]
        return _rebuilt(builder.network, data["parameters"], described, h)


def _described(builder: NetworkBuilder, out: Node) -> dict[str, Any]:
    """What the only layer of a builder has declared, and what it gives."""
    nodes = list(dict.fromkeys([out, *(n for s in builder.stages for n in (s.node, *s.inputs))]))
    index = {node: i for i, node in enumerate(nodes)}
    stages = [
        {
            "layer": stage.layer,
            "kind": stage.kind,
            "inputs": [index[node] for node in stage.inputs],
            "node": index[stage.node],
            "parameters": {role: node.name for role, node in stage.parameters.items()},
            "letter": stage.symbol.letter,
            "function": stage.function,
        }
        for stage in builder.stages
    ]
    layers = dict(builder.layers)
    return {"graph": graph_to_json(nodes), "layers": layers, "streams": builder.streams, "stages": stages}


def _parameter(builder: NetworkBuilder, name: str) -> dict[str, Any]:
    node, symbol = builder.parameters[name], builder.symbols[name]
    layer, role = next((s.layer, r) for s in builder.stages for r, p in s.parameters.items() if p is node)
    return {
        "layer": layer,
        "role": role,
        "shape": list(node.shape),
        "initializer": builder.initializers[name],
        "penalised": node in builder.penalised,
        "letter": symbol.letter,
        "index": symbol.index,
    }


def _rebuilt(
    network: NetworkBuilder, parameters: Mapping[str, Any], described: Mapping[str, Any], h: Node
) -> Node:
    """The nodes of a stored layer among those of a network, under the names that come next there."""
    named = {name: network.numbered(counted) for name, counted in described["layers"].items()}
    leaves = {input_("h", h.shape): h}
    own: dict[str, Node] = {}
    for name, item in parameters.items():
        layer, number = named[item["layer"]]
        own[name] = network.declare(
            f"{layer}.{item['role']}",
            tuple(map(int, item["shape"])),
            item["initializer"],
            penalised=bool(item["penalised"]),
            symbol=Symbol(item["letter"], item["index"], number),
        )
        leaves[parameter(name, tuple(own[name].shape))] = own[name]
    nodes = substitute(_stored_nodes(described, leaves, network.streams), leaves)
    network.streams += described["streams"]
    for item in described["stages"]:
        layer, number = named[item["layer"]]
        network.stages.append(
            Stage(
                layer,
                item["kind"],
                tuple(nodes[i] for i in item["inputs"]),
                nodes[item["node"]],
                {role: own[name] for role, name in item["parameters"].items()},
                Symbol(item["letter"], layer=number),
                item["function"],
            )
        )
    return nodes[0]


def _stored_nodes(described: Mapping[str, Any], leaves: Mapping[Node, Node], streams: int) -> list[Node]:
    """The nodes as they were stored, with streams of random numbers that nothing else uses."""
    items = [
        {**item, "attributes": {**item["attributes"], "stream": item["attributes"]["stream"] + streams}}
        if item["op"] == "keep_mask"
        else item
        for item in described["graph"]["nodes"]
    ]
    nodes = graph_from_json({**described["graph"], "nodes": items})
    unknown = [n for n in topological(nodes) if n.name and n not in leaves and n.name not in _RANDOM]
    if unknown:
        raise DownslopeError(f"a stored layer uses {unknown[0]}, which it did not declare")
    return nodes
