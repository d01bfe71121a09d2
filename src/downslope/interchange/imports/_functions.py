"""Activation functions of other libraries that have no name here, made of ops."""

from __future__ import annotations

import math
from collections.abc import Callable

from downslope.graph import Node, ops

__all__ = [
    "celu",
    "clipped",
    "gelu_tanh",
    "hard_sigmoid",
    "hard_swish",
    "log_sigmoid",
    "softplus",
    "softsign",
]


def _called(name: str, function: Callable[[Node], Node]) -> Callable[[Node], Node]:
    function.__name__ = name
    return function


def gelu_tanh(z: Node) -> Node:
    """½ z (1 + tanh(√(2/π) (z + 0.044715 z³))) (Hendrycks and Gimpel 2016)."""
    inner = math.sqrt(2 / math.pi) * (z + 0.044715 * z * z * z)
    return 0.5 * z * (1.0 + ops.tanh(inner))


def log_sigmoid(z: Node) -> Node:
    """ln σ(z) = −softplus(−z)."""
    return -ops.softplus(-z)


def softsign(z: Node) -> Node:
    """z / (1 + |z|)."""
    return z / (1.0 + ops.absolute(z))


def hard_sigmoid(z: Node) -> Node:
    """z/6 + ½, from 0 to 1."""
    return ops.clip(z / 6.0 + 0.5, 0.0, 1.0)


def hard_swish(z: Node) -> Node:
    """z times its hard sigmoid (Howard et al. 2019)."""
    return z * hard_sigmoid(z)


def clipped(low: float, high: float) -> Callable[[Node], Node]:
    """z, from ``low`` to ``high``."""
    return _called("clipped", lambda z: ops.clip(z, low, high))


def celu(alpha: float) -> Callable[[Node], Node]:
    """max(z, 0) + alpha·(e to the min(z, 0)/alpha − 1) (Barron 2017)."""
    return _called("celu", lambda z: ops.maximum(z, 0.0) + alpha * ops.expm1(ops.minimum(z, 0.0) / alpha))


def softplus(beta: float) -> Callable[[Node], Node]:
    """ln(1 + e to the beta·z) / beta."""
    return _called("softplus", lambda z: ops.softplus(beta * z) / beta)
