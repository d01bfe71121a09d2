"""A function made of ops as a formula, each op in its own notation."""

from __future__ import annotations

import math
from collections.abc import Mapping

from downslope.graph import Elementwise, Node, gradient, make, topological
from downslope.graph.notation import Expression, Infix, Number, Power
from downslope.insight.derivation._view import interior

__all__ = ["written", "written_derivative"]

_LONGEST = 16
_ONE = Number(1.0)


def written(output: Node, names: Mapping[Node, Expression]) -> Expression | None:
    """One element of a node, in the names of one element of each node that it is computed from.

    None if that is long, or an element depends on others.
    """
    found: dict[Node, Expression] = dict(names)
    steps = 0
    between = interior(output, found)
    for node in topological([output]):
        if node not in between or not all(source in found for source in node.inputs):
            continue
        if node.op.name == "broadcast":
            found[node] = found[node.inputs[0]]
        elif node.op.name == "constant" or isinstance(node.op, Elementwise):
            found[node] = _one_op(node, found)
            steps += bool(node.inputs)
    return found.get(output) if steps <= _LONGEST else None


def _one_op(node: Node, names: Mapping[Node, Expression]) -> Expression:
    operands = [names[source] for source in node.inputs]
    others = [e for e in operands if e != _ONE]
    if node.op.name == "multiply" and len(others) < 2:
        return others[0] if others else _ONE
    grown = _one_minus_power(node, names)
    return node.op.notation(*operands, **node.attributes) if grown is None else grown


def _one_minus_power(node: Node, names: Mapping[Node, Expression]) -> Expression | None:
    """1 − βᵗ, which is computed as −expm1(ln β · t); None of anything else."""
    if node.op.name != "negate" or node.inputs[0].op.name != "expm1":
        return None
    exponent = node.inputs[0].inputs[0]
    if exponent.op.name != "multiply" or exponent.inputs[0].op.name != "constant":
        return None
    logarithm, times = exponent.inputs
    base = Number(math.exp(logarithm.attributes["value"]))
    return Infix("−", (_ONE, Power(base, names[times])))


def written_derivative(output: Node, by: Node, names: Mapping[Node, Expression]) -> Expression | None:
    """The derivative of one element of a node by the same element of another; None as for ``written``."""
    if written(output, names) is None:
        return None
    total = make("sum", output, axes=None, keepdims=False)
    return written(gradient(total, [by])[0], names)
