"""The reference engine: node by node in NumPy. Slow and obvious, the oracle of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines import _arrays
from downslope.graph import Node, topological

__all__ = ["Plan", "evaluate"]


class Plan:
    """The order in which to evaluate some nodes, and when each intermediate value can be let go.

    Making a plan walks the graph once; running it is one call of NumPy for each node.
    """

    def __init__(self, outputs: Sequence[Node]) -> None:
        order = topological(outputs)
        slot = {node: i for i, node in enumerate(order)}
        last_use = {slot[i]: slot[n] for n in order for i in n.inputs}
        kept = {slot[n] for n in outputs}
        frees: list[list[int]] = [[] for _ in order]
        for value, user in last_use.items():
            if value not in kept:
                frees[user].append(value)
        self.leaves = [(slot[n], n.name) for n in order if not n.inputs and n.op.name != "constant"]
        self._constants = [(slot[n], n.attributes["value"]) for n in order if n.op.name == "constant"]
        self._steps = [
            (n.op.evaluate, slot[n], tuple(slot[i] for i in n.inputs), n.attributes, frees[slot[n]])
            for n in order
            if n.inputs
        ]
        self._outputs = [slot[n] for n in outputs]
        self._size = len(order)

    def run(self, values: Mapping[str, Any], namespace: ModuleType | _arrays.OfRank = _arrays) -> list[Any]:
        """The outputs, given a value for each leaf by name."""
        slots: list[Any] = [None] * self._size
        for i, name in self.leaves:
            slots[i] = values[name]
        for i, value in self._constants:
            slots[i] = value
        for evaluate_op, target, sources, attributes, done in self._steps:
            slots[target] = evaluate_op(namespace, *[slots[s] for s in sources], **attributes)
            for i in done:
                slots[i] = None
        return [slots[i] for i in self._outputs]


def evaluate(nodes: Sequence[Node], values: Mapping[str, Any]) -> list[NDArray[Any]]:
    """The values of any nodes, given a value for each leaf by name.

    >>> import numpy as np
    >>> from downslope.graph import input_
    >>> x = input_("x", ("n", 2))
    >>> evaluate([2.0 * x], {"x": np.array([[1.0, 3.0]])})
    [array([[2., 6.]])]
    """
    return [np.asarray(v) for v in Plan(nodes).run(values)]
