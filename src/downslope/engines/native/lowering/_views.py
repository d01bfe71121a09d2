"""How the tape sees the values of the graph: where a shape lies, and what is read in place."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

from downslope.engines.native.lowering._opcodes import Kind
from downslope.graph import BATCH, Elementwise, Node

__all__ = ["Factor", "is_elementwise", "is_flipped", "layout", "placed", "stages"]


class Factor:
    """A matrix as a product reads it: another one, transposed or not."""

    def __init__(self, node: Node, transposed: bool = False) -> None:
        views = node.op.name == "transpose"
        self.base = node.inputs[0] if views else node
        self.transposed = views != transposed

    @property
    def transpose(self) -> Factor:
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
    return Kind.MATRIX, (int(shape[0]) if len(shape) == 2 else 1), int(shape[-1])


def stages(order: Sequence[Node]) -> dict[Node, int]:
    """How many ops that are not elementwise lie on the way to each node."""
    found: dict[Node, int] = {}
    for node in order:
        before = max((found[i] for i in node.inputs), default=0)
        heavy = (
            bool(node.inputs) and not is_elementwise(node) and node.op.name not in ("broadcast", "transpose")
        )
        found[node] = before + heavy
    users: dict[Node, list[Node]] = {}
    for node in order:
        for source in node.inputs:
            users.setdefault(source, []).append(node)
    later = _derivable(order)
    for node in reversed(order):
        wanted = users.get(node, ())
        if node in later and wanted and all(map(is_elementwise, wanted)):
            found[node] = max(found[node], min(found[u] for u in wanted))
    return found


def _derivable(order: Sequence[Node]) -> set[Node]:
    """What follows from values that are kept anyway, and so can wait for the block that wants it.

    Such as 0.9 times the last mean of Adam, or the derivative of an activation by its value.
    """
    found: set[Node] = set()
    factors = {i for node in order if node.op.name in ("matmul", "transpose") for i in node.inputs}
    for node in order:
        if not is_elementwise(node) or node.shape == ():
            continue
        if all(_is_kept(source, factors) or source in found for source in node.inputs):
            found.add(node)
    return found


def _is_kept(node: Node, factors: Set[Node]) -> bool:
    """Whether the value of a node stays for later blocks, which factors of products do."""
    while node.op.name == "broadcast":  # read in place
        node = node.inputs[0]
    if is_elementwise(node):
        return node.shape == () or node in factors
    return node.shape == () or not node.inputs or node.op.name not in ("matmul", "sum", "transpose")
