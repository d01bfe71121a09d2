"""When instructions run: levels with barriers between them, what is needed once, what one thread keeps."""

from __future__ import annotations

from downslope.engines.native.lowering._exchanges import after_sums, bundle, waiting_products
from downslope.engines.native.lowering._locality import order_panels, place_locals
from downslope.engines.native.lowering._opcodes import Kind, Opcode
from downslope.engines.native.lowering._parts import set_parts
from downslope.engines.native.lowering._tape import Instruction, Tape

__all__ = ["schedule"]


def schedule(tape: Tape) -> None:
    """Set the levels of a tape, what is needed only once or locally, and the order and places that follow."""
    _mark_once(tape)
    _mark_settled(tape)
    _set_levels(tape)
    set_parts(tape)
    _mark_local(tape)
    _mark_stored(tape)
    order_panels(tape)
    place_locals(tape)


def _set_levels(tape: Tape) -> None:
    """Give each instruction the first level in which all it needs is there."""
    levels, later = _Levels(tape), after_sums(tape)
    for i in tape.instructions:
        if i not in later:
            levels.place(i)
    if tape.exchanges:
        bundle(tape, {value: i.level for value, i in levels.writer.items()})
        levels.back = {back: e.wanted for e in tape.exchanges for _, back in e.values}
    for i in later:
        levels.place(i)
    tape.levels = 1 + max([0, *(i.level for i in tape.instructions), *(e.wanted for e in tape.exchanges)])
    tape.stop_level = max((levels.writer[o].level for o in tape.outputs if o in levels.writer), default=0)


class _Levels:
    """Gives instructions their levels, one after the other.

    Attributes:
        writer: the last instruction that writes each value.
        back: the level from which on each sum over ranks is there.
    """

    def __init__(self, tape: Tape) -> None:
        self._tape, self._waiting = tape, waiting_products(tape)
        self.writer: dict[int, Instruction] = {}
        self.back: dict[int, int] = {}
        self._readers: dict[int, list[Instruction]] = {}

    def place(self, i: Instruction) -> None:
        """Set the level of the next instruction."""
        level = max((self.back[value] for value in i.reads if value in self.back), default=0)
        for value in i.reads - i.writes:
            if value in self.writer:
                level = max(level, self._after(self.writer[value], i))
        for value in i.writes:  # a leaf is written once all have read it and the outputs are known
            others = [r for r in self._readers.get(value, ()) if r is not i]
            level = max([level, *(o.level + 1 for o in others)])
        if i.writes & set(self._tape.updated):
            known = (self.writer[o].level for o in self._tape.outputs if o in self.writer)
            level = max([level, *known])
        i.level = level
        for value in i.writes:
            self.writer[value] = i
        for value in i.reads:
            self._readers.setdefault(value, []).append(i)

    def _after(self, before: Instruction, i: Instruction) -> int:
        """The first level in which an instruction can use what another has made."""
        panels = Kind.PANELS
        of_others = before.opcode.domain == panels and i.opcode.domain != panels
        apart = before.opcode.domain == Kind.MATRIX or of_others or i in self._waiting
        return before.level + apart


def _mark_once(tape: Tape) -> None:
    """What follows from the batch and from constants alone stays the same while the batch does."""
    known = {value for value, _ in tape.constants}
    sent = {value for e in tape.exchanges for value, _ in e.values}  # whose sum comes back in its place
    for i in tape.instructions:
        stored = i.opcode in (Opcode.KEEP_MASK, Opcode.STORE) or bool(i.writes & sent)
        i.once = i.reads <= known and not stored and not i.writes & set(tape.updated)
        if i.once:
            known |= i.writes


def _mark_settled(tape: Tape) -> None:
    """Matrices that follow from leaves and constants stay from run to run, where no step changes these."""
    known = {value for leaf, value in tape.leaves.items() if leaf.shape != ()}
    known |= {value for value, _ in tape.constants}
    for i in tape.instructions:
        i.settled = not tape.updated and i.opcode.domain == Kind.MATRIX and bool(i.reads) and i.reads <= known
        if i.settled:
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
