"""What the values of a training step are called, after the nodes of the program that they hold."""

from __future__ import annotations

from downslope.engines.native.tape import Kind, layout
from downslope.graph import Node, gradient
from downslope.graph.notation import Expression, Symbol, partial
from downslope.training import Program

__all__ = ["E", "Names", "without_views"]

E = Symbol("E")


class Names:
    """The names that a program gives: stages, derivatives by them and by parameters, errors."""

    def __init__(self, program: Program) -> None:
        self._names: dict[Node, Expression] = {}
        self._used: set[Expression] = set()
        graph = program.graph
        for node, name in ((graph.error, "E"), (graph.data_error, "data_error"), (graph.errors, "errors")):
            self._add(node, Symbol(name))
        for stage in graph.stages:
            self._add(stage.node, stage.symbol)
        slopes = gradient(graph.error, [stage.node for stage in graph.stages])
        for stage, slope in zip(graph.stages, slopes, strict=True):
            z = stage.kind == "Dense"
            self._add(slope, Symbol("δ", layer=stage.symbol.layer) if z else partial(E, stage.symbol))
        for parameter, slope in program.gradients.items():
            self._add(slope, partial(E, Symbol(parameter)))
        for leaf, new in program.updates.items():
            self._add(new, Symbol(leaf, prime=True))

    def _add(self, node: Node, name: Expression) -> None:
        """The first name of a node stays, and no two nodes share one."""
        numbers = _same_numbers(node)
        if node.inputs and name not in self._used and numbers not in self._names:
            self._names[numbers] = name
            self._used.add(name)

    def of(self, node: Node | None) -> Expression | None:
        """The name of a value that holds this node."""
        return None if node is None else self._names.get(_same_numbers(node))


def _one_feature(node: Node) -> bool:
    """Whether a node is the sum of one number for each row: that number."""
    kinds = [layout(n.shape) for n in (node, node.inputs[0])]
    return node.op.name == "sum" and kinds[0] == kinds[1] and kinds[0][0] == Kind.PANELS


def _same_numbers(node: Node) -> Node:
    """What lies in memory for a node that only gives it another shape."""
    while node.inputs and (_one_feature(node) or _rebroadcast(node)):
        node = node.inputs[0]
    return node


def _rebroadcast(node: Node) -> bool:
    return node.op.name == "broadcast" and layout(node.shape) == layout(node.inputs[0].shape)


def without_views(node: Node) -> Node:
    """What the engine reads for a node: repeated, transposed or summed over nothing where it lies."""
    while node.inputs and (node.op.name in ("broadcast", "transpose") or _one_feature(node)):
        node = node.inputs[0]
    return node
