"""The values a program starts from: inputs, parameters, optimizer state and constants."""

from __future__ import annotations

from typing import Any, ClassVar

from downslope.graph._node import Node, Op, Shape, make, register
from downslope.graph.notation import Expression, Number, Symbol

__all__ = ["constant", "input_", "parameter", "state"]


class _Leaf(Op):
    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        return tuple(attributes["shape"])

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        raise LookupError(f"the {self.name} {attributes['name']!r} was given no value")

    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        return ()

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Symbol(attributes["name"])


@register
class Input(_Leaf):
    """What a step is given: columns of the batch, learning rate, step number, seed."""

    name: ClassVar[str] = "input"


@register
class Parameter(_Leaf):
    """What training changes."""

    name: ClassVar[str] = "parameter"


@register
class StateLeaf(_Leaf):
    """What an optimizer remembers from step to step."""

    name: ClassVar[str] = "state"


@register
class ConstantLeaf(_Leaf):
    """One fixed number; it takes the dtype of what it is combined with."""

    name: ClassVar[str] = "constant"

    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        return ()

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return attributes["value"]

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Number(attributes["value"])


def input_(name: str, shape: Shape) -> Node:
    """A leaf that each step is given a value for; ``BATCH`` stands for the number of rows.

    >>> input_("x", ("n", 3))
    <input x (n, 3)>
    """
    return make("input", name=name, shape=tuple(shape))


def parameter(name: str, shape: Shape) -> Node:
    """A leaf that training changes.

    >>> parameter("layer1.weight", (1, 3))
    <parameter layer1.weight (1, 3)>
    """
    return make("parameter", name=name, shape=tuple(shape))


def state(name: str, shape: Shape) -> Node:
    """A leaf that an optimizer keeps from step to step; it starts at zero."""
    return make("state", name=name, shape=tuple(shape))


def constant(value: float) -> Node:
    """One fixed number."""
    return make("constant", value=float(value))
