"""Dense layers: z = W·h + b."""

from __future__ import annotations

import numpy as np

from downslope.graph import Node
from downslope.graph.notation import (
    Expression,
    Infix,
    Power,
    SumOver,
    Symbol,
    Words,
    partial,
    product,
)
from downslope.insight.derivation._document import Formula, Item, listing
from downslope.insight.derivation._sums import weighted_sum
from downslope.insight.derivation._view import NetworkView
from downslope.insight.derivation.rules._rule import Factors, Rule, Shares, scalar
from downslope.nets import Stage

__all__ = ["DenseRule", "ResidualRule"]


class DenseRule(Rule):
    """z = W·h + b"""

    def forward(self, view: NetworkView, stage: Stage) -> list[Item]:
        linear: Expression = product((self._weight(view, stage), view.symbol(stage.inputs[0])))
        if "bias" in stage.parameters:
            linear = Infix("+", (linear, view.parameter_symbol(stage.parameters["bias"].name)))
        return [Formula((view.symbol(stage.node), linear, listing(view.value(stage.node)[0])))]

    def _weight(self, view: NetworkView, stage: Stage, index: tuple[int, ...] = ()) -> Symbol:
        return view.parameter_symbol(stage.parameters["weight"].name, index)

    def passed_back(self, view: NetworkView, stage: Stage, source: Node) -> Expression | None:
        weight, delta = self._weight(view, stage), view.gradient_symbol(stage.node)
        if view.graph.symbols.single:
            return product((delta, weight))  # w is a vector
        return product((Power(weight, Words("ᵀ")), delta))

    def passed_to_unit(self, view: NetworkView, stage: Stage, source: Node, unit: int) -> Shares:
        weights, deltas = view.value(stage.parameters["weight"])[:, unit], view.upstream(stage.node)[0]
        weight = self._weight(view, stage, (0, unit))
        numbers, words = weighted_sum(weights, deltas, None)
        if len(weights) == 1:
            return Shares(product((weight, view.gradient_symbol(stage.node))), numbers)
        column = Symbol(weight.letter, index=f"m,{unit + 1}", layer=weight.layer)
        body = product((column, view.gradient_symbol(stage.node, "m")))
        return Shares(SumOver("m", body), numbers, after=words)

    def factors(self, view: NetworkView, stage: Stage, role: str, index: tuple[int, ...]) -> Factors | None:
        if role not in ("weight", "bias"):
            return None
        delta, h = view.upstream(stage.node)[:, index[0]], stage.inputs[0]
        symbol = view.parameter_symbol(stage.parameters[role].name, index)
        z = view.symbol(stage.node, index[0])
        split = product((partial(view.error, z), partial(z, symbol)))
        first = view.gradient_symbol(stage.node, index[0])
        if role == "bias":
            return Factors((first,), delta[:, None], index[0], split)
        values = np.stack([delta, view.value(h)[:, index[1]]], axis=1)
        return Factors((first, view.symbol(h, index[1])), values, index[0], split)


class ResidualRule(Rule):
    """r = h + block(h)"""

    def forward(self, view: NetworkView, stage: Stage) -> list[Item]:
        added = Infix("+", tuple(view.symbol(source) for source in stage.inputs))
        return [Formula((view.symbol(stage.node), added, listing(view.value(stage.node)[0])))]

    def passed_back(self, view: NetworkView, stage: Stage, source: Node) -> Expression | None:
        return view.gradient_symbol(stage.node)

    def passed_to_unit(self, view: NetworkView, stage: Stage, source: Node, unit: int) -> Shares:
        return Shares(view.gradient_symbol(stage.node, unit), scalar(view.upstream(stage.node), unit))
