"""Activations: a = φ(z)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.graph import Elementwise, Node, gradient, make
from downslope.graph.notation import (
    Apply,
    Expression,
    Infix,
    Symbol,
    Words,
    partial,
    product,
)
from downslope.insight.derivation._document import Formula, Item, listing
from downslope.insight.derivation._view import NetworkView, interior
from downslope.insight.derivation._written import written, written_derivative
from downslope.insight.derivation.rules._rule import Rule, Shares, scalar
from downslope.nets import Stage

__all__ = ["ActivationRule", "activation", "definition", "derivative", "elementwise", "prime", "slopes"]


def is_plain(stage: Stage) -> bool:
    """Whether an activation is one op of its input, which knows how it is written."""
    return isinstance(stage.node.op, Elementwise) and stage.node.inputs == stage.inputs


def activation(stage: Stage, z: Expression) -> Expression:
    """φ(z), by the name of the activation function."""
    if is_plain(stage):
        return stage.node.op.notation(z, **stage.node.attributes)
    return Apply(_own_name(stage), (z,))


def prime(stage: Stage, z: Expression) -> Expression:
    """φ′(z), by the name of the activation function."""
    value = activation(stage, z)
    assert isinstance(value, Apply)
    name = value.function
    letter = Symbol(name.words) if isinstance(name, Words) else name
    assert isinstance(letter, Symbol)
    return Apply(replace(letter, prime=True), value.arguments)


def _own_name(stage: Stage) -> Symbol:
    """What a function is called that is no op: its own name or φ, with the number of its layer."""
    named = stage.function.isidentifier() and stage.function != "custom"
    return Symbol(stage.function if named else "φ", layer=stage.symbol.layer)


def definition(stage: Stage, z: Expression) -> Expression | None:
    """φ(z) in other functions, where it is a function of one's own."""
    return None if is_plain(stage) else written(stage.node, {stage.inputs[0]: z})


def derivative(stage: Stage, z: Expression) -> Expression | None:
    """φ′(z) in other functions."""
    if is_plain(stage):
        assert isinstance(stage.node.op, Elementwise)
        return stage.node.op.local_notation(z, **stage.node.attributes)
    return written_derivative(stage.node, stage.inputs[0], {stage.inputs[0]: z})


def elementwise(stage: Stage) -> bool:
    """Whether an element depends on one of the input only; a softmax has no φ′ of one element."""
    inside = interior(stage.node, stage.inputs)
    return all(isinstance(node.op, Elementwise) or node.op.name == "constant" for node in inside)


def slopes(view: NetworkView, stage: Stage) -> NDArray[Any]:
    """φ′(z) of each row and unit."""
    if is_plain(stage):
        assert isinstance(stage.node.op, Elementwise)
        (local, *_) = stage.node.op.local(stage.node)
        assert local is not None
        return np.broadcast_to(view.value(local), view.value(stage.node).shape)
    total = make("sum", stage.node, axes=None, keepdims=False)
    return view.value(gradient(total, [stage.inputs[0]])[0])


class ActivationRule(Rule):
    """a = φ(z), element by element"""

    def forward(self, view: NetworkView, stage: Stage) -> list[Item]:
        z = stage.inputs[0]
        a, value = view.symbol(stage.node), listing(view.value(stage.node)[0])
        one = view.symbol(z, "k")
        meaning = definition(stage, one)
        items: list[Item] = [] if meaning is None else [Formula((activation(stage, one), meaning))]
        return [*items, Formula((a, activation(stage, view.symbol(z)), value))]

    def passed_back(self, view: NetworkView, stage: Stage, source: Node) -> Expression | None:
        if not elementwise(stage):
            return None
        return Infix("⊙", (view.gradient_symbol(stage.node), prime(stage, view.symbol(source))))

    def passed_to_unit(self, view: NetworkView, stage: Stage, source: Node, unit: int) -> Shares | None:
        if not elementwise(stage):
            return None
        z, slope = view.symbol(source, unit), scalar(slopes(view, stage), unit)
        by_z = prime(stage, z)
        found = [derivative(stage, operand) for operand in (z, scalar(view.value(source), unit))]
        known = [e for e in found if e is not None]
        symbols = product((partial(view.error, view.symbol(stage.node, unit)), by_z))
        numbers = product((scalar(view.upstream(stage.node), unit), slope))
        return Shares(symbols, numbers, before=(Formula((by_z, *known, slope)),))
