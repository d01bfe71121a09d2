"""Fewer and larger instructions: updates in place, and blocks that run on a tile while it is in the cache."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from downslope.engines.native.lowering._opcodes import ELEMENTWISE_OPS, Form, Opcode, View
from downslope.engines.native.lowering._tape import BlockStep, Instruction, Tape

__all__ = ["fuse"]

Users = Sequence[set[Instruction]]
"""Instructions by the number of a value."""

_HOSTS = {
    Opcode.BLOCK: (Opcode.PRODUCT, Opcode.BLOCK),
    Opcode.MATRIX_BLOCK: (Opcode.CONTRACT, Opcode.MATRIX_PRODUCT, Opcode.SUM_ROWS, Opcode.MATRIX_BLOCK),
}


def fuse(tape: Tape) -> None:
    """Rewrite the instructions of a tape; the values that outputs and leaves get stay the same."""
    _write_in_place(tape)
    _join_blocks(tape)
    for i in tape.instructions:
        _write_directly(i)
    _refresh_mirrors(tape)
    for i in tape.instructions:
        i.steps = _chained(i)


def _write_in_place(tape: Tape) -> None:
    """Let blocks write new values straight into leaves where nothing else wants the value in between."""
    leaves = set(tape.updated)
    all_makers, all_readers = tape.makers(), tape.readers()
    there = set(tape.instructions)
    last: list[Instruction] = []
    for copy in _copies(tape.instructions, leaves):
        (source, _), (target, _) = copy.operands
        makers = [i for i in all_makers[source] if i.opcode == Opcode.MATRIX_BLOCK and source in i.writes]
        readers = [i for i in all_readers[source] if i is not copy and i in there]
        if not makers or readers or source in tape.outputs or not _may_overwrite(makers[0], source, target):
            continue
        maker = makers[0]
        maker.operands = [(target if v == source else v, view) for v, view in maker.operands]
        maker.writes = maker.writes - {source} | {target}
        there.remove(copy)
        if maker not in last:
            last.append(maker)
    tape.instructions = [i for i in tape.instructions if i in there]
    wanted = {v for i in tape.instructions if i not in last for v in i.reads}
    # what reads the old value of a leaf comes first on the tape
    movable = [i for i in last if not (i.writes - leaves) & wanted]
    tail = [*movable, *(c for c in _copies(tape.instructions, leaves) if c not in movable)]
    tape.instructions = [*(i for i in tape.instructions if i not in tail), *tail]


def _copies(instructions: Iterable[Instruction], leaves: set[int]) -> list[Instruction]:
    return [i for i in instructions if i.writes and i.writes <= leaves]


def _may_overwrite(block: Instruction, source: int, target: int) -> bool:
    """Whether nothing that follows the step that makes ``source`` in a block reads it or ``target``."""
    made = next(n for n, s in enumerate(block.steps) if block.operands[s.to][0] == source)
    later = [block.operands[n] for s in block.steps[made + 1 :] for n in s.sources]
    return all(value not in (source, target) for value, _ in later)


def _join_blocks(tape: Tape) -> None:
    """Append blocks to the product or the block whose strips they read."""
    readers = [set(found) for found in tape.readers()]
    makers = [set(found) for found in tape.makers()]
    for block in list(tape.instructions):
        joined: Instruction | None = block
        while joined is not None:  # what a block has joined may join another
            joined = _joined(tape, joined, makers, readers)


def _joined(tape: Tape, block: Instruction, makers: Users, readers: Users) -> Instruction | None:
    """The nearest instruction that makes what a block reads, with the block; None if they stay apart."""
    if block.opcode not in _HOSTS or block not in tape.instructions:
        return None
    strips = {v for v, view in block.operands if view == View.STRIP}
    here = tape.instructions.index(block)
    hosts = {i for v in block.reads & strips for i in makers[v] if i.opcode in _HOSTS[block.opcode]}
    places = [n for n in map(tape.instructions.index, hosts) if n < here]
    if not places:
        return None
    host = tape.instructions[max(places)]
    target = _meeting_place(tape, host, block)
    if target is None or not _may_join(host, block):
        return None
    _join(tape, host, block, readers)
    for users, before, after in ((readers, block.reads, host.reads), (makers, block.writes, host.writes)):
        for value in before:
            users[value].discard(block)
        for value in after:
            users[value].add(host)
    tape.instructions.remove(block)
    tape.instructions.remove(host)
    tape.instructions.insert(target, host)
    return host


def _shape(i: Instruction) -> tuple[int, int]:
    return (i.args[4], 1) if i.opcode == Opcode.PRODUCT else (i.args[0], i.args[1])


def _may_join(host: Instruction, block: Instruction) -> bool:
    seen = {view for v, view in block.operands if v in host.writes}
    one_sum = host.summed < 0 or block.summed < 0
    in_sums = (
        host.opcode == Opcode.SUM_ROWS and block.summed >= 0
    )  # sums over the batch have no tiles to add up
    return _shape(host) == _shape(block) and seen == {View.STRIP} and one_sum and not in_sums


def _meeting_place(tape: Tape, host: Instruction, block: Instruction) -> int | None:
    """Where the two can run as one: where the host is, or where the block is; None if others come between."""
    first, last = tape.instructions.index(host), tape.instructions.index(block)
    between = tape.instructions[first + 1 : last]
    written = set().union(*(i.writes for i in between))
    read = set().union(*(i.reads for i in between))
    if not block.reads & written and not block.writes & (read | written):
        return first
    if not host.writes & (read | written) and not host.reads & written:
        return last - 1
    return None


def _join(tape: Tape, host: Instruction, block: Instruction, readers: Users) -> None:
    """Add the steps of a block to its host, which then computes what only the block reads in registers."""
    only_here = {
        v
        for v in host.writes & block.reads
        if v not in tape.outputs and v not in tape.updated and readers[v] <= {host, block}
    }
    numbers = {operand: n for n, operand in enumerate(host.operands)}
    registers = [n for n, (_, view) in enumerate(host.operands) if view == View.SCRATCH]
    if host.summed in registers:  # looked at after the last step
        registers.remove(host.summed)
    places: list[int] = []
    for value, view in block.operands:
        if view == View.SCRATCH:
            operand = (-1, View.SCRATCH)
            if registers:
                places.append(registers.pop())
                continue
        else:
            operand = (value, View.TILE) if value == host.out else (value, view)
            if operand in numbers:
                places.append(numbers[operand])
                continue
            numbers[operand] = len(host.operands)
        places.append(len(host.operands))
        host.operands.append(operand)
    host.steps += [
        BlockStep(s.op, places[s.to], tuple(places[n] for n in s.sources), s.setting) for s in block.steps
    ]
    if block.summed >= 0:
        host.summed, host.partials = places[block.summed], block.partials
    host.nodes += [n for n in block.nodes if n not in host.nodes]
    host.reads |= block.reads - host.writes
    host.writes |= block.writes
    host.writes -= only_here
    host.operands = [
        (-1, View.SCRATCH) if v in only_here and view == View.STRIP else (v, view)
        for v, view in host.operands
    ]
    if host.out in only_here:
        host.out = -1


def _write_directly(i: Instruction) -> None:
    """A register that is copied to its place at the end of a block can be that place from the start."""
    for copy in [s for s in i.steps if s.op == "copy" and i.operands[s.sources[0]][1] == View.SCRATCH]:
        (register,), place = copy.sources, copy.to
        end = i.steps.index(copy)
        made = max(n for n in range(end) if i.steps[n].to == register)
        between = i.steps[made + 1 : end]
        if i.operands[place][1] != View.STRIP or any(place in (s.to, *s.sources) for s in between):
            continue
        until = next((n for n in range(end + 1, len(i.steps)) if i.steps[n].to == register), len(i.steps))
        if any(s.to == place for s in i.steps[end + 1 : until]):
            continue
        i.steps[made] = replace(i.steps[made], to=place)
        for n in range(made + 1, until):
            s = i.steps[n]
            i.steps[n] = replace(s, sources=tuple(place if o == register else o for o in s.sources))
        i.steps.remove(i.steps[end])


def _chained(i: Instruction) -> list[BlockStep]:
    """The steps, with those marked that take over in registers what the step before has computed."""
    steps = list(i.steps)
    for n in range(1, len(steps)):
        before, step = steps[n - 1], steps[n]
        if (
            all(ELEMENTWISE_OPS[s.op].in_chains for s in (before, step))
            and step.sources.count(before.to) == 1
        ):
            steps[n] = replace(step, chained=step.sources.index(before.to))
    for n, step in enumerate(steps[:-1]):
        if steps[n + 1].chained < 0 or i.operands[step.to][1] != View.SCRATCH or step.to == i.summed:
            continue
        end = next((m for m in range(n + 1, len(steps)) if steps[m].to == step.to), len(steps) - 1)
        if not any(step.to in s.sources for s in steps[n + 2 : end + 1]):
            steps[n] = replace(step, kept=False)
    return steps


def _refresh_mirrors(tape: Tape) -> None:
    """Whoever writes a matrix with a bfloat16 form rounds it while it is at hand."""
    for matrix, form in tape.mirrors:
        for i in tape.instructions:
            if matrix not in i.writes:
                continue
            i.operands.append((form, View.STRIP))
            op = "round" if tape.values[form].form == Form.HALVES else "round_pairs"
            i.steps.append(BlockStep(op, len(i.operands) - 1, (i.operands.index((matrix, View.STRIP)),)))
            i.writes.add(form)
