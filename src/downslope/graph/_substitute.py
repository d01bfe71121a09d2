"""The same graph over other leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from downslope.graph._node import Node, make, topological

__all__ = ["substitute"]


def substitute(outputs: Sequence[Node], replacements: Mapping[Node, Node]) -> list[Node]:
    """The outputs with some nodes replaced by others; the shapes follow from those that replace.

    Raises:
        DownslopeError: where the shapes of the new nodes do not fit an op.

    >>> from downslope.graph import input_
    >>> a, b = input_("a", ("n", 2)), input_("b", ("n", 5))
    >>> substitute([make("exp", a) + 1.0], {a: b})
    [<add (n, 5)>]
    """
    new = dict(replacements)
    for node in topological(outputs):
        if node not in new:
            inputs = [new[i] for i in node.inputs]
            same = all(after is before for after, before in zip(inputs, node.inputs, strict=True))
            new[node] = node if same else make(node.op.name, *inputs, **node.attributes)
    return [new[node] for node in outputs]
