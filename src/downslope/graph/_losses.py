"""Losses: the error of one row from the network's output z and the target y, with its derivative.

Elementwise losses act on each output; ``cross_entropy`` on the row of all class scores. Losses of
probabilities take scores (logits), which is what makes them exact for any score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from downslope.errors import DownslopeError
from downslope.graph._elementwise import BINARY, Elementwise
from downslope.graph._node import BATCH, Example, Node, Op, Shape, make, register
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
    SumOver,
    Symbol,
    Words,
    product,
)

__all__: list[str] = []


def _level(attributes: Mapping[str, Any]) -> Expression:
    level = attributes.get("level", 0.5)
    return Number(level) if isinstance(level, float) else level


def _difference(operands: tuple[Expression, ...]) -> Expression:
    z, y = operands
    return Infix("−", (y, z))


@register
class SquaredError(Elementwise):
    """(y − z)²,  ∂/∂z = −2(y − z)"""

    name: ClassVar[str] = "squared_error"
    example = BINARY

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        z, y = arrays
        return (y - z) * (y - z)

    def local(self, node: Node) -> tuple[Node | None, ...]:
        z, y = node.inputs
        return -2.0 * (y - z), 2.0 * (y - z)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Power(_difference(operands), Number(2))

    def local_notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return product((Number(-2), _difference(operands)))


@register
class AbsoluteError(Elementwise):
    """|y − z|,  ∂/∂z = −sign(y − z)"""

    name: ClassVar[str] = "absolute_error"
    example = BINARY

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        z, y = arrays
        return xp.abs(y - z)

    def local(self, node: Node) -> tuple[Node | None, ...]:
        z, y = node.inputs
        return -make("sign", y - z), make("sign", y - z)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Bracketed(_difference(operands), "|", "|")

    def local_notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Negative(Apply(Words("sign"), (_difference(operands),)))


@register
class HuberOp(Elementwise):
    """½r² where |r| ≤ delta, else delta(|r| − ½delta), with r = y − z (Huber 1964)"""

    name: ClassVar[str] = "huber"
    example = Example(((BATCH, 3), (BATCH, 3)), attributes={"delta": 0.8})
    defaults: ClassVar[Mapping[str, float]] = {"delta": 1.0}

    def evaluate(self, xp: Any, *arrays: Any, delta: float = 1.0, **attributes: Any) -> Any:
        z, y = arrays
        size = xp.abs(y - z)
        inner = xp.where(size <= delta, size, delta + 0 * size)
        return inner * (size - 0.5 * inner)

    def local(self, node: Node) -> tuple[Node | None, ...]:
        z, y = node.inputs
        delta = node.attributes.get("delta", 1.0)
        clipped = make("maximum", make("minimum", y - z, delta), -delta)
        return -clipped, clipped

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        delta = attributes.get("delta", 1.0)
        r = _difference(operands)
        size = Bracketed(r, "|", "|")
        square = Fraction(Power(r, Number(2)), Number(2))
        line = product((Number(delta), Infix("−", (size, Number(delta / 2)))))
        z, y = operands
        if isinstance(z, Number) and isinstance(y, Number):  # the case that holds
            return square if abs(y.value - z.value) <= delta else line
        return Cases(((square, Infix("≤", (size, Number(delta)))),), line)

    def local_notation(self, *operands: Expression, **attributes: Any) -> Expression:
        delta = attributes.get("delta", 1.0)
        return Negative(Apply(Words("clip"), (_difference(operands), Number(-delta), Number(delta))))


@register
class QuantileOp(Elementwise):
    """level·r where r > 0, else (level − 1)·r, with r = y − z,  ∂/∂z = ½ − level − ½ sign(r)

    The z that it is smallest for on average is the quantile of y at that level (Koenker and Bassett 1978).
    """

    name: ClassVar[str] = "quantile"
    example = Example(((BATCH, 3), (BATCH, 3)), attributes={"level": 0.8})
    defaults: ClassVar[Mapping[str, float]] = {"level": 0.5}

    def evaluate(self, xp: Any, *arrays: Any, level: float = 0.5, **attributes: Any) -> Any:
        z, y = arrays
        r = y - z
        return xp.where(r > 0, level * r, (level - 1) * r)

    def local(self, node: Node) -> tuple[Node | None, ...]:
        z, y = node.inputs
        local = (0.5 - node.attributes.get("level", 0.5)) - 0.5 * make("sign", y - z)
        return local, -local

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        """``level`` is a number, or how it is written."""
        z, y = operands
        level = _level(attributes)
        r = _difference(operands)
        above, below = product((level, r)), product((Infix("−", (level, Number(1))), r))
        if isinstance(z, Number) and isinstance(y, Number):  # the case that holds
            return above if y.value > z.value else below
        return Cases(((above, Infix(">", (y, z))),), below)

    def local_notation(self, *operands: Expression, **attributes: Any) -> Expression:
        level = _level(attributes)
        sign = Apply(Words("sign"), (_difference(operands),))
        return Infix("−", (Number(0.5), level, product((Number(0.5), sign))))


@register
class BinaryCrossEntropy(Elementwise):
    """−y ln σ(z) − (1 − y) ln(1 − σ(z)) = softplus(z) − y·z,  ∂/∂z = σ(z) − y

    Computed as (max(z, 0) − y·z) + ln(1 + e^−|z|): softplus(z) − z would round to 0 for y = 1 and a large z.
    """

    name: ClassVar[str] = "binary_cross_entropy"
    example = BINARY

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        z, y = arrays
        return (xp.maximum(z, 0 * z) - y * z) + xp.log1p(xp.exp(-xp.abs(z)))

    def local(self, node: Node) -> tuple[Node | None, ...]:
        z, y = node.inputs
        return make("sigmoid", z) - y, -z

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        z, y = operands
        return Infix("−", (Apply(Words("softplus"), (z,)), product((y, z))))

    def local_notation(self, *operands: Expression, **attributes: Any) -> Expression:
        z, y = operands
        return Infix("−", (Apply(Symbol("σ"), (z,)), y))


@register
class Poisson(Elementwise):
    """eᶻ − y·z, the negative log likelihood of a count y with rate eᶻ but for a term without z"""

    name: ClassVar[str] = "poisson"
    example = BINARY

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        z, y = arrays
        return xp.exp(z) - y * z

    def local(self, node: Node) -> tuple[Node | None, ...]:
        z, y = node.inputs
        return make("exp", z) - y, -z

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        z, y = operands
        return Infix("−", (Apply(Words("exp"), (z,)), product((y, z))))

    def local_notation(self, *operands: Expression, **attributes: Any) -> Expression:
        z, y = operands
        return Infix("−", (Apply(Words("exp"), (z,)), y))


@register
class CrossEntropy(Op):
    """ln Σₖ exp(zₖ) − z_y for the class number y,  ∂/∂zₖ = softmax(z)ₖ − [k = y]"""

    name: ClassVar[str] = "cross_entropy"
    example = Example(((BATCH, 4), (BATCH,)), high=4.0, whole=(1,))

    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        z, y = shapes
        if len(z) != 2 or y != z[:1]:
            raise DownslopeError(
                f"cross_entropy needs scores (n, classes) and class numbers (n), not {z} and {y}"
            )
        return y

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        z, y = arrays
        top = xp.argmax(z, axis=1)[:, None]
        shifted = z - xp.take_along_axis(z, top, axis=1)
        chosen = xp.take_along_axis(shifted, xp.astype(y, xp.int64)[:, None], axis=1)[:, 0]
        # ln(1 + the others) keeps its digits where one score is by far the largest
        others = xp.where(xp.arange(z.shape[1])[None, :] == top, 0 * shifted, xp.exp(shifted))
        return xp.log1p(xp.sum(others, axis=1)) - chosen

    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        z, _ = node.inputs
        per_score = make("broadcast", upstream, z, axes=(1,))
        return per_score * self.local(node)[0], None

    def local(self, node: Node) -> tuple[Node, ...]:
        """softmax(z) − [k = y], one row of factors for each row."""
        z, y = node.inputs
        return (make("softmax", z) - make("one_hot", y, classes=z.shape[1]),)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        """The first operand is a symbol, which gets the index of a class."""
        z, _ = operands
        assert isinstance(z, Symbol)
        scores = SumOver("k", Apply(Words("exp"), (replace(z, index="k"),)))
        return Infix("−", (Apply(Words("ln"), (scores,)), replace(z, index="y")))

    def local_notation(self, *operands: Expression, **attributes: Any) -> Expression:
        z, y = operands
        return Infix("−", (Apply(Words("softmax"), (z,)), Apply(Words("onehot"), (y,))))
