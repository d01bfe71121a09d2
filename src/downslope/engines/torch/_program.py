"""A program in torch: its leaves as tensors, stacked where members are alike, and a function of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from downslope._dataclass import dataclass
from downslope.engines import _arrays
from downslope.engines._share import Share
from downslope.engines.torch._ops import compute
from downslope.engines.torch._stacks import Stack, stacked
from downslope.graph import BATCH, Node, topological

__all__ = ["DRAWS", "TorchProgram", "signed", "torch_program"]

Tensors = list[Any]

DRAWS = ("seed", "draw")
"""What dropout gets as whole numbers."""


@dataclass(frozen=True, eq=False)
class TorchProgram:
    """What a program computes, in an order in which torch can compute it.

    Attributes:
        outputs: beside the updates.
        updates: the new value of each parameter and state, by its leaf.
        stacks: all nodes, each after its inputs.
        kept: the stacks of parameters and states.
        columns: the inputs of the rows, by name.
        scalars: the inputs that are single numbers, by name.
        bfloat16: whether factors of products are rounded.
    """

    outputs: Sequence[Node]
    updates: Mapping[Node, Node]
    stacks: Sequence[Stack]
    kept: Sequence[Stack]
    columns: Sequence[str]
    scalars: tuple[str, ...]
    bfloat16: bool

    @property
    def given(self) -> Sequence[str]:
        """The names of all leaves that a step does not change."""
        leaves = (stack[0] for stack in self.stacks if not stack[0].inputs)
        return [n.name for n in leaves if n.op.name != "constant" and n not in self.updates]

    @property
    def multiplications(self) -> int:
        """In the products of a step, for each row, about."""
        shapes = [tuple(map(int, leaf.shape)) for stack in self.kept for leaf in stack]
        return sum(int(np.prod(shape)) for shape in shapes if len(shape) == 2)

    def run(self, kept: Tensors, given: Mapping[str, Any], share: Share | None = None) -> Tensors:
        """The outputs, and the new value of each of ``kept``.

        Args:
            kept: the parameters and states, a tensor for each stack.
            given: the value of every other leaf by name; ``seed`` and ``draw`` of dropout as int64.
            share: of a rank, where several compute a step together.
        """
        values = _Values(self.bfloat16, share)
        for stack, value in zip(self.kept, kept, strict=True):
            values.give(stack, value)
        for stack in self.stacks:
            if stack[0].inputs:
                values.compute(stack)
            elif stack[0].op.name == "constant":
                values.give(stack, stack[0].attributes["value"])
            elif stack[0] not in self.updates:
                values.give(stack, given[stack[0].name])
        new = [values.stacked(tuple(self.updates[leaf] for leaf in stack)) for stack in self.kept]
        return [*map(values.single, self.outputs), *new]

    def outputs_from(self, known: Mapping[Node, Any]) -> Tensors:
        """The outputs, which are numbers, of many steps at once, (steps,), from what the members report.

        Args:
            known: values of nodes, (steps,) each, of which the outputs are made.
        """
        values = _Values(self.bfloat16)
        for node, value in known.items():
            values.give((node,), value)
        wanted, todo = set[Node](), [node for node in self.outputs if node not in known]
        while todo:
            node = todo.pop()
            wanted.add(node)
            todo.extend(i for i in node.inputs if i not in known and i not in wanted)
        for node in topological(wanted):
            if node.op.name == "constant":
                values.give((node,), node.attributes["value"])
            elif node in wanted:
                values.compute((node,))
        return [values.single(node) for node in self.outputs]


class _Values:
    """The values of nodes while a program runs: tensors, and numbers where they follow from constants."""

    def __init__(self, bfloat16: bool, share: Share | None = None) -> None:
        self._bfloat16, self._share = bfloat16, share
        self._values: dict[Stack, Any] = {}
        self._places: dict[Node, tuple[Stack, int]] = {}

    def give(self, stack: Stack, value: Any) -> None:
        """The value of a stack."""
        self._values[stack] = value
        self._places |= {node: (stack, place) for place, node in enumerate(stack)}

    def single(self, node: Node) -> Any:
        """The value of one node."""
        stack, place = self._places[node]
        value = self._values[stack]
        return value[place] if len(stack) > 1 and isinstance(value, torch.Tensor) else value

    def stacked(self, nodes: Stack) -> Any:
        """The values of several nodes as one tensor; where all are one node, its value."""
        if nodes in self._values:
            return self._values[nodes]
        if len(set(nodes)) == 1:
            return self.single(nodes[0])
        return torch.stack([self.single(node) for node in nodes])

    def compute(self, stack: Stack) -> None:
        """The value of a stack, from those of its inputs."""
        (node, *_), count = stack, len(stack)
        inputs = zip(*(each.inputs for each in stack), strict=True)
        operands = [(self.stacked(each), len(each[0].shape)) for each in inputs]
        if all(isinstance(value, float) for value, _ in operands):
            value: Any = float(node.op.evaluate(_arrays, *(v for v, _ in operands), **node.attributes))
        else:
            value = compute(stack, operands, self._bfloat16, self._share)
        if count > 1 and isinstance(value, torch.Tensor) and value.ndim == len(node.shape):
            value = value.expand(count, *value.shape)  # of inputs that all members share
        self.give(stack, value)


@lru_cache(maxsize=64)
def torch_program(
    outputs: tuple[Node, ...], updates: tuple[tuple[Node, Node], ...] = (), bfloat16: bool = False
) -> TorchProgram:
    """The program of some nodes, made once for all descents of the same structure."""
    rules = dict(updates)
    stacks = stacked([*outputs, *rules.values()], rules)
    leaves = [stack[0] for stack in stacks if stack[0].op.name == "input"]
    return TorchProgram(
        outputs,
        rules,
        stacks,
        [stack for stack in stacks if stack[0] in rules],
        [leaf.name for leaf in leaves if BATCH in leaf.shape],
        tuple(leaf.name for leaf in leaves if leaf.shape == () and leaf.name not in DRAWS),
        bfloat16,
    )


def signed(value: int) -> int:
    """The same 64 bits as a number with a sign, as torch has them."""
    return (int(value) + 2**63) % 2**64 - 2**63
