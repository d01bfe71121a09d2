"""What turns raw cells into inputs of a network, as ops that no engine trains: they are only written out."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from downslope.graph import Node, Op, Shape
from downslope.graph.notation import Apply, Expression, Words

__all__ = ["double", "floor", "missing", "single"]


class _CellOp(Op):
    """An op on each number alone, without a derivative."""

    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        return shapes[0]

    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        return (None,)


class _Missing(_CellOp):
    """1 for a gap, which is NaN, else 0"""

    name: ClassVar[str] = "missing"

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return xp.astype(xp.isnan(arrays[0]), arrays[0].dtype)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Apply(Words("is missing"), operands)


class _Floor(_CellOp):
    """The largest whole number that is not above"""

    name: ClassVar[str] = "floor"

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return xp.floor(arrays[0])

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Apply(Words("floor"), operands)


class _Single(_CellOp):
    """The nearest float32, in which tables train"""

    name: ClassVar[str] = "single"

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return xp.astype(arrays[0], np.float32)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return operands[0]


class _Double(_CellOp):
    """The same number as float64"""

    name: ClassVar[str] = "double"

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return xp.astype(arrays[0], np.float64)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return operands[0]


def _applied(op: Op, a: Node) -> Node:
    return Node(op, (a,), {}, op.shape((a.shape,), {}))


_MISSING, _FLOOR, _SINGLE, _DOUBLE = _Missing(), _Floor(), _Single(), _Double()


def missing(a: Node) -> Node:
    """1 where there is a gap, else 0."""
    return _applied(_MISSING, a)


def floor(a: Node) -> Node:
    """Rounded down."""
    return _applied(_FLOOR, a)


def single(a: Node) -> Node:
    """Rounded to float32."""
    return _applied(_SINGLE, a)


def double(a: Node) -> Node:
    """As float64."""
    return _applied(_DOUBLE, a)
