"""The error of a row, and its derivative by the output of the network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from downslope._dataclass import dataclass
from downslope.graph import Node
from downslope.graph.notation import Expression, Fraction, Infix, Number, SumOver, Symbol, product
from downslope.insight.derivation._document import Block, Formula, Item, listing
from downslope.insight.derivation._view import NetworkView, interior
from downslope.insight.derivation._written import written, written_derivative
from downslope.insight.derivation.rules import Shares
from downslope.nets import LOSSES

__all__ = ["error_of_row", "levels", "loss_gradient", "loss_to_unit"]

_FEW = 3
_TARGET = Symbol("y")


@dataclass(frozen=True)
class _Known:
    """A loss that is one op, which knows how it is written."""

    node: Node

    def value(self, z: Expression, y: Expression, level: Expression | None = None) -> Expression | None:
        settings = self.node.attributes if level is None else {**self.node.attributes, "level": level}
        return self.node.op.notation(z, y, **settings)

    def derivative(self, z: Expression, y: Expression, level: Expression | None = None) -> Expression | None:
        settings = self.node.attributes if level is None else {**self.node.attributes, "level": level}
        write = getattr(self.node.op, "local_notation")  # noqa: B009 (not all losses are elementwise)
        found: Expression = write(z, y, **settings)
        return found

    @property
    def of_classes(self) -> bool:
        """Whether it is of all scores of a row and the number of its class."""
        return len(self.node.inputs[1].shape) == 1 and len(self.node.inputs[0].shape) == 2

    @property
    def column(self) -> int:
        """The output that it is of, where there is one for each."""
        z = self.node.inputs[0]
        return int(z.attributes["indices"][0]) if z.op.name == "columns" else 0


@dataclass(frozen=True)
class _Own:
    """A loss of one's own, made of ops."""

    node: Node
    output: Node
    target: Node
    of_classes: bool = False

    def value(self, z: Expression, y: Expression, level: Expression | None = None) -> Expression | None:
        return written(self.node, {self.output: z, self.target: y})

    def derivative(self, z: Expression, y: Expression, level: Expression | None = None) -> Expression | None:
        return written_derivative(self.node, self.output, {self.output: z, self.target: y})


def _losses(view: NetworkView) -> Sequence[_Known] | Sequence[_Own]:
    """The loss that all outputs share, or one for each."""
    graph, loss = view.graph, view.network.loss_function
    node = loss(graph.output, graph.y)  # equal graphs are the very same nodes
    if node.op.name in LOSSES and node.inputs == (graph.output, graph.y):
        return [_Known(node)]
    if loss.name in LOSSES and type(loss) is type(LOSSES[loss.name]):
        parts = [_Known(n) for n in interior(node, (graph.output,)) if n.op.name == loss.name]
        return sorted(parts, key=lambda one: one.column)
    return [_Own(node, graph.output, graph.y)]


def error_of_row(view: NetworkView) -> Block:
    """The error of the row from its output and its target."""
    losses, formula = _losses(view), _mean_loss(view)
    outputs = int(view.graph.output.shape[1])
    items: list[Item] = []
    if losses[0].of_classes:
        items.append(f"The target is class y = {int(view.given['y'][0]) + 1} of {outputs}.")
    elif outputs > 1 or not formula:
        items.append(Formula((_TARGET, listing(np.ravel(view.given["y"])))))
    if not formula:
        items.append(f"E is the loss {view.network.loss_function.name} of the output and the target:")
    error = Number(float(view.value(view.graph.errors)[0]))
    return Block("The error of this row", (*items, *levels(view), Formula((view.error, *formula, error))))


def levels(view: NetworkView) -> list[Item]:
    """The levels of a quantile loss, where outputs differ in them."""
    losses = _losses(view)
    if len(losses) < 2:
        return []
    return [Formula((Symbol("q"), listing(np.array([one.node.attributes["level"] for one in losses]))))]


def _level(losses: Sequence[object], index: str) -> Symbol | None:
    """A level that differs between outputs: q, or q with an index."""
    return Symbol("q", index=index) if len(losses) > 1 else None


def _mean_loss(view: NetworkView) -> tuple[Expression, ...]:
    """The mean of the losses of the outputs, in symbols and, of a few, in numbers."""
    losses, output, outputs = _losses(view), view.graph.output, int(view.graph.output.shape[1])
    if losses[0].of_classes:
        whole = losses[0].value(view.symbol(output), _TARGET)
        return () if whole is None else (whole,)
    index = "" if outputs == 1 else "k"
    one = losses[0].value(view.symbol(output, "k"), Symbol("y", index=index), _level(losses, index))
    if one is None:
        return ()
    numbers = [_own(losses, k).value(*_numbers(view, k)) for k in range(outputs)] if outputs <= _FEW else []
    known = [e for e in numbers if e is not None]
    if outputs == 1:
        return (one, *known)
    mean = product((_share(outputs), SumOver("k", one)))
    return (mean, product((_share(outputs), Infix("+", tuple(known))))) if known else (mean,)


def _numbers(view: NetworkView, k: int) -> tuple[Number, Number]:
    """One output and its target."""
    return Number(float(view.value(view.graph.output)[0, k])), Number(float(view.given["y"][0, k]))


def _own(losses: Sequence[_Known] | Sequence[_Own], output: int) -> _Known | _Own:
    """The loss of one output."""
    return losses[0] if len(losses) == 1 else losses[output]


def _share(outputs: int) -> Expression:
    return Fraction(Number(1), Number(outputs))


def loss_gradient(view: NetworkView) -> Expression | None:
    """∂E/∂(output) in symbols; None where it is written out for one output after the other, or not at all."""
    losses, output = _losses(view), view.graph.output
    outputs = int(output.shape[1])
    if isinstance(losses[0], _Own) and outputs > 1:
        return None
    local = losses[0].derivative(view.symbol(output), _TARGET, _level(losses, ""))
    if local is None or outputs == 1 or losses[0].of_classes:
        return local
    return product((_share(outputs), local))


def loss_to_unit(view: NetworkView, unit: int) -> Shares | None:
    """∂E/∂(one output) in symbols and in the numbers of the row; None where it is one of its class scores."""
    losses, output = _losses(view), view.graph.output
    if losses[0].of_classes:
        return None
    outputs = int(output.shape[1])
    index = "" if outputs == 1 else str(unit + 1)
    symbols = losses[0].derivative(view.symbol(output, unit), Symbol("y", index=index), _level(losses, index))
    numbers = _own(losses, unit).derivative(*_numbers(view, unit))
    if symbols is None or numbers is None:
        return None
    if outputs == 1:
        return Shares(symbols, numbers)
    return Shares(product((_share(outputs), symbols)), product((_share(outputs), numbers)))
