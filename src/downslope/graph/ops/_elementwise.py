"""Functions of each element on its own."""

from __future__ import annotations

from downslope._checks import number
from downslope.graph._node import Node, Operand, checked_node, make

__all__ = [
    "absolute",
    "add",
    "clip",
    "cos",
    "divide",
    "elu",
    "exp",
    "expm1",
    "gelu",
    "leaky_relu",
    "log",
    "maximum",
    "minimum",
    "mish",
    "multiply",
    "negate",
    "normal_cdf",
    "power",
    "relu",
    "selu",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "softplus",
    "sqrt",
    "square",
    "step",
    "subtract",
    "tanh",
    "where",
]


def add(a: Operand, b: Operand) -> Node:
    """a + b.

    >>> from downslope.engines import evaluate
    >>> evaluate([add(1.0, 2.0)], {})
    [array(3.)]
    """
    return make("add", a, b)


def subtract(a: Operand, b: Operand) -> Node:
    """a − b.

    >>> from downslope.engines import evaluate
    >>> evaluate([subtract(1.0, 2.0)], {})
    [array(-1.)]
    """
    return make("subtract", a, b)


def multiply(a: Operand, b: Operand) -> Node:
    """a·b.

    >>> from downslope.engines import evaluate
    >>> evaluate([multiply(3.0, 2.0)], {})
    [array(6.)]
    """
    return make("multiply", a, b)


def divide(a: Operand, b: Operand) -> Node:
    """a / b.

    >>> from downslope.engines import evaluate
    >>> evaluate([divide(1.0, 2.0)], {})
    [array(0.5)]
    """
    return make("divide", a, b)


def minimum(a: Operand, b: Operand) -> Node:
    """The smaller of a and b; where they are equal, the gradient goes to b.

    >>> from downslope.engines import evaluate
    >>> evaluate([minimum(1.0, 2.0)], {})
    [array(1.)]
    """
    return make("minimum", a, b)


def maximum(a: Operand, b: Operand) -> Node:
    """The larger of a and b; where they are equal, the gradient goes to b.

    >>> from downslope.engines import evaluate
    >>> evaluate([maximum(1.0, 2.0)], {})
    [array(2.)]
    """
    return make("maximum", a, b)


def negate(a: Operand) -> Node:
    """−a.

    >>> from downslope.engines import evaluate
    >>> evaluate([negate(2.0)], {})
    [array(-2.)]
    """
    return make("negate", a)


def power(a: Node, exponent: float) -> Node:
    """a to a fixed exponent, also written ``a ** exponent``.

    A whole exponent is multiplied out; any other takes a above 0.

    >>> from downslope.engines import evaluate
    >>> from downslope.graph import constant
    >>> evaluate([power(constant(2.0), 3), power(constant(4.0), 1.5)], {})
    [array(8.), array(8.)]
    """
    return checked_node("power", a) ** exponent


def absolute(a: Operand) -> Node:
    """|a|; the derivative is 0 at 0.

    >>> from downslope.engines import evaluate
    >>> evaluate([absolute(-2.0)], {})
    [array(2.)]
    """
    return make("absolute", a)


def sign(a: Operand) -> Node:
    """−1, 0 or 1; its derivative is taken as 0.

    >>> from downslope.engines import evaluate
    >>> evaluate([sign(-2.0)], {})
    [array(-1.)]
    """
    return make("sign", a)


def step(a: Operand) -> Node:
    """1 where a > 0, else 0; its derivative is taken as 0.

    >>> from downslope.engines import evaluate
    >>> evaluate([step(3.0)], {})
    [array(1.)]
    """
    return make("step", a)


def square(a: Operand) -> Node:
    """a².

    >>> from downslope.engines import evaluate
    >>> evaluate([square(3.0)], {})
    [array(9.)]
    """
    return make("square", a)


def sqrt(a: Operand) -> Node:
    """√a.

    >>> from downslope.engines import evaluate
    >>> evaluate([sqrt(9.0)], {})
    [array(3.)]
    """
    return make("sqrt", a)


def exp(a: Operand) -> Node:
    """eᵃ.

    >>> from downslope.engines import evaluate
    >>> evaluate([exp(1.0)], {})
    [array(2.71828183)]
    """
    return make("exp", a)


def expm1(a: Operand) -> Node:
    """eᵃ − 1, exact for small a.

    >>> from downslope.engines import evaluate
    >>> evaluate([expm1(1e-20)], {})
    [array(1.e-20)]
    """
    return make("expm1", a)


