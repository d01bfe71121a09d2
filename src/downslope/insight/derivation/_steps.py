"""The steps of a derivation for one row: forward, and one unit in full."""

from __future__ import annotations

from downslope.graph.notation import Expression, Infix, SumOver, Symbol, product
from downslope.insight.derivation._document import Block, Formula, Item, listing
from downslope.insight.derivation._sums import weighted_sum
from downslope.insight.derivation._view import DenseStage, NetworkView
from downslope.insight.derivation.rules import rule_of, scalar

__all__ = ["forward", "full_unit", "unit_sum"]


def forward(view: NetworkView, chosen: DenseStage | None, unit: int) -> Block:
    """Every value on the way of the row, one unit of the chosen layer in full."""
    x = view.graph.x
    items: list[Item] = [Formula((view.symbol(x), listing(view.value(x)[0])))]
    for stage in {stage.node: stage for stage in view.graph.stages}.values():
        dense = next((d for d in view.dense if d.z is stage.node), None)
        if dense is not None and (dense is chosen or dense.z.shape[1] == 1):
            items += full_unit(view, dense, unit if dense is chosen else 0)
        else:
            items += rule_of(stage).forward(view, stage)
    return Block("Forward", tuple(items))


def unit_sum(view: NetworkView, dense: DenseStage, unit: int) -> Expression:
    """Σⱼ Wᵢⱼ hⱼ + bᵢ in symbols."""
    weight, inputs = view.parameter_symbol(dense.weight.name, (unit, 0)), int(dense.h.shape[1])
    index = weight.index.rpartition(",")[0]
    row = Symbol(weight.letter, index=f"{index},j" if index else "j", layer=weight.layer)
    body: Expression = SumOver("j", product((row, view.symbol(dense.h, "j"))))
    if inputs == 1:
        body = product((weight, view.symbol(dense.h, 0)))
    if dense.bias is None:
        return body
    return Infix("+", (body, view.parameter_symbol(dense.bias.name, (unit,))))


def full_unit(view: NetworkView, dense: DenseStage, unit: int) -> list[Item]:
    """One unit of a layer: its sum with the numbers."""
    offset = None if dense.bias is None else float(view.value(dense.bias)[unit])
    numbers, words = weighted_sum(view.value(dense.weight)[unit], view.value(dense.h)[0], offset)
    z = scalar(view.value(dense.z), unit)
    items: list[Item] = [
        Formula((view.symbol(dense.z, unit), unit_sum(view, dense, unit), numbers, z)),
        *words,
    ]
    if dense.z.shape[1] != 1:
        items.append(Formula((view.symbol(dense.z), listing(view.value(dense.z)[0]))))
    return items
