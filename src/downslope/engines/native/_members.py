"""Networks side by side in one program, of which none feels the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from math import prod

from downslope._dataclass import dataclass
from downslope.engines._alike import settings_alike
from downslope.engines.native.lowering import Instruction, Opcode, Tape
from downslope.graph import Node, topological

__all__ = ["Members", "members_of", "tape_of_member", "weights_of"]

_LARGEST_STEP = 1 << 26
"""Weights times rows of a batch up to which a member's step is short: nobody waits for its end."""

_MOST_IDLE = 1.25  # places for members in all rounds of the threads, for each member


@dataclass(frozen=True, eq=False)
class Members:
    """Networks of one structure, the mean of whose errors is that of a program.

    Attributes:
        error, updates: what the first of them computes.
        nodes: of each, the node that stands where one of the first does.
        factor: what the sum of their errors is multiplied by.
    """

    error: Node
    updates: Mapping[Node, Node]
    nodes: Sequence[Mapping[Node, Node]]
    factor: float

    def keep_busy(self, threads: int) -> bool:
        """Whether so many threads, a member on each at a time, have little to wait for."""
        rounds = -(-len(self.nodes) // threads)
        return rounds * threads <= _MOST_IDLE * len(self.nodes)


@lru_cache(maxsize=64)
def members_of(error: Node, updates: tuple[tuple[Node, Node], ...], batch: int) -> Members | None:
    """The members that a step of a program consists of, or None where it is no such program.

    Each has leaves of its own, on which nothing of another depends, and all are alike. None too where a
    step of one of them takes long.

    Args:
        error: what a step reports.
        updates: each parameter and state, and its new value.
        batch: rows of a step.
    """
    terms, factor = _terms(error)
    owned = _owned(terms, dict(updates)) if len(terms) > 1 else None
    if owned is None or batch * weights_of(owned[0]) > _LARGEST_STEP:
        return None
    orders = [topological([term, *own.values(), *own]) for term, own in zip(terms, owned, strict=True)]
    places = {node: place for place, node in enumerate(orders[0])}
    if not all(_alike(places, orders[0], order, owned[0]) for order in orders[1:]):
        return None
    nodes = [dict(zip(orders[0], order, strict=True)) for order in orders]
    return Members(terms[0], owned[0], nodes, factor)


def weights_of(leaves: Iterable[Node]) -> int:
    """The numbers in all parameters among some leaves."""
    return sum(prod(map(int, leaf.shape)) for leaf in leaves if leaf.op.name == "parameter")


def _terms(error: Node) -> tuple[Sequence[Node], float]:
    """The numbers that an error is the sum of, and what the sum is multiplied by."""
    factor = 1.0
    if error.op.name == "multiply" and error.inputs[1].op.name == "constant":
        error, factor = error.inputs[0], float(error.inputs[1].attributes["value"])
    terms: list[Node] = []
    while error.op.name == "add":
        error, last = error.inputs
        terms.append(last)
    return [error, *reversed(terms)], factor


def _owned(terms: Sequence[Node], updates: Mapping[Node, Node]) -> list[dict[Node, Node]] | None:
    """The updates of each term's leaves; None where terms or new values depend on those of several."""
    owners = dict.fromkeys(updates, 0)  # bits: the terms that depend on a leaf, or that it depends on
    for place, term in enumerate(terms):
        for node in topological([term]):
            if node in owners:
                owners[node] |= 1 << place
    reached = dict(owners)
    for node in topological(list(updates.values())):
        if node not in owners:
            reached[node] = 0
            for source in node.inputs:
                reached[node] |= reached[source]
    owned: list[dict[Node, Node]] = [{} for _ in terms]
    for leaf, new in updates.items():
        owner = owners[leaf] or reached[new]
        if owner.bit_count() != 1 or reached[new] | owner != owner:
            return None
        owned[owner.bit_length() - 1][leaf] = new
    return owned


def _alike(
    places: Mapping[Node, int], first: Sequence[Node], other: Sequence[Node], updated: Mapping[Node, Node]
) -> bool:
    """Whether two networks compute the same of leaves of their own, in the same order."""
    if len(first) != len(other):
        return False
    own = {node: place for place, node in enumerate(other)}
    for a, b in zip(first, other, strict=True):
        if a is b:
            continue
        of_all = bool(a.inputs and b.inputs) and a.inputs[0] is b.inputs[0]
        if a.op.name != b.op.name or a.shape != b.shape:
            return False
        if settings_alike(a, of_all) != settings_alike(b, of_all):
            return False
        if not a.inputs and a not in updated and a.shape != ():
            return False
        if [places[i] for i in a.inputs] != [own[i] for i in b.inputs]:
            return False
    return True


def tape_of_member(tape: Tape, nodes: Mapping[Node, Node]) -> Tape:
    """The tape of a network that is like another one, whose tape is given.

    Args:
        tape: of the other one.
        nodes: the node that stands where one of the other network does.
    """
    return replace(
        tape,
        instructions=[_of_member(i, nodes) for i in tape.instructions],
        leaves={nodes[leaf]: value for leaf, value in tape.leaves.items()},
    )


def _of_member(instruction: Instruction, nodes: Mapping[Node, Node]) -> Instruction:
    """The same instruction, which reads random numbers and a column of the rows' weights of its own."""
    if not instruction.nodes:
        return instruction
    node, args = nodes[instruction.nodes[0]], list(instruction.args)
    if instruction.opcode == Opcode.KEEP_MASK:
        args[0] = node.attributes["stream"]
    elif instruction.opcode == Opcode.COPY_FEATURES and node.op.name == "columns":
        args[1::2] = node.attributes["indices"]
    elif instruction.opcode == Opcode.COLUMN_TOTAL and node.inputs[0].op.name == "columns":
        (args[1],) = node.inputs[0].attributes["indices"]
    return replace(instruction, args=args)
