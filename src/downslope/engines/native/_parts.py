"""Parts: networks side by side in one program, which meet in nothing but their inputs and their error."""

from __future__ import annotations

from downslope.engines.native._tape import Act, Kind, Tape

__all__ = ["set_parts"]


def set_parts(tape: Tape) -> None:
    """Number the parts of a tape, so that a thread can take whole ones.

    It then finds their weights and panels in its own cache. The columns of the table, which all of them
    read, get a level of their own before.
    """
    roots = _roots(tape)
    numbers: dict[int, int] = {}
    for i in tape.instructions:
        if i.act == Act.PRODUCT:
            numbers.setdefault(_root(roots, next(iter(i.writes))), len(numbers))
    if len(numbers) < 2:
        return
    of_value: dict[int, int] = {}
    for i in tape.instructions:
        if i.act.domain == Kind.PANELS:
            i.part = max(
                (numbers.get(_root(roots, v), 0) for v in i.writes or i.reads if v in roots), default=0
            )
        elif i.act.domain == Kind.FIXED:
            i.part = max((of_value.get(v, 0) for v in i.reads), default=0)
        if i.act.domain != Kind.SCALAR and i.act != Act.LOAD:
            of_value |= dict.fromkeys(i.writes, i.part)
        i.level += i.act != Act.LOAD
    tape.levels += 1
    tape.stop_level += 1


def _roots(tape: Tape) -> dict[int, int]:
    """A forest of disjoint sets: for values that panel instructions make, another of the same part."""
    roots: dict[int, int] = {}
    for i in tape.instructions:
        if i.act.domain != Kind.PANELS or i.act == Act.LOAD or not i.writes:
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
