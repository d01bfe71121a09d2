"""Activation functions: each one class with its value, its derivative as nodes, and both notations.

In the notation z is the pre-activation and a = φ(z) the activation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from downslope.graph._elementwise import UNARY, Elementwise
from downslope.graph._node import Node, make, register
from downslope.graph._numbers import SELU_ALPHA, SELU_SCALE
from downslope.graph.notation import (
    Apply,
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

__all__: list[str] = []

_SQRT_HALF_PI = 1 / math.sqrt(2 * math.pi)


def _one_minus(e: Expression) -> Expression:
    return Infix("−", (Number(1), e))


def _above_zero(z: Expression, above: Expression, below: Expression) -> Expression:
    """{above if z > 0; below else}; of a number, the case that holds"""
    if isinstance(z, Number):
        return above if z.value > 0 else below
    return Cases(((above, Infix(">", (z, Number(0)))),), below)


def _times(factor: float, e: Expression) -> Expression:
    return e if factor == 1 else product((Number(factor), e))


class _Activation(Elementwise):
    """An elementwise op of one operand, φ."""

    example = UNARY
    """The value of each setting where none is given."""

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return self.phi(xp, arrays[0], **attributes)

    def phi(self, xp: Any, z: Any) -> Any:
        """φ(z)"""
        raise NotImplementedError

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        """With the settings that are not those of the plain name."""
        settings = [v for name, v in attributes.items() if v != self.defaults[name]]
        return Apply(Words(self.name), (*operands, *map(Number, settings)))


def _sigmoid(xp: Any, z: Any) -> Any:
    e = xp.exp(-xp.abs(z))  # never overflows, and keeps full precision in both tails
    return xp.where(z >= 0, 1 / (1 + e), e / (1 + e))


def _softplus(xp: Any, z: Any) -> Any:
    return xp.maximum(z, 0 * z) + xp.log1p(xp.exp(-xp.abs(z)))


@register
class Sigmoid(_Activation):
    """σ(z) = 1 / (1 + e⁻ᶻ),  σ′ = a(1 − a)"""

    name: ClassVar[str] = "sigmoid"

    def phi(self, xp: Any, z: Any) -> Any:
        return _sigmoid(xp, z)

    def local(self, node: Node) -> tuple[Node | None, ...]:
        return (node * (1.0 - node),)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Apply(Symbol("σ"), operands)

    def local_notation(self, *operands: Expression, **attributes: Any) -> Expression:
        value = self.notation(*operands)
        return product((value, _one_minus(value)))


@register
class Tanh(_Activation):
    """tanh z,  tanh′ = 1 − a²"""

    name: ClassVar[str] = "tanh"

    def phi(self, xp: Any, z: Any) -> Any:
        return xp.tanh(z)

    def local(self, node: Node) -> tuple[Node | None, ...]:
        return (1.0 - make("square", node),)

    def local_notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return _one_minus(Power(self.notation(*operands), Number(2)))


@register
class Relu(_Activation):
    """max(z, 0), with the derivative 0 at 0"""

    name: ClassVar[str] = "relu"

    def phi(self, xp: Any, z: Any) -> Any:
        return xp.maximum(z, 0 * z)

    def local(self, node: Node) -> tuple[Node | None, ...]:
        return (make("step", node),)  # of the value, which is kept anyway; z need not be

    def local_notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return _above_zero(operands[0], Number(1), Number(0))


@register
class LeakyReluOp(_Activation):
    """z if z > 0, else slope·z"""

    name: ClassVar[str] = "leaky_relu"
    defaults: ClassVar[Mapping[str, float]] = {"slope": 0.01}

    def phi(self, xp: Any, z: Any, slope: float = 0.01) -> Any:
        return xp.where(z > 0, z, slope * z)

    def local(self, node: Node) -> tuple[Node | None, ...]:
        slope = node.attributes.get("slope", 0.01)
        return (slope + (1 - slope) * make("step", node.inputs[0]),)

    def local_notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return _above_zero(operands[0], Number(1), Number(attributes.get("slope", 0.01)))


@register
class EluOp(_Activation):
    """z if z > 0, else α(eᶻ − 1) (Clevert et al. 2015)"""

    name: ClassVar[str] = "elu"
    defaults: ClassVar[Mapping[str, float]] = {"alpha": 1.0}

    def phi(self, xp: Any, z: Any, alpha: float = 1.0) -> Any:
        return xp.where(z > 0, z, alpha * xp.expm1(xp.minimum(z, 0 * z)))

    def local(self, node: Node) -> tuple[Node | None, ...]:
        alpha = node.attributes.get("alpha", 1.0)
        (z,) = node.inputs
        return (make("where", make("step", z), 1.0, alpha * make("exp", make("minimum", z, 0.0))),)

    def local_notation(self, *operands: Expression, **attributes: Any) -> Expression:
        low = _times(attributes.get("alpha", 1.0), Apply(Words("exp"), operands))
        return _above_zero(operands[0], Number(1), low)


@register
class Selu(_Activation):
    """λ·elu(z) with α = 1.6733, λ = 1.0507, which keep mean 0 and variance 1 (Klambauer et al. 2017)"""

    name: ClassVar[str] = "selu"

    def phi(self, xp: Any, z: Any) -> Any:
        return SELU_SCALE * xp.where(z > 0, z, SELU_ALPHA * xp.expm1(xp.minimum(z, 0 * z)))

    def local(self, node: Node) -> tuple[Node | None, ...]:
        (z,) = node.inputs
        low = SELU_SCALE * SELU_ALPHA * make("exp", make("minimum", z, 0.0))
        return (make("where", make("step", z), SELU_SCALE, low),)

    def local_notation(self, *operands: Expression, **attributes: Any) -> Expression:
        low = _times(SELU_SCALE * SELU_ALPHA, Apply(Words("exp"), operands))
        return _above_zero(operands[0], Number(SELU_SCALE), low)


@register
class Gelu(_Activation):
    """z·Φ(z), exact (Hendrycks and Gimpel 2016)"""

    name: ClassVar[str] = "gelu"

    def phi(self, xp: Any, z: Any) -> Any:
        return z * xp.ndtr(z)

    def local(self, node: Node) -> tuple[Node | None, ...]:
        (z,) = node.inputs
        density = make("exp", -0.5 * make("square", z)) * _SQRT_HALF_PI
        return (make("normal_cdf", z) + z * density,)

    def local_notation(self, *operands: Expression, **attributes: Any) -> Expression:
        (z,) = operands
        bell = Apply(Words("exp"), (Negative(Fraction(Power(z, Number(2)), Number(2))),))
        density = Fraction(bell, Root(product((Number(2), Symbol("π")))))
        return Infix("+", (Apply(Symbol("Φ"), (z,)), product((z, density))))


@register
class Silu(_Activation):
    """z·σ(z), also called swish (Ramachandran et al. 2017)"""

    name: ClassVar[str] = "silu"

    def phi(self, xp: Any, z: Any) -> Any:
        return z * _sigmoid(xp, z)

    def local(self, node: Node) -> tuple[Node | None, ...]:
        (z,) = node.inputs
        s = make("sigmoid", z)
        return (s + node * (1.0 - s),)

    def local_notation(self, *operands: Expression, **attributes: Any) -> Expression:
        s = Apply(Symbol("σ"), operands)
        return Infix("+", (s, product((operands[0], s, _one_minus(s)))))


@register
class Softplus(_Activation):
    """ln(1 + eᶻ),  softplus′ = σ(z)"""

    name: ClassVar[str] = "softplus"

    def phi(self, xp: Any, z: Any) -> Any:
        return _softplus(xp, z)

    def local(self, node: Node) -> tuple[Node | None, ...]:
        return (make("sigmoid", node.inputs[0]),)

    def local_notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Apply(Symbol("σ"), operands)


@register
class Mish(_Activation):
    """z·tanh(softplus z) (Misra 2019)"""

    name: ClassVar[str] = "mish"

    def phi(self, xp: Any, z: Any) -> Any:
        return z * xp.tanh(_softplus(xp, z))

    def local(self, node: Node) -> tuple[Node | None, ...]:
        (z,) = node.inputs
        t = make("tanh", make("softplus", z))
        return (t + z * (1.0 - make("square", t)) * make("sigmoid", z),)

    def local_notation(self, *operands: Expression, **attributes: Any) -> Expression:
        (z,) = operands
        t = Apply(Words("tanh"), (Apply(Words("softplus"), (z,)),))
        second = product((z, _one_minus(Power(t, Number(2))), Apply(Symbol("σ"), (z,))))
        return Infix("+", (t, second))
