"""What a kind of layer says of its derivation; by itself, one of which nothing is known but its nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.graph import Node
from downslope.graph.notation import (
    Expression,
    Number,
)
from downslope.insight.derivation._document import Formula, Item, listing
from downslope.insight.derivation._view import NetworkView, interior
from downslope.nets import Stage

__all__ = ["Factors", "Rule", "Shares", "columns_of", "scalar", "taker"]


@dataclass(frozen=True)
class Factors:
    """The factors of a parameter's gradient.

    Attributes:
        symbols: how each is written.
        values: for each row, (rows, factors).
        unit: the unit of the stage that the parameter acts on.
        split: the chain rule that leads to them, such as ∂E/∂z·∂z/∂w; None where they are it.
        notes: what else there is to say.
    """

    symbols: tuple[Expression, ...]
    values: NDArray[np.float64]
    unit: int | None
    split: Expression | None = None
    notes: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Shares:
    """What a layer passes back to one unit of its input, with what is said before and after it."""

    symbols: Expression
    numbers: Expression
    before: tuple[Item, ...] = ()
    after: tuple[str, ...] = ()


def scalar(values: NDArray[Any], unit: int) -> Number:
    """One value of the only row."""
    return Number(float(values[0, unit]))


class Rule:
    """A kind of layer of which nothing is known but its nodes."""

    def forward(self, view: NetworkView, stage: Stage) -> list[Item]:
        """How its value is computed, on one row."""
        what = f"{stage.layer} is a layer of the kind {stage.kind}:"
        return [what, Formula((view.symbol(stage.node), listing(view.value(stage.node)[0])))]

    def passed_back(self, view: NetworkView, stage: Stage, source: Node) -> Expression | None:
        """What it passes back to one of its inputs; None where that is not written out."""
        return None

    def before_passing(self, view: NetworkView, stage: Stage) -> list[tuple[Expression, Expression, Node]]:
        """The gradients that ``passed_back`` needs: name, formula, and the node whose gradient it is."""
        return []

    def passed_to_unit(self, view: NetworkView, stage: Stage, source: Node, unit: int) -> Shares | None:
        """``passed_back`` to one unit, with the numbers of one row."""
        return None

    def factors(self, view: NetworkView, stage: Stage, role: str, index: tuple[int, ...]) -> Factors | None:
        """The factors of the gradient of one number of a parameter; None where they are not written out."""
        return None


def taker(stage: Stage, node: Node) -> Node:
    """The node of a stage that takes another."""
    return next(n for n in interior(stage.node, stage.inputs) if node in n.inputs)


def columns_of(node: Node, source: Node) -> list[int]:
    """Of each column of a node that is made of columns of another: which it is there."""
    if node is source:
        return list(range(int(source.shape[1])))
    if node.op.name == "concatenate":
        return [column for piece in node.inputs for column in columns_of(piece, source)]
    return list(node.attributes["indices"])
