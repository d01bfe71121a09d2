"""Back through the layers: the gradient of a row's error by every stage, from the last down to one.

Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors" (1986).
"""

from __future__ import annotations

from collections.abc import Iterator

from downslope._dataclass import dataclass
from downslope.graph import Node
from downslope.graph.notation import Expression, Infix, Symbol, partial, text
from downslope.insight.derivation._document import Block, Formula, Item, listing
from downslope.insight.derivation._loss import loss_gradient, loss_to_unit
from downslope.insight.derivation._sums import largest, share_written
from downslope.insight.derivation._view import NetworkView
from downslope.insight.derivation.rules import (
    Shares,
    activation,
    definition,
    derivative,
    prime,
    rule_of,
    scalar,
)
from downslope.nets import ACTIVATION, Stage

__all__ = ["activation_of", "backward", "backward_in_symbols", "layer_gradient", "own_gradient"]

_SHOWN = 8


@dataclass(frozen=True)
class _Step:
    """The gradient by one node: its name, its formula or the words in place of it."""

    node: Node
    name: Expression
    formula: Expression | None
    words: str = ""


def backward(view: NetworkView, lowest: Stage, unit: int | None) -> Block:
    """The gradients from the last layer down to a stage; with a unit, that one in full."""
    items: list[Item] = []
    for step in _steps(view, lowest):
        if step.node.shape[1] == 1 and view.stage(step.node) is not None:
            items += _of_unit(view, step.node, 0)
            continue
        value = view.upstream(step.node)[0]
        items += [f"{step.words}:"] if step.words else []
        items.append(Formula((*_in_symbols(view, step), listing(value))))
        items += share_written(value, largest(value, _SHOWN), "")
    full = None
    if unit is not None:
        items += _of_unit(view, lowest.node, unit) if lowest.node.shape[1] != 1 else []
        full = activation_of(view, lowest.node)
    items += _activation_slopes(view, lowest, full)
    return Block("Backward: δ = ∂E/∂z, from the last layer down", tuple(items))


def backward_in_symbols(view: NetworkView, lowest: Stage) -> list[Item]:
    """The gradients from the last layer down to a stage, without numbers."""
    items: list[Item] = []
    for step in _steps(view, lowest):
        items.append(Formula(_in_symbols(view, step)) if step.formula is not None else f"{step.words}.")
    return items + _activation_slopes(view, lowest, None)


def _in_symbols(view: NetworkView, step: _Step) -> tuple[Expression, ...]:
    known = () if step.formula is None else (step.formula,)
    return (step.name, *_definition(view, step.node, None), *known)


def _definition(view: NetworkView, node: Node, unit: int | None) -> tuple[Expression, ...]:
    """∂E/∂z behind the first δ."""
    stage = view.stage(node)
    first = node is view.graph.output and stage is not None and stage.kind == "Dense"
    return (partial(view.error, view.symbol(node, unit)),) if first else ()


def _steps(view: NetworkView, lowest: Stage) -> Iterator[_Step]:
    """From the last layer down."""
    for stage in reversed(view.after(lowest)):
        if not _within_next(view, stage):
            formula = _formula(view, stage.node)
            words = _through(view, stage.node) if formula is None else ""
            yield _Step(stage.node, view.gradient_symbol(stage.node), formula, words)
        if stage is not lowest:
            for name, formula, node in rule_of(stage).before_passing(view, stage):
                yield _Step(node, name, formula)


def activation_of(view: NetworkView, z: Node) -> Stage | None:
    """The activation that alone takes a z."""
    uses = view.uses(z)
    alone = uses[0] if uses is not None and len(uses) == 1 else None
    return alone if alone is not None and alone.kind == ACTIVATION else None


def _within_next(view: NetworkView, stage: Stage) -> bool:
    """Whether the gradient by an activation stands within that by its z: δ = (Wᵀ·δ) ⊙ φ′(z)."""
    uses = view.uses(stage.node)
    taker = uses[0] if uses is not None and len(uses) == 1 else None
    alone = stage.kind == ACTIVATION and activation_of(view, stage.inputs[0]) is stage
    return alone and taker is not None and taker.kind == "Dense"


