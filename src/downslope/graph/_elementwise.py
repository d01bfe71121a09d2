"""Ops that act on each element on its own, and the shapes of operands that are repeated for them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from downslope.errors import DownslopeError
from downslope.graph._node import BATCH, Example, Node, Op, Shape, make
from downslope.graph.notation import Apply, Expression, Words

__all__ = ["BINARY", "UNARY", "Elementwise", "broadcast_shapes", "unbroadcast"]


def broadcast_shapes(op: str, shapes: tuple[Shape, ...]) -> Shape:
    """The common shape of operands, NumPy's rule with a symbolic batch axis."""
    rank = max(map(len, shapes))
    result = []
    for axis in range(-rank, 0):
        sizes = {s[axis] for s in shapes if len(s) >= -axis} - {1}
        if len(sizes) > 1:
            raise DownslopeError(f"{op} cannot combine the shapes {' and '.join(map(str, shapes))}")
        result.append(sizes.pop() if sizes else 1)
    return tuple(result)


def unbroadcast(gradient: Node, shape: Shape) -> Node:
    """The gradient summed over the axes along which an operand of this shape was repeated."""
    if gradient.shape == shape:
        return gradient
    extra = len(gradient.shape) - len(shape)
    if extra > 0:
        gradient = make("sum", gradient, axes=tuple(range(extra)), keepdims=False)
    axes = tuple(
        i for i, (have, want) in enumerate(zip(gradient.shape, shape, strict=True)) if want == 1 and have != 1
    )
    return make("sum", gradient, axes=axes, keepdims=True) if axes else gradient


class Elementwise(Op):
    """An op that acts on each element on its own; its backward rule is upstream · local derivative."""

    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        return broadcast_shapes(self.name, shapes)

    @abstractmethod
    def local(self, node: Node) -> tuple[Node | None, ...]:
        """The derivative of an element by each operand's element, as nodes (None: zero)."""

    def local_notation(self, *operands: Expression, **attributes: Any) -> Expression:
        """How the derivative by the first operand is written."""
        return Apply(Words(f"{self.name}′"), operands)

    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        return tuple(
            None if d is None else unbroadcast(upstream * d, i.shape)
            for i, d in zip(node.inputs, self.local(node), strict=True)
        )


UNARY = Example(((BATCH, 3),))
BINARY = Example(((BATCH, 3), (BATCH, 3)))
