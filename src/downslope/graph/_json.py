"""A graph as a flat list of plain data, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from downslope.errors import DownslopeError
from downslope.graph._node import OPS, Node, make, topological

__all__ = ["graph_from_json", "graph_to_json"]


def graph_to_json(outputs: Sequence[Node]) -> dict[str, Any]:
    """The nodes in an order in which each comes after its inputs, which it names by their index.

    >>> from downslope.graph import input_
    >>> graph_to_json([input_("x", ("n", 2)) * 2.0])["nodes"][-1]
    {'op': 'multiply', 'inputs': [0, 1]}
    """
    order = topological(outputs)
    index = {node: i for i, node in enumerate(order)}
    nodes = []
    for node in order:
        item: dict[str, Any] = {"op": node.op.name, "inputs": [index[i] for i in node.inputs]}
        if node.attributes:
            item["attributes"] = {k: _plain(v) for k, v in node.attributes.items()}
        nodes.append(item)
    return {"nodes": nodes, "outputs": [index[node] for node in outputs]}


def _plain(value: Any) -> Any:
    return [_plain(v) for v in value] if isinstance(value, tuple) else value


def _tupled(value: Any) -> Any:
    return tuple(_tupled(v) for v in value) if isinstance(value, list) else value


def graph_from_json(data: Any) -> list[Node]:
    """The outputs of ``graph_to_json``; equal graphs give the very same nodes.

    Raises:
        DownslopeError: if the data describes no graph.
    """
    nodes: list[Node] = []
    try:
        for item in data["nodes"]:
            inputs = [_at(nodes, i) for i in item["inputs"]]
            attributes = {k: _tupled(v) for k, v in item.get("attributes", {}).items()}
            if item["op"] not in OPS:
                raise DownslopeError(f"the graph has an unknown op {item['op']!r}")
            nodes.append(make(item["op"], *inputs, **attributes))
        return [_at(nodes, i) for i in data["outputs"]]
    except (TypeError, KeyError, IndexError, ValueError, AttributeError, RecursionError) as error:
        raise DownslopeError(f"the graph is damaged: {error!r}") from None


def _at(nodes: Sequence[Node], index: Any) -> Node:
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(nodes):
        raise IndexError(f"there is no node {index!r} before this one")
    return nodes[index]
