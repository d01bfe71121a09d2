"""Blocks: which elementwise nodes run together, and what their instruction is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from downslope.engines.native.lowering._opcodes import View
from downslope.engines.native.lowering._tape import Instruction
from downslope.engines.native.lowering._views import is_elementwise
from downslope.graph import Node

__all__ = ["FACTORS", "ElementwiseBlock", "Groups", "factor_of", "factors_first"]

FACTORS = {"silu": "sigmoid", "gelu": "normal_cdf"}
"""The op f of activations z·f(z). Their derivatives have it too, so that it is computed once for both."""


class ElementwiseBlock:
    """A block under construction: its operands by value, and registers for what only it uses."""

    def __init__(self, instruction: Instruction) -> None:
        self.instruction = instruction
        self.places: dict[Node, int] = {}
        self.free: list[int] = []
        self._numbers: dict[tuple[int, View], int] = {}

    def register(self) -> int:
        """The number of a free register."""
        if self.free:
            return self.free.pop()
        self.instruction.operands.append((-1, View.SCRATCH))
        return len(self.instruction.operands) - 1

    def _operand(self, value: int, view: View) -> int:
        if (value, view) not in self._numbers:
            self._numbers[value, view] = len(self.instruction.operands)
            self.instruction.operands.append((value, view))
        return self._numbers[value, view]

    def reading(self, value: int, view: View) -> int:
        """The number of an operand that is read."""
        if value not in self.instruction.writes:
            self.instruction.reads.add(value)
        return self._operand(value, view)

    def writing(self, value: int, view: View) -> int:
        """The number of an operand that is written."""
        self.instruction.writes.add(value)
        return self._operand(value, view)


class Groups:
    """Elementwise nodes of one stage and shape that hang together run as one block."""

    def __init__(self, order: Sequence[Node], stages: Mapping[Node, int]) -> None:
        self._group: dict[Node, list[Node]] = {}
        for node in order:
            if not is_elementwise(node):
                continue
            group = [node]
            for source in node.inputs:
                near = self._group.get(source)
                if near is None or source in group:
                    continue
                if stages[source] == stages[node] and source.shape == node.shape and node.shape != ():
                    group = near + group
            for member in group:
                self._group[member] = group

    def of(self, node: Node) -> list[Node]:
        """The nodes that run together with a node, in an order in which they can."""
        return self._group[node]


def factor_of(node: Node, users: Mapping[Node, Sequence[Node]]) -> Node | None:
    """f(z) of an activation z·f(z), where the program has it."""
    name = FACTORS.get(node.op.name)
    of_same = users[node.inputs[0]] if name else ()
    return next((user for user in of_same if user.op.name == name), None)


def factors_first(nodes: Sequence[Node], users: Mapping[Node, Sequence[Node]]) -> list[Node]:
    """The nodes of a block in an order in which f(z) is there for z·f(z)."""
    place: dict[Node, float] = {node: number for number, node in enumerate(nodes)}
    for node in nodes:
        factor = factor_of(node, users)
        if factor in place:
            place[factor] = min(place[factor], place[node] - 0.5)
    return sorted(nodes, key=place.__getitem__)
