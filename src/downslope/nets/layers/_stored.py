"""A custom layer as plain data: the graph that it built, from which it is built again without its class."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from downslope._checks import Interval, whole
from downslope._dataclass import dataclass
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
from downslope.nets.layers._builder import Layer, LayerBuilder, NetworkBuilder
from downslope.nets.layers._stages import Stage

__all__ = ["StoredLayer"]

_RANDOM = ("seed", "draw")  # the inputs of random masks
_STREAMS = Interval(0, limit=1 << 20)


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
            symbol=Symbol(str(item["letter"]), str(item["index"]), number),
        )
        leaves[parameter(name, tuple(own[name].shape))] = own[name]
    nodes = substitute(_stored_nodes(described, leaves, network.streams), leaves)
    network.streams += whole("streams of a stored layer", described["streams"], _STREAMS)
    stages = [_stage(item, named, nodes, own) for item in described["stages"]]
    last = {stage.layer: stage.node for stage in stages}
    if any(len(node.shape) != 2 for node in last.values()):
        raise DownslopeError("a stored layer gives a value that is not one of (n, width)")
    network.stages.extend(stages)
    return nodes[0]


def _stage(
    item: Mapping[str, Any],
    named: Mapping[str, tuple[str, str]],
    nodes: Sequence[Node],
    parameters: Mapping[str, Node],
) -> Stage:
    layer, number = named[item["layer"]]
    return Stage(
        layer,
        str(item["kind"]),
        tuple(nodes[i] for i in item["inputs"]),
        nodes[item["node"]],
        {role: parameters[name] for role, name in item["parameters"].items()},
        Symbol(str(item["letter"]), layer=number),
        str(item["function"]),
    )


def _stored_nodes(described: Mapping[str, Any], leaves: Mapping[Node, Node], streams: int) -> list[Node]:
    """The nodes as they were stored, with streams of random numbers that nothing else uses."""
    items = [
        {**item, "attributes": {**item["attributes"], "stream": item["attributes"]["stream"] + streams}}
        if item["op"] == "keep_mask"
        else item
        for item in described["graph"]["nodes"]
    ]
    nodes = graph_from_json({**described["graph"], "nodes": items})
    for node in topological(nodes):
        if node.name and node not in leaves and node.name not in _RANDOM:
            raise DownslopeError(f"a stored layer uses {node}, which it did not declare")
        if node.op.name != "keep_mask" and any(i.name in _RANDOM for i in node.inputs):
            raise DownslopeError(f"a stored layer uses the seed in {node}, which is no random mask")
    return nodes
