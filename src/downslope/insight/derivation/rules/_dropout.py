"""Dropout at work: d = s ⊙ h, where each s is 0 or 1/(1 − rate) at random."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from downslope.graph import Node
from downslope.graph.notation import Expression, Infix, Symbol, product
from downslope.insight.derivation._document import Formula, Item, listing
from downslope.insight.derivation._view import NetworkView
from downslope.insight.derivation.rules._rule import Rule, Shares, scalar
from downslope.nets import Stage

__all__ = ["DropoutRule"]


class DropoutRule(Rule):
    """d = s ⊙ h"""

    def forward(self, view: NetworkView, stage: Stage) -> list[Item]:
        (source,) = stage.inputs
        formula = Infix("⊙", (self._scale(view, stage), view.symbol(source)))
        return [
            f"In this step, dropout sets some values to 0; the others grow by {self._growth(stage):g}.",
            Formula((self._scale(view, stage), listing(self._scales(view, stage)[0]))),
            Formula((view.symbol(stage.node), formula, listing(view.value(stage.node)[0]))),
        ]

    def passed_back(self, view: NetworkView, stage: Stage, source: Node) -> Expression | None:
        return Infix("⊙", (view.gradient_symbol(stage.node), self._scale(view, stage)))

    def passed_to_unit(self, view: NetworkView, stage: Stage, source: Node, unit: int) -> Shares:
        scale = self._scale(view, stage)
        symbols = (view.gradient_symbol(stage.node, unit), replace(scale, index=str(unit + 1)))
        numbers = (scalar(view.upstream(stage.node), unit), scalar(self._scales(view, stage), unit))
        return Shares(product(symbols), product(numbers))

    def _scale(self, view: NetworkView, stage: Stage) -> Symbol:
        return replace(view.symbol(stage.node), letter="s", index="")

    def _factor(self, stage: Stage) -> Node:
        (source,) = stage.inputs
        return next(node for node in stage.node.inputs if node is not source)

    def _growth(self, stage: Stage) -> float:
        (growth,) = [n for n in self._factor(stage).inputs if n.op.name == "constant"]
        return float(growth.attributes["value"])

    def _scales(self, view: NetworkView, stage: Stage) -> NDArray[Any]:
        return view.value(self._factor(stage))
