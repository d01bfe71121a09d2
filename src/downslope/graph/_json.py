"""A graph as a flat list of plain data, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from downslope._checks import SIZE, show
from downslope.errors import DownslopeError
from downslope.graph._node import BATCH, OPS, Node, make, topological

__all__ = ["graph_from_json", "graph_to_json"]

_LEAVES: Mapping[str, Mapping[str, Any]] = {
    "constant": {"value": 1.0},
    **{leaf: {"name": "x", "shape": (BATCH, 1)} for leaf in ("input", "parameter", "state")},
}
"""What the attributes of leaves look like."""


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
            _check(item["op"], len(inputs), attributes)
            nodes.append(make(item["op"], *inputs, **attributes))
        return [_at(nodes, i) for i in data["outputs"]]
    except (
        TypeError,
        KeyError,
        IndexError,
        ValueError,
        AttributeError,
        RecursionError,
        OverflowError,
    ) as error:
        raise DownslopeError(f"the graph is damaged: {error!r}") from None


def _check(name: Any, inputs: int, attributes: dict[str, Any]) -> None:
    """That an op has as many inputs as its example, and attributes of the same types."""
    if name not in OPS:
        raise DownslopeError(f"the graph has an unknown op {name!r}")
    op = OPS[name]
    shapes, like = (op.example.shapes, op.example.attributes) if op.example else ((), _LEAVES[name])
    if inputs != len(shapes) and not (name == "concatenate" and inputs):
        raise DownslopeError(f"the op {name} has {inputs} inputs, not {len(shapes)}")
    like = {**op.defaults, **like}
    for attribute in {*like, *attributes} - (op.defaults.keys() - attributes.keys()):
        if not (attribute in like and attribute in attributes):
            raise DownslopeError(f"the op {name} has the attributes {sorted(attributes)}, not {sorted(like)}")
        if not _is_like(attributes[attribute], like[attribute], none=attribute == "axes"):
            raise DownslopeError(f"{attribute} of the op {name} is {show(attributes[attribute])}")


def _is_like(value: Any, example: Any, *, none: bool) -> bool:
    """Whether a value is of the type of an example, and a whole number of a size that an axis can have."""
    if none and value is None:
        return True
    if isinstance(example, tuple):
        item = next((v for v in example if type(v) is float), 0)
        return isinstance(value, tuple) and all(
            _is_like(v, item, none=False) or (v == BATCH and type(item) is int) for v in value
        )
    if type(example) is int:
        return type(value) is int and 0 <= value <= SIZE.limit
    if type(example) is float:
        return type(value) is float or (type(value) is int and abs(value) <= SIZE.limit)
    return type(value) is type(example)


def _at(nodes: Sequence[Node], index: Any) -> Node:
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(nodes):
        raise IndexError(f"there is no node {index!r} before this one")
    return nodes[index]