def _formula(view: NetworkView, node: Node) -> Expression | None:
    """The gradient by a node in symbols: the sum of what comes back from all that take it."""
    parts = [_passed_back(view, use, node) for use in view.uses(node) or ()]
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    return known[0] if len(known) == 1 else Infix("+", tuple(known))


def _passed_back(view: NetworkView, use: Stage | None, node: Node) -> Expression | None:
    if use is None:
        return loss_gradient(view)
    passed = rule_of(use).passed_back(view, use, node)
    if _within_next(view, use) and isinstance(passed, Infix):
        pulled = _formula(view, use.node)
        return None if pulled is None else Infix(passed.operator, (pulled, *passed.terms[1:]))
    return passed


def _through(view: NetworkView, node: Node) -> str:
    """In words, where a gradient without a formula comes from."""
    uses = [use for use in view.uses(node) or () if use is not None]
    ways = [f"{use.layer} ({use.function or use.kind})" for use in uses] or ["operations that have no name"]
    return f"The gradient by {text(view.symbol(node))} comes through {' and '.join(ways)}"


def _of_unit(view: NetworkView, node: Node, unit: int) -> list[Item]:
    """The gradient by one unit with its numbers, that by its activation before it."""
    activation = activation_of(view, node)
    through = activation is not None and _shares(view, node, unit)
    before = _of_unit(view, activation.node, unit) if activation is not None and through else []
    return [*before, *own_gradient(view, node, unit)]


def own_gradient(view: NetworkView, node: Node, unit: int) -> list[Item]:
    """The gradient by one unit, from what takes it."""
    value = scalar(view.upstream(node), unit)
    name = view.gradient_symbol(node, unit)
    shares = _shares(view, node, unit)
    if not shares:
        words = [f"{_through(view, node)}:"] if _formula(view, node) is None and node.shape[1] == 1 else []
        return [*words, Formula((name, value))]
    symbols, numbers = [s.symbols for s in shares], [s.numbers for s in shares]
    items: list[Item] = [item for share in shares for item in share.before]
    added = [terms[0] if len(terms) == 1 else Infix("+", tuple(terms)) for terms in (symbols, numbers)]
    items.append(Formula((name, *_definition(view, node, unit), *added, value)))
    return [*items, *[item for share in shares for item in share.after]]


def layer_gradient(view: NetworkView, node: Node) -> Formula:
    """The gradient by all units of a node at once."""
    formula = _formula(view, node)
    known = () if formula is None else (formula,)
    name = view.gradient_symbol(node)
    return Formula((name, *_definition(view, node, None), *known, listing(view.upstream(node)[0])))


def _shares(view: NetworkView, node: Node, unit: int) -> list[Shares]:
    """What each that takes a unit passes back to it; nothing where not all of it is written out."""
    found: list[Shares] = []
    for use in view.uses(node) or ():
        share = (
            loss_to_unit(view, unit) if use is None else rule_of(use).passed_to_unit(view, use, node, unit)
        )
        if share is None:
            return []
        found.append(share)
    return found


def _activation_slopes(view: NetworkView, lowest: Stage, full: Stage | None) -> list[Item]:
    """φ′ of each activation function on the way that is not written out in full, for any unit k.

    Of a function of one's own φ too, which stands in the forward pass of a row.
    """
    items: list[Item] = []
    seen = {_key(full)} if full is not None else set()
    for stage in reversed(view.after(lowest)):
        several = stage.kind == ACTIVATION and stage.node.shape[1] != 1
        z = view.symbol(stage.inputs[0], "k")
        slope = derivative(stage, z) if several else None
        if slope is not None and _key(stage) not in seen:
            seen.add(_key(stage))
            meaning = None if view.one_row else definition(stage, z)
            items += [] if meaning is None else [Formula((activation(stage, z), meaning))]
            items.append(Formula((prime(stage, z), slope)))
    return items


def _key(stage: Stage) -> Expression:
    """What tells activation functions apart."""
    return activation(stage, Symbol("z"))
