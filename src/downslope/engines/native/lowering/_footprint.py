"""What a tape takes: bytes as the native engine lays its values out, and multiplications."""

from __future__ import annotations

from downslope._dataclass import dataclass
from downslope.engines.native.lowering._opcodes import Form, Kind, Opcode
from downslope.engines.native.lowering._tape import Instruction, Tape, Value

__all__ = ["GROUP", "LANES", "Footprint", "footprint", "in_panel", "multiplications"]

LANES = 32
"""Rows of a panel; rows of matrices are padded to a multiple of it."""

GROUP = 4
"""Panels that a thread takes through all panel instructions of a level at a time."""


@dataclass(frozen=True)
class Footprint:
    """Bytes that a tape takes.

    Of parameters and states with their bfloat16 forms, of matrices that only a step needs, for each panel of
    the batch, of each thread.
    """

    lasting: int
    passing: int
    panel: int
    thread: int


def footprint(tape: Tape, itemsize: int) -> Footprint:
    """The memory of a tape in numbers of ``itemsize`` bytes, as native/machine.cpp gets it."""
    tiled = {i.partials for i in tape.instructions}
    back = {value for e in tape.exchanges for _, value in e.values}  # in the memory of what was sent
    kept = [(number, v) for number, v in enumerate(tape.values) if v.stored and number not in back]
    matrices = {number: _matrix(v) * itemsize for number, v in kept if v.kind == Kind.MATRIX}
    lasting = {*tape.leaves.values(), *(form for _, form in tape.mirrors)}
    return Footprint(
        sum(size for number, size in matrices.items() if number in lasting),
        sum(size for number, size in matrices.items() if number not in lasting),
        sum(in_panel(v) for n, v in kept if not v.local and n not in tiled) * itemsize,
        GROUP * max((v.offset + in_panel(v) for _, v in kept if v.local), default=0) * itemsize,
    )


def multiplications(i: Instruction, tape: Tape) -> int:
    """Those of a matrix product for each row of the batch."""
    if i.opcode == Opcode.PRODUCT:
        return i.args[4] * tape.values[i.args[2]].rows
    return i.args[0] * i.args[1] if i.opcode == Opcode.CONTRACT else 0


def _up(count: int, size: int) -> int:
    return -(-count // size)


def _rows(v: Value) -> int:
    """Rows of numbers in memory: pairs of bfloat16 share a word."""
    return _up(v.rows, 2) if v.form == Form.PAIRS else v.rows


def _matrix(v: Value) -> int:
    plain = _up(v.columns, LANES) * LANES
    length = plain + LANES if v.rows > 1 and plain % 256 == 0 else plain
    return _rows(v) * length // (2 if v.form == Form.HALVES else 1)


def in_panel(v: Value) -> int:
    """Numbers for each 32 rows of the batch."""
    if v.kind == Kind.PANELS:
        return _rows(v) * LANES // (2 if v.form == Form.HALVES else 1)
    if v.kind == Kind.TRANSPOSED:
        return _up(v.rows, LANES) * LANES * LANES // (2 if v.form == Form.PAIRS else 1)
    return 1 if v.kind == Kind.PARTIALS else 0
