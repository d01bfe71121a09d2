"""Elementwise arithmetic and functions."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from downslope.graph._elementwise import BINARY, UNARY, Elementwise
from downslope.graph._node import BATCH, Example, Node, make, register
from downslope.graph.notation import (
    Apply,
    Bracketed,
    Cases,
    Expression,
    Fraction,
    Infix,
    Negative,
    Number,
    Power,
    Root,
    Symbol,
    Words,
    product,
)

__all__ = ["value_of"]


def value_of(node: Node) -> float | None:
    """The number of a constant; None for any other node."""
    return node.attributes["value"] if node.op.name == "constant" else None


def _fold(inputs: tuple[Node, ...], compute: Any) -> Node | None:
    """A constant in place of an op on constants."""
    values = [value_of(n) for n in inputs]
    if any(v is None for v in values):
        return None
    return make("constant", value=float(compute(*values)))


@register
class Add(Elementwise):
    """a + b"""

    name: ClassVar[str] = "add"
    example = Example(((BATCH, 3), (3,)))

    def simplify(self, inputs: tuple[Node, ...], attributes: dict[str, Any]) -> Node | None:
        a, b = inputs
        if value_of(a) == 0:
            return b
        if value_of(b) == 0:
            return a
        return _fold(inputs, lambda x, y: x + y)

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        a, b = arrays
        return a + b

    def local(self, node: Node) -> tuple[Node | None, ...]:
        one = make("constant", value=1.0)
        return one, one

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Infix("+", operands)


@register
class Subtract(Elementwise):
    """a − b"""

    name: ClassVar[str] = "subtract"
    example = BINARY

    def simplify(self, inputs: tuple[Node, ...], attributes: dict[str, Any]) -> Node | None:
        a, b = inputs
        if value_of(b) == 0:
            return a
        if value_of(a) == 0:
            return -b
        return _fold(inputs, lambda x, y: x - y)

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        a, b = arrays
        return a - b

    def local(self, node: Node) -> tuple[Node | None, ...]:
        return make("constant", value=1.0), make("constant", value=-1.0)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Infix("−", operands)


@register
class Multiply(Elementwise):
    """a·b"""

    name: ClassVar[str] = "multiply"
    example = Example(((BATCH, 3), (BATCH, 1)))

    def simplify(self, inputs: tuple[Node, ...], attributes: dict[str, Any]) -> Node | None:
        a, b = inputs
        for one, other in ((a, b), (b, a)):
            if value_of(one) == 1:
                return other
            if value_of(one) == -1:
                return -other
        return _fold(inputs, lambda x, y: x * y)

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        a, b = arrays
        return a * b

    def local(self, node: Node) -> tuple[Node | None, ...]:
        a, b = node.inputs
        return b, a

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return product(operands)


@register
class Divide(Elementwise):
    """a / b"""

    name: ClassVar[str] = "divide"
    example = Example(((BATCH, 3), (BATCH, 3)), low=0.5)

    def simplify(self, inputs: tuple[Node, ...], attributes: dict[str, Any]) -> Node | None:
        if value_of(inputs[1]) == 1:
            return inputs[0]
        return _fold(inputs, lambda x, y: x / y) if value_of(inputs[1]) != 0 else None

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        a, b = arrays
        return a / b

    def local(self, node: Node) -> tuple[Node | None, ...]:
        _, b = node.inputs
        return 1.0 / b, -(node / b)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Fraction(*operands)


@register
class Negate(Elementwise):
    """−a"""

    name: ClassVar[str] = "negate"
    example = UNARY

    def simplify(self, inputs: tuple[Node, ...], attributes: dict[str, Any]) -> Node | None:
        if inputs[0].op.name == "negate":
            return inputs[0].inputs[0]
        return _fold(inputs, lambda x: -x)

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return -arrays[0]

    def local(self, node: Node) -> tuple[Node | None, ...]:
        return (make("constant", value=-1.0),)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Negative(operands[0])


@register
class Square(Elementwise):
    """a²"""

    name: ClassVar[str] = "square"
    example = UNARY

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return arrays[0] * arrays[0]

    def local(self, node: Node) -> tuple[Node | None, ...]:
        return (2.0 * node.inputs[0],)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Power(operands[0], Number(2))


@register
class Sqrt(Elementwise):
    """√a"""

    name: ClassVar[str] = "sqrt"
    example = Example(((BATCH, 3),), low=0.5)

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return xp.sqrt(arrays[0])

    def local(self, node: Node) -> tuple[Node | None, ...]:
        return (0.5 / node,)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Root(operands[0])


@register
class Exp(Elementwise):
    """eᵃ"""

    name: ClassVar[str] = "exp"
    example = UNARY

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return xp.exp(arrays[0])

    def local(self, node: Node) -> tuple[Node | None, ...]:
        return (node,)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Apply(Words("exp"), operands)


@register
class Expm1(Elementwise):
    """eᵃ − 1, exact for small a"""

    name: ClassVar[str] = "expm1"
    example = UNARY

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return xp.expm1(arrays[0])

    def local(self, node: Node) -> tuple[Node | None, ...]:
        return (make("exp", node.inputs[0]),)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Infix("−", (Apply(Words("exp"), operands), Number(1)))


@register
class Log(Elementwise):
    """ln a"""

    name: ClassVar[str] = "log"
    example = Example(((BATCH, 3),), low=0.5)

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return xp.log(arrays[0])

    def local(self, node: Node) -> tuple[Node | None, ...]:
        return (1.0 / node.inputs[0],)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Apply(Words("ln"), operands)


@register
class Sin(Elementwise):
    """sin a"""

    name: ClassVar[str] = "sin"
    example = UNARY

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return xp.sin(arrays[0])

    def local(self, node: Node) -> tuple[Node | None, ...]:
        return (make("cos", node.inputs[0]),)

    def local_notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Apply(Words("cos"), operands)


@register
class Cos(Elementwise):
    """cos a"""

    name: ClassVar[str] = "cos"
    example = UNARY

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return xp.cos(arrays[0])

    def local(self, node: Node) -> tuple[Node | None, ...]:
        return (-make("sin", node.inputs[0]),)

    def local_notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Negative(Apply(Words("sin"), operands))


@register
class Absolute(Elementwise):
    """|a|, with the derivative 0 at 0"""

    name: ClassVar[str] = "absolute"
    example = UNARY

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return xp.abs(arrays[0])

    def local(self, node: Node) -> tuple[Node | None, ...]:
        return (make("sign", node.inputs[0]),)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Bracketed(operands[0], "|", "|")


@register
class Sign(Elementwise):
    """−1, 0 or 1"""

    name: ClassVar[str] = "sign"
    example = UNARY

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return xp.sign(arrays[0])

    def local(self, node: Node) -> tuple[Node | None, ...]:
        return (None,)


@register
class StepOp(Elementwise):
    """1 where a > 0, else 0"""

    name: ClassVar[str] = "step"
    example = UNARY

    def simplify(self, inputs: tuple[Node, ...], attributes: dict[str, Any]) -> Node | None:
        return _fold(inputs, lambda a: a > 0)

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        (a,) = arrays
        return xp.astype(a > 0, a.dtype)

    def local(self, node: Node) -> tuple[Node | None, ...]:
        return (None,)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Bracketed(Infix(">", (operands[0], Number(0))))


@register
class Where(Elementwise):
    """a where the mask is 1, b where it is 0"""

    name: ClassVar[str] = "where"
    example = Example(((BATCH, 3), (BATCH, 3), (BATCH, 3)), whole=(0,))

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        mask, a, b = arrays
        return xp.where(mask != 0, a, b)

    def local(self, node: Node) -> tuple[Node | None, ...]:
        mask = node.inputs[0]
        return None, mask, 1.0 - mask

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        mask, a, b = operands
        return Cases(((a, mask.body),), b) if isinstance(mask, Bracketed) else Apply(Words("where"), operands)


@register
class Minimum(Elementwise):
    """the smaller of a and b; at a tie the derivative goes to b"""

    name: ClassVar[str] = "minimum"
    example = BINARY

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return xp.minimum(*arrays)

    def local(self, node: Node) -> tuple[Node | None, ...]:
        a, b = node.inputs
        first = make("step", b - a)
        return first, 1.0 - first

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Apply(Words("min"), operands)


@register
class Maximum(Elementwise):
    """the larger of a and b; at a tie the derivative goes to b"""

    name: ClassVar[str] = "maximum"
    example = BINARY

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return xp.maximum(*arrays)

    def local(self, node: Node) -> tuple[Node | None, ...]:
        a, b = node.inputs
        first = make("step", a - b)
        return first, 1.0 - first

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Apply(Words("max"), operands)


@register
class NormalCdf(Elementwise):
    """Φ(a), the standard normal distribution function"""

    name: ClassVar[str] = "normal_cdf"
    example = UNARY

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return xp.ndtr(arrays[0])

    def local(self, node: Node) -> tuple[Node | None, ...]:
        return (make("exp", -0.5 * make("square", node.inputs[0])) * (1 / math.sqrt(2 * math.pi)),)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Apply(Symbol("Φ"), operands)
