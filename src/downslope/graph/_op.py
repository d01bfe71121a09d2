"""What an op is, and the registry of all ops.

Everything about one op is in its one class: shape, evaluation, backward rule, notation, and an example
that puts it under every generic test.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from downslope.errors import DownslopeError
from downslope.graph._node import BATCH, Node, Shape, make
from downslope.graph._notation import Apply, Expression, Words

__all__ = ["OPS", "Elementwise", "Example", "Op", "broadcast_shapes", "register", "unbroadcast"]


@dataclass(frozen=True)
class Example:
    """Inputs on which an op can be tried: their shapes, the range of their values, attributes.

    ``whole`` names the positions of inputs that hold whole numbers below ``high``.
    """

    shapes: tuple[Shape, ...]
    low: float = -2.0
    high: float = 2.0
    attributes: dict[str, Any] = field(default_factory=dict)
    whole: tuple[int, ...] = ()


class Op(ABC):
    """One kind of computation. Instances hold no state; there is one of each, in ``OPS``."""

    name: ClassVar[str]
    example: ClassVar[Example | None] = None

    @abstractmethod
    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        """The shape of the result; raises DownslopeError where the inputs do not fit."""

    @abstractmethod
    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        """The value, over an array namespace (Array API plus ``ndtr``, ``add_rows``, ``keep_mask``)."""

    @abstractmethod
    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        """For each input, its share of the gradient: upstream times the local derivative, as nodes.

        None where nothing flows back (row numbers, shapes).
        """

    def simplify(self, inputs: tuple[Node, ...], attributes: dict[str, Any]) -> Node | None:
        """A simpler node of the same value, where there is one."""
        return None

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        """How the op is written."""
        return Apply(Words(self.name), operands)


OPS: dict[str, Op] = {}
"""Every op by its name."""

_OpClass = TypeVar("_OpClass", bound=type[Op])


def register(cls: _OpClass) -> _OpClass:
    """Class decorator: puts the op into ``OPS``."""
    if cls.name in OPS:
        raise ValueError(f"there is an op named {cls.name!r} already")
    OPS[cls.name] = cls()
    return cls


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
