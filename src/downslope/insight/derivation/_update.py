"""How a step changes one number of a parameter: the rule of its optimizer, written from its nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from downslope._forks import cached_property
from downslope.graph import Node, input_, topological
from downslope.graph.notation import Expression, Number, Symbol, text
from downslope.insight.derivation._document import Formula, Item
from downslope.insight.derivation._next_step import NextStep
from downslope.insight.derivation._position import Position
from downslope.insight.derivation._view import interior
from downslope.insight.derivation._written import written

__all__ = ["Update"]

_GRADIENT, _NORM = Symbol("g"), Symbol("G")
_DIGITS = 10


class Update:
    """The new value of one number, in symbols and in the numbers of a step.

    Args:
        step: that is about to be taken.
        position: of the number.
        symbol: what the number is called.
        slope: what its gradient is called.
    """

    def __init__(self, step: NextStep, position: Position, symbol: Symbol, slope: Expression) -> None:
        self._step, self._position, self._symbol, self._slope = step, position, symbol, slope
        program, name = step.program, position.name
        self._leaf = program.graph.parameters[name]
        self._gradient, self._clipped = program.gradients[name], program.clipped[name]
        own = [state for state, (owner, _) in program.slots.items() if owner == name]
        self._states = {program.states[state]: program.updates[state] for state in own}
        self._new = self._decided(program.updates[name])

    def _decided(self, new: Node) -> Node:
        """What a state such as ``frozen`` has decided already: one of two new values."""
        while new.op.name == "where" and new.inputs[0] in self._states:
            (mask,) = self._step.evaluated([new.inputs[0]])
            new = new.inputs[1] if mask[self._position.index] else new.inputs[2]
        return new

    @cached_property
    def value(self) -> float:
        """The new value."""
        return self._number(self._new)

    @cached_property
    def _parts(self) -> list[Node]:
        """The new values of states and the other parts of the rule that have a name, in their order."""
        news = {new for leaf, new in self._states.items() if new is not leaf}
        named = news | (self._step.program.letters.keys() - self._states.keys())
        inside = interior(self._new, (self._clipped, self._leaf))
        return [node for node in topological([self._new]) if node in named and node in inside]

    @cached_property
    def _values(self) -> Mapping[Node, Any]:
        norm = self._step.program.norm
        nodes = [self._new, self._leaf, self._gradient, self._clipped, *self._states, *self._parts]
        nodes += [norm] if norm is not None else []
        return dict(zip(nodes, self._step.evaluated(nodes), strict=True))

    def _number(self, node: Node) -> float:
        value = self._values[node]
        return float(value[self._position.index] if value.ndim else value)

    def items(self) -> list[Item]:
        """The rule, part after part, with its numbers."""
        if self._new is self._leaf:
            return [
                f"{text(self._symbol)} is frozen. The step leaves it as it is.",
                Formula((self._symbol, Number(self.value, _DIGITS)), assigned=True),
            ]
        return [*self._prepared(), *self._ruled()]

    def _prepared(self) -> list[Item]:
        """The gradient by a short name, and clipped."""
        gradient = Number(self._number(self._gradient))
        self._symbols: dict[Node, Expression] = {
            self._leaf: self._symbol,
            input_("learning_rate", ()): Symbol("η"),
            input_("step", ()): Symbol("t"),
        }
        self._numbers: dict[Node, Expression] = {
            self._leaf: Number(self._number(self._leaf)),
            input_("learning_rate", ()): Number(self._step.learning_rate),
            input_("step", ()): Number(float(self._step.number or 1), 16),
            self._gradient: gradient,
        }
        if not self._parts and self._clipped is self._gradient:
            self._symbols[self._gradient] = self._slope
            return []
        self._symbols[self._gradient] = _GRADIENT
        items: list[Item] = [Formula((_GRADIENT, self._slope, gradient))]
        norm = self._step.program.norm
        if norm is not None:
            self._symbols[norm], self._numbers[norm] = _NORM, Number(self._number(norm))
            items.append("G is the norm of all gradients together. Where it is above the limit, all shrink:")
            items.append(Formula((_NORM, self._numbers[norm])))
        if self._clipped is not self._gradient:
            items.append(self._formula(_GRADIENT, self._clipped, assigned=True))
        return items

    def _ruled(self) -> list[Item]:
        """What the optimizer makes of it."""
        letters, items = self._step.program.letters, list[Item]()
        for leaf in self._states:
            self._symbols[leaf] = Symbol(letters[leaf])
            self._numbers[leaf] = Number(self._number(leaf))
        kept = [text(self._symbols[leaf]) for leaf, new in self._states.items() if new in self._parts]
        if kept:
            keeps = "is what the optimizer keeps" if len(kept) == 1 else "are what the optimizer keeps"
            said = f"{' and '.join(kept)} {keeps} of this number from step to step, 0 at first."
            items.append(said + self._time())
        states = {new: leaf for leaf, new in self._states.items()}
        for node in self._parts:
            name = Symbol(letters[states.get(node, node)])
            items.append(self._formula(name, node, assigned=node in states))
        return [*items, self._formula(self._symbol, self._new, assigned=True, digits=_DIGITS)]

    def _time(self) -> str:
        counts = input_("step", ()) in interior(self._new, (self._clipped, self._leaf))
        return f" t = {self._step.number:,} is the number of the step." if counts else ""

    def _formula(self, name: Symbol, node: Node, *, assigned: bool, digits: int = 6) -> Formula:
        """A part of the rule by its parts; from now on it is called by its name."""
        forms = [written(node, names) for names in (self._symbols, self._numbers)]
        value = Number(self._number(node), digits)
        self._symbols[node], self._numbers[node] = name, Number(value.value)
        return Formula((name, *[form for form in forms if form is not None], value), assigned=assigned)
