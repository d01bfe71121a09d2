"""Parts: networks side by side in one program, which meet in nothing but their inputs and their error."""

from __future__ import annotations

from downslope.engines.native.lowering._opcodes import Kind, Opcode
from downslope.engines.native.lowering._tape import Tape

__all__ = ["set_parts"]


def set_parts(tape: Tape) -> None:
    """Number the parts of a tape, so that a thread can take whole ones.

    It then finds their weights and panels in its own cache. The columns of the table, which all of them
    read, get a level of their own before.
    """
    roots = _roots(tape)
    numbers: dict[int, int] = {}
    for i in tape.instructions:
        if i.opcode == Opcode.PRODUCT:
            numbers.setdefault(_root(roots, next(iter(i.writes))), len(numbers))
    if len(numbers) < 2:
        return
    of_value: dict[int, int] = {}
    for i in tape.instructions:
        if i.opcode.domain == Kind.PANELS:
            i.part = max(
                (numbers.get(_root(roots, v), 0) for v in i.writes or i.reads if v in roots), default=0
            )
        elif i.opcode.domain == Kind.MATRIX:
            i.part = max((of_value.get(v, 0) for v in i.reads), default=0)
        if i.opcode.domain != Kind.SCALAR and i.opcode != Opcode.LOAD:
            of_value |= dict.fromkeys(i.writes, i.part)
        i.level += i.opcode != Opcode.LOAD
    tape.levels += 1
    tape.stop_level += 1
    for exchange in tape.exchanges:
        exchange.sent += 1
        exchange.wanted += 1


def _roots(tape: Tape) -> dict[int, int]:
    """A forest of disjoint sets: for values that panel instructions make, another of the same part."""
    roots: dict[int, int] = {}
    for i in tape.instructions:
        if i.opcode.domain != Kind.PANELS or i.opcode == Opcode.LOAD or not i.writes:
            continue
        first = next(iter(i.writes))
        for value in i.writes:
            roots[value] = first
        for value in i.reads:
            if value in roots:
                roots[_root(roots, value)] = _root(roots, first)
    return roots


def _root(roots: dict[int, int], value: int) -> int:
    while roots[value] != value:
        roots[value] = value = roots[roots[value]]
    return value
