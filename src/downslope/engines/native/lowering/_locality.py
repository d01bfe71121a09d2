"""Panels in the cache: the order of their instructions, and the places in a thread's memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from downslope.engines.native.lowering._footprint import in_panel
from downslope.engines.native.lowering._opcodes import Kind, Opcode
from downslope.engines.native.lowering._tape import Instruction, Tape

__all__ = ["order_panels", "place_locals"]

_DOMAINS = (Kind.SCALAR, Kind.PANELS, Kind.MATRIX)


def order_panels(tape: Tape) -> None:
    """Put the instructions into the order in which a single thread runs them.

    Panels are followed to the end of their way: what was made last is read next, and of several networks in
    one program one comes after the other.
    """

    def stretch(i: Instruction) -> tuple[int, int, int]:
        return i.level, _DOMAINS.index(i.opcode.domain), i.part

    ordered: list[Instruction] = []
    for (_, domain, _), found in groupby(sorted(tape.instructions, key=stretch), key=stretch):
        same = list(found)
        ordered += _depth_first(same) if _DOMAINS[domain] == Kind.PANELS else same
    tape.instructions = ordered


def _depth_first(instructions: Sequence[Instruction]) -> list[Instruction]:
    """An order in which each instruction comes soon after what it reads."""
    maker = {value: i for i in instructions for value in i.writes}
    needs = {i: [maker[v] for v in sorted(i.reads - i.writes) if v in maker] for i in instructions}
    users: dict[Instruction, list[Instruction]] = {i: [] for i in instructions}
    for i in instructions:
        for made in needs[i]:
            users[made].append(i)
    position = {i: n for n, i in enumerate(instructions)}
    done: dict[Instruction, None] = {}
    for first in instructions:
        ahead = [first]
        while ahead:
            i = ahead.pop()
            lacking = None if i in done else _lacking(i, needs, done)
            if lacking is None:
                continue
            for made in (*sorted(lacking, key=position.__getitem__), i):
                done[made] = None
            # what nobody reads in this level comes first: it has its operand at hand
            ahead += sorted(users[i], key=lambda u: (not users[u], -position[u]))
    return list(done)


def _lacking(
    i: Instruction, needs: Mapping[Instruction, Sequence[Instruction]], done: Mapping[Instruction, None]
) -> set[Instruction] | None:
    """What is to be done before an instruction can; None where that takes a product."""
    found: set[Instruction] = set()
    wanted = [i]
    while wanted:
        for made in needs[wanted.pop()]:
            if made in done or made in found:
                continue
            if made.opcode == Opcode.PRODUCT:
                return None
            found.add(made)
            wanted.append(made)
    return found


def place_locals(tape: Tape) -> None:
    """Give each local value its place in a thread's memory, shared by those never needed at once."""
    spans: dict[int, tuple[int, int]] = {}  # from the first to the last instruction that touches a value
    for n, i in enumerate(tape.instructions):
        for value in sorted(i.reads | i.writes):
            if tape.values[value].local:
                spans[value] = spans.get(value, (n, n))[0], n
    there: list[int] = []
    for value, (first, _) in spans.items():
        there = [other for other in there if spans[other][1] >= first]
        offset = 0
        for other in sorted(there, key=lambda o: tape.values[o].offset):  # the first gap that is large enough
            taken = tape.values[other]
            if taken.offset - offset >= in_panel(tape.values[value]):
                break
            offset = taken.offset + in_panel(taken)
        tape.values[value].offset = offset
        there.append(value)
