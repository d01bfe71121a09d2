"""The chain rule: from the graph of an error to the graph of its gradient.

Reverse-mode differentiation (Linnainmaa 1970; Rumelhart, Hinton and Williams 1986), written as a
function from graph to graph. Its result is made of the same nodes as its input, so it can be printed,
evaluated, and differentiated again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from downslope.errors import DownslopeError
from downslope.graph._node import Node, make, topological

__all__ = ["gradient", "hessian_vector_product"]


def gradient(output: Node, wrt: Sequence[Node]) -> list[Node]:
    """∂output/∂v for each node v of ``wrt``, as nodes of the shapes of ``wrt``.

    The output is one number. A node that it does not depend on has the gradient 0.

    Raises:
        DownslopeError: if the output is not a single number.

    >>> from downslope.graph import make, parameter
    >>> w = parameter("w", (3,))
    >>> error = make("sum", make("square", w), axes=None, keepdims=False)
    >>> gradient(error, [w])
    [<multiply (3)>]
    """
    if output.shape != ():
        raise DownslopeError(
            f"the gradient is of one number, not of a value of shape {output.shape}; sum it first"
        )
    return _pulled_back({output: make("constant", value=1.0)}, wrt)


def _pulled_back(upstream: dict[Node, Node], wrt: Sequence[Node]) -> list[Node]:
    """What comes back to each node v of ``wrt``: Σ over nodes u of upstream(u) · ∂u/∂v."""
    order = topological(upstream)
    on_path = _depending_on(order, wrt)
    for node in reversed(order):
        if node not in on_path or node not in upstream:
            continue
        shares = node.op.backward(node, upstream[node]) if node.inputs else ()
        for source, share in zip(node.inputs, shares, strict=True):
            if share is not None and source in on_path:
                upstream[source] = upstream[source] + share if source in upstream else share
    return [upstream[v] if v in upstream else make("broadcast", 0.0, v, axes=()) for v in wrt]


def _depending_on(order: Iterable[Node], wrt: Sequence[Node]) -> set[Node]:
    """The nodes of a topological order through which something flows to one of ``wrt``."""
    found = set(wrt)
    for node in order:
        if any(i in found for i in node.inputs):
            found.add(node)
    return found


def hessian_vector_product(output: Node, wrt: Sequence[Node], vectors: Sequence[Node]) -> list[Node]:
    """H·v, the second derivatives of the output times a direction, as nodes (Pearlmutter 1994).

    The chain rule applied to its own result: what comes back to w where v comes in at ∂output/∂w.
    """
    upstream: dict[Node, Node] = {}
    for g, v in zip(gradient(output, wrt), vectors, strict=True):
        upstream[g] = upstream[g] + v if g in upstream else v
    return _pulled_back(upstream, wrt)
