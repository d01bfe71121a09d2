"""Layer normalisation: h = γ ⊙ ĥ + β."""

from __future__ import annotations

import numpy as np

from downslope.graph import Node, gradient, make
from downslope.graph.notation import (
    Apply,
    Expression,
    Fraction,
    Infix,
    Number,
    Root,
    Symbol,
    Words,
    partial,
    product,
)
from downslope.insight.derivation._document import Formula, Item, listing
from downslope.insight.derivation._view import NetworkView
from downslope.insight.derivation.rules._rule import Factors, Rule, Shares, scalar, taker
from downslope.nets import Stage

__all__ = ["LayerNormRule"]


class LayerNormRule(Rule):
    """h = γ ⊙ ĥ + β, ĥ = (input − mean)/√(variance + ε)"""

    def _normalised(self, stage: Stage) -> Node:
        scaled = taker(stage, stage.parameters["scale"])
        return next(n for n in scaled.inputs if n is not stage.parameters["scale"])

    def _symbol(self, stage: Stage, unit: int | None = None) -> Symbol:
        return Symbol("ĥ", index="" if unit is None else str(unit + 1), layer=stage.symbol.layer)

    def _deviation(self, view: NetworkView, stage: Stage) -> tuple[Expression, Node]:
        """√(variance + ε), and its node."""
        root = self._normalised(stage).inputs[1]
        inside = root.inputs[0]
        variance: Expression = Apply(Words("var"), (view.symbol(stage.inputs[0]),))
        if inside.op.name == "add" and inside.inputs[1].op.name == "constant":
            variance = Infix("+", (variance, Number(inside.inputs[1].attributes["value"])))
        return Root(variance), root

    def forward(self, view: NetworkView, stage: Stage) -> list[Item]:
        h, normal = view.symbol(stage.inputs[0]), self._normalised(stage)
        deviation, _ = self._deviation(view, stage)
        centred = Infix("−", (h, Apply(Words("mean"), (h,))))
        scale, shift = (view.parameter_symbol(stage.parameters[role].name) for role in ("scale", "shift"))
        scaled = Infix("+", (Infix("⊙", (scale, self._symbol(stage))), shift))
        return [
            Formula((self._symbol(stage), Fraction(centred, deviation), listing(view.value(normal)[0]))),
            Formula((view.symbol(stage.node), scaled, listing(view.value(stage.node)[0]))),
        ]

    def before_passing(self, view: NetworkView, stage: Stage) -> list[tuple[Expression, Expression, Node]]:
        scale = view.parameter_symbol(stage.parameters["scale"].name)
        formula = Infix("⊙", (scale, view.gradient_symbol(stage.node)))
        return [(partial(view.error, self._symbol(stage)), formula, self._normalised(stage))]

    def passed_back(self, view: NetworkView, stage: Stage, source: Node) -> Expression | None:
        by_normal = partial(view.error, self._symbol(stage))
        mean = Apply(Words("mean"), (by_normal,))
        along = Apply(Words("mean"), (Infix("⊙", (by_normal, self._symbol(stage))),))
        top = Infix("−", (by_normal, mean, product((along, self._symbol(stage)))))
        return Fraction(top, self._deviation(view, stage)[0])

    def passed_to_unit(self, view: NetworkView, stage: Stage, source: Node, unit: int) -> Shares:
        whole, one = self._symbol(stage), self._symbol(stage, unit)
        normal = self._normalised(stage)
        by_normal = gradient(view.row_errors, [normal])[0]
        deviation, root = self._deviation(view, stage)
        means = [_mean(by_normal), _mean(by_normal * normal)]
        by_whole = partial(view.error, whole)
        named = [by_whole, Infix("⊙", (by_whole, whole))]
        written = [Apply(Words("mean"), (e,)) for e in named]
        top = Infix("−", (partial(view.error, one), written[0], product((written[1], one))))
        mean, along = (Number(float(view.value(node)[0, 0])) for node in means)
        numbers = Infix(
            "−",
            (scalar(view.value(by_normal), unit), mean, product((along, scalar(view.value(normal), unit)))),
        )
        before = [Formula((written[0], mean)), Formula((written[1], along))]
        size = Number(float(view.value(root)[0, 0]))
        before.append(Formula((deviation, size)))
        return Shares(Fraction(top, deviation), Fraction(numbers, size), before=tuple(before))

    def factors(self, view: NetworkView, stage: Stage, role: str, index: tuple[int, ...]) -> Factors | None:
        upstream = view.upstream(stage.node)[:, index[0]]
        first = view.gradient_symbol(stage.node, index[0])
        if role == "shift":
            return Factors((first,), upstream[:, None], index[0])
        normal = view.value(self._normalised(stage))[:, index[0]]
        return Factors((first, self._symbol(stage, index[0])), np.stack([upstream, normal], axis=1), index[0])


def _mean(node: Node) -> Node:
    return make("sum", node, axes=(1,), keepdims=True) / int(node.shape[1])