def log(a: Operand) -> Node:
    """ln a.

    >>> from downslope.engines import evaluate
    >>> evaluate([log(1.0)], {})
    [array(0.)]
    """
    return make("log", a)


def sin(a: Operand) -> Node:
    """sin a.

    >>> from downslope.engines import evaluate
    >>> evaluate([sin(0.0)], {})
    [array(0.)]
    """
    return make("sin", a)


def cos(a: Operand) -> Node:
    """cos a.

    >>> from downslope.engines import evaluate
    >>> evaluate([cos(0.0)], {})
    [array(1.)]
    """
    return make("cos", a)


def sigmoid(a: Operand) -> Node:
    """σ(a) = 1 / (1 + e⁻ᵃ).

    >>> from downslope.engines import evaluate
    >>> evaluate([sigmoid(0.0)], {})
    [array(0.5)]
    """
    return make("sigmoid", a)


def tanh(a: Operand) -> Node:
    """tanh a.

    >>> from downslope.engines import evaluate
    >>> evaluate([tanh(0.0)], {})
    [array(0.)]
    """
    return make("tanh", a)


def relu(a: Operand) -> Node:
    """max(a, 0); the derivative is 0 at 0.

    >>> from downslope.engines import evaluate
    >>> evaluate([relu(-1.0)], {})
    [array(-0.)]
    """
    return make("relu", a)


def silu(a: Operand) -> Node:
    """a·σ(a), also called swish (Ramachandran et al. 2017).

    >>> from downslope.engines import evaluate
    >>> evaluate([silu(0.0)], {})
    [array(0.)]
    """
    return make("silu", a)


def gelu(a: Operand) -> Node:
    """a·Φ(a), exact (Hendrycks and Gimpel 2016).

    >>> from downslope.engines import evaluate
    >>> evaluate([gelu(0.0)], {})
    [array(0.)]
    """
    return make("gelu", a)


def mish(a: Operand) -> Node:
    """a·tanh(softplus a) (Misra 2019).

    >>> from downslope.engines import evaluate
    >>> evaluate([mish(0.0)], {})
    [array(0.)]
    """
    return make("mish", a)


def softplus(a: Operand) -> Node:
    """ln(1 + eᵃ), which never overflows.

    >>> from downslope.engines import evaluate
    >>> evaluate([softplus(0.0)], {})
    [array(0.69314718)]
    """
    return make("softplus", a)


def selu(a: Operand) -> Node:
    """λ·elu(a, α) with the λ and α of Klambauer et al. (2017).

    >>> from downslope.engines import evaluate
    >>> evaluate([selu(1.0)], {})
    [array(1.05070099)]
    """
    return make("selu", a)


def normal_cdf(a: Operand) -> Node:
    """Φ(a), the distribution function of the standard normal distribution.

    >>> from downslope.engines import evaluate
    >>> evaluate([normal_cdf(0.0)], {})
    [array(0.5)]
    """
    return make("normal_cdf", a)


def leaky_relu(a: Operand, slope: float = 0.01) -> Node:
    """a where a > 0, else slope·a.

    >>> from downslope.engines import evaluate
    >>> evaluate([leaky_relu(-1.0)], {})
    [array(-0.01)]
    """
    return make("leaky_relu", a, slope=number("slope", slope))


def elu(a: Operand, alpha: float = 1.0) -> Node:
    """a where a > 0, else alpha·(eᵃ − 1) (Clevert et al. 2015).

    >>> from downslope.engines import evaluate
    >>> evaluate([elu(0.0)], {})
    [array(0.)]
    """
    return make("elu", a, alpha=number("alpha", alpha))


def clip(a: Operand, low: float, high: float) -> Node:
    """a, at least low and at most high.

    >>> from downslope.engines import evaluate
    >>> evaluate([clip(5.0, -1.0, 1.0)], {})
    [array(1.)]
    """
    return minimum(maximum(a, low), high)


def where(condition: Operand, a: Operand, b: Operand) -> Node:
    """a where the condition is not 0, else b; no gradient goes to the condition.

    >>> from downslope.engines import evaluate
    >>> from downslope.graph import constant
    >>> z = constant(-3.0)
    >>> evaluate([where(z > 0, z, 0.1 * z)], {})
    [array(-0.3)]
    """
    if not (isinstance(condition, Node) and condition.op.name in ("step", "one_hot", "keep_mask")):
        condition = step(absolute(condition))  # the gradients of a and b are its products with 1 and 0
    return make("where", condition, a, b)
