"""When instructions run: levels with barriers between them, what is needed once, what one thread keeps."""

from __future__ import annotations

from downslope.engines.native.lowering._locality import order_panels, place_locals
from downslope.engines.native.lowering._opcodes import Kind, Opcode
from downslope.engines.native.lowering._parts import set_parts
from downslope.engines.native.lowering._tape import Instruction, Tape

__all__ = ["schedule"]


def schedule(tape: Tape) -> None:
    """Set the levels of a tape, what is needed only once or locally, and the order and places that follow."""
    _mark_once(tape)
    _set_levels(tape)
    set_parts(tape)
    _mark_local(tape)
    _mark_stored(tape)
    order_panels(tape)
    place_locals(tape)


def _set_levels(tape: Tape) -> None:
    """Give each instruction the first level in which all it needs is there."""
    writer: dict[int, Instruction] = {}
    readers: dict[int, list[Instruction]] = {}
    for i in tape.instructions:
        level = 0
        for value in i.reads - i.writes:
            if value in writer:
                before = writer[value]
                apart = before.opcode.domain == Kind.MATRIX or (
                    before.opcode.domain == Kind.PANELS and i.opcode.domain != Kind.PANELS
                )
                level = max(level, before.level + apart)
        for value in i.writes:  # a leaf is written once all have read it and the outputs are known
            others = [r for r in readers.get(value, ()) if r is not i]
            level = max([level, *(o.level + 1 for o in others)])
        if i.writes & set(tape.updated):
            level = max([level, *(writer[o].level for o in tape.outputs if o in writer)])
        i.level = level
        for value in i.writes:
            writer[value] = i
        for value in i.reads:
            readers.setdefault(value, []).append(i)
    tape.levels = 1 + max((i.level for i in tape.instructions), default=0)
    tape.stop_level = max((writer[o].level for o in tape.outputs if o in writer), default=0)


def _mark_once(tape: Tape) -> None:
    """What follows from the batch and from constants alone stays the same while the batch does."""
    known = {value for value, _ in tape.constants}
    for i in tape.instructions:
        stored = i.opcode in (Opcode.KEEP_MASK, Opcode.STORE)
        i.once = i.reads <= known and not stored and not i.writes & set(tape.updated)
        if i.once:
            known |= i.writes


def _mark_local(tape: Tape) -> None:
    """Panels that are read in the level that makes them, by panels only, need no place in the whole batch."""
    all_makers, all_readers = tape.makers(), tape.readers()
    for number, value in enumerate(tape.values):
        if value.kind != Kind.PANELS:
            continue
        makers = all_makers[number]
        users = [*makers, *all_readers[number]]
        value.local = (
            len({i.level for i in users}) == 1
            and all(i.opcode.domain == Kind.PANELS for i in users)
            and not (any(i.once for i in makers) and not all(i.once for i in users))
        )


def _mark_stored(tape: Tape) -> None:
    """Blocks that were joined to others have left values behind that nobody writes or reads any more."""
    used = {*tape.leaves.values(), *tape.outputs, *(value for value, _ in tape.constants)}
    used = used.union(*(i.reads | i.writes for i in tape.instructions))
    for number, value in enumerate(tape.values):
        value.stored = number in used
