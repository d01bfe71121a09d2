"""How the tape sees the values of the graph: where a shape lies, and what is read in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from downslope.engines._tape import Kind
from downslope.graph import BATCH, Elementwise, Node

__all__ = ["Factor", "is_elementwise", "is_flipped", "layout", "placed", "stages"]


class Factor:
    """A matrix as a product reads it: another one, transposed or not."""

    def __init__(self, node: Node, transposed: bool = False) -> None:
        views = node.op.name == "transpose"
        self.base = node.inputs[0] if views else node
        self.transposed = views != transposed

    @property
    def turned(self) -> Factor:
        """The same factor, transposed."""
        return Factor(self.base, not self.transposed)


def placed(shape: tuple[Any, ...], axes: tuple[int, ...]) -> tuple[Any, ...]:
    """A shape with new axes of length 1."""
    dims = list(shape)
    for axis in axes:
        dims.insert(axis, 1)
    return tuple(dims)


def is_elementwise(node: Node) -> bool:
    """Whether a node belongs into a block."""
    return isinstance(node.op, Elementwise)


def is_flipped(shape: tuple[Any, ...]) -> bool:
    """Whether the batch lies along the columns."""
    return len(shape) == 2 and shape[1] == BATCH


def layout(shape: tuple[Any, ...]) -> tuple[Kind, int, int]:
    """Kind, rows (or features) and columns of a value of this shape."""
    if shape == ():
        return Kind.SCALAR, 1, 1
    if len(shape) > 2 or shape.count(BATCH) > 1:
        raise NotImplementedError(f"the native engine has no values of the shape {shape}")
    if BATCH in shape:
        return Kind.PANELS, int(next((d for d in shape if d != BATCH), 1)), 1
    return Kind.FIXED, (int(shape[0]) if len(shape) == 2 else 1), int(shape[-1])


def stages(order: Sequence[Node]) -> dict[Node, int]:
    """How many ops that are not elementwise lie on the way to each node."""
    found: dict[Node, int] = {}
    for node in order:
        before = max((found[i] for i in node.inputs), default=0)
        heavy = bool(node.inputs) and not is_elementwise(node) and node.op.name not in ("spread", "transpose")
        found[node] = before + heavy
    # what is made of leaves alone, such as 0.9 times the last mean of Adam, waits for the block that wants it
    users: dict[Node, list[Node]] = {}
    for node in order:
        for source in node.inputs:
            users.setdefault(source, []).append(node)
    for node in reversed(order):
        wanted = users.get(node, ())
        movable = is_elementwise(node) and node.shape != () and wanted
        leaves = all(not i.inputs or i.shape == () for i in node.inputs)
        if movable and leaves and all(map(is_elementwise, wanted)):
            found[node] = max(found[node], min(found[u] for u in wanted))
    return found
