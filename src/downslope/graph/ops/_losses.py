"""The losses of a row"s outputs and targets, element by element."""

from __future__ import annotations

from downslope._checks import POSITIVE, Interval, number
from downslope.graph._node import Node, Operand, make

__all__ = [
    "absolute_error",
    "binary_cross_entropy",
    "cross_entropy",
    "huber",
    "poisson",
    "quantile",
    "squared_error",
]

_INSIDE = Interval(0, 1, open_low=True, open_high=True)


def squared_error(z: Operand, y: Operand) -> Node:
    """(y − z)².

    >>> from downslope.engines import evaluate
    >>> evaluate([squared_error(1.0, 3.0)], {})
    [array(4.)]
    """
    return make("squared_error", z, y)


def absolute_error(z: Operand, y: Operand) -> Node:
    """|y − z|.

    >>> from downslope.engines import evaluate
    >>> evaluate([absolute_error(1.0, 3.0)], {})
    [array(2.)]
    """
    return make("absolute_error", z, y)


def huber(z: Operand, y: Operand, delta: float = 1.0) -> Node:
    """½r² where |r| ≤ delta, else delta·(|r| − ½delta), with r = y − z (Huber 1964).

    >>> from downslope.engines import evaluate
    >>> evaluate([huber(1.0, 3.0)], {})
    [array(1.5)]
    """
    return make("huber", z, y, delta=number("delta", delta, POSITIVE))


def quantile(z: Operand, y: Operand, level: float = 0.5) -> Node:
    """level·r where r > 0, else (level − 1)·r, with r = y − z (Koenker and Bassett 1978).

    >>> from downslope.engines import evaluate
    >>> evaluate([quantile(1.0, 3.0, level=0.75)], {})
    [array(1.5)]
    """
    return make("quantile", z, y, level=number("level", level, _INSIDE))


def binary_cross_entropy(z: Operand, y: Operand) -> Node:
    """softplus(z) − y·z: −ln of the probability of y, 0 or 1, where that of 1 is σ(z).

    >>> from downslope.engines import evaluate
    >>> evaluate([binary_cross_entropy(0.0, 1.0)], {})
    [array(0.69314718)]
    """
    return make("binary_cross_entropy", z, y)


def poisson(z: Operand, y: Operand) -> Node:
    """eᶻ − y·z: the negative log likelihood of a count y of rate eᶻ, but for a term without z.

    >>> from downslope.engines import evaluate
    >>> evaluate([poisson(0.0, 2.0)], {})
    [array(1.)]
    """
    return make("poisson", z, y)


def cross_entropy(z: Node, y: Node) -> Node:
    """ln Σₖ exp(zₖ) − z_y of each row, for scores z, (n, classes), and class numbers y, (n,).

    >>> from downslope.graph import input_
    >>> cross_entropy(input_("z", ("n", 4)), input_("y", ("n",)))
    <cross_entropy (n)>
    """
    return make("cross_entropy", z, y)
