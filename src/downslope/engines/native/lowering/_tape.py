"""The tape: the flat list of instructions that a program is lowered to.

The C++ side is ``native/tape.hpp``; what their names mean is in ``_opcodes.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from downslope._dataclass import dataclass
from downslope.engines.native.lowering._opcodes import Form, Kind, Opcode, View
from downslope.graph import Node

__all__ = ["BlockStep", "Exchange", "Instruction", "Tape", "Value"]


@dataclass
class Value:
    """A numbered value; ``rows`` is the number of features for all but matrices.

    ``local`` panels are needed only by the thread that makes them, while it is at them; ``offset`` numbers
    for each panel lie before them in its memory. What is not ``stored`` stays in registers.
    """

    kind: Kind
    rows: int
    columns: int = 1
    form: Form = Form.NUMBERS
    local: bool = False
    offset: int = 0
    stored: bool = True


@dataclass(frozen=True)
class BlockStep:
    """One op of a block, on the operands of its instruction by number.

    A ``chained`` step takes that operand from the step before it, in registers; the result is written where
    it is ``kept``.
    """

    op: str
    to: int
    sources: tuple[int, ...]
    setting: float = 0.0
    chained: int = -1
    kept: bool = True


@dataclass(eq=False)
class Instruction:
    """One instruction, with the nodes of the program it stands for.

    ``summed`` is the operand whose sum over each tile goes to ``partials``; ``once`` marks what is the same
    again as long as the batch is, ``settled`` what is the same until a leaf is set. ``part`` numbers networks
    that lie side by side in one program.
    """

    opcode: Opcode
    out: int = -1
    args: list[int] = field(default_factory=list)
    setting: float = 0.0
    steps: list[BlockStep] = field(default_factory=list)
    operands: list[tuple[int, View]] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    level: int = 0
    reads: set[int] = field(default_factory=set)
    writes: set[int] = field(default_factory=set)
    summed: int = -1
    partials: int = -1
    once: bool = False
    settled: bool = False
    part: int = 0


@dataclass
class Exchange:
    """Matrices of which the sum over all ranks is wanted.

    Of each ``values`` has the number as it is sent and as it comes back, in the same memory. It is ``sent``
    at the beginning of a level, and ``wanted`` at that of a later one.
    """

    values: list[tuple[int, int]]
    sent: int = 0
    wanted: int = 0


@dataclass
class Tape:
    """Values, instructions in an order that could be run one by one, and where to find things.

    Attributes:
        leaves: the value of each leaf of fixed shape or of a single number, by node.
        columns: the inputs of the batch in the order in which a machine wants them.
        constants: the scalars, and matrices of one row, that never change.
        mirrors: matrices with their bfloat16 forms.
        exchanges: what is summed over ranks, in the order in which every rank sends it.
        outputs: the value of each node asked for; -1 for those that are stored row by row.
        stores: the nodes that are stored row by row, in the order of a machine's stores.
        levels: their number; ``stop_level`` is that in which leaves get new values.
    """

    values: list[Value] = field(default_factory=list)
    instructions: list[Instruction] = field(default_factory=list)
    leaves: dict[Node, int] = field(default_factory=dict)
    columns: list[Node] = field(default_factory=list)
    constants: list[tuple[int, tuple[float, ...]]] = field(default_factory=list)
    mirrors: list[tuple[int, int]] = field(default_factory=list)
    updated: list[int] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    stores: list[Node] = field(default_factory=list)
    levels: int = 0
    stop_level: int = 0

    def new(self, kind: Kind, rows: int, columns: int = 1, form: Form = Form.NUMBERS) -> int:
        """The number of a new value."""
        self.values.append(Value(kind, rows, columns, form))
        return len(self.values) - 1

    def makers(self) -> list[list[Instruction]]:
        """The instructions that write each value, in their order."""
        return self._by_value(lambda i: i.writes)

    def readers(self) -> list[list[Instruction]]:
        """The instructions that read each value, in their order."""
        return self._by_value(lambda i: i.reads)

    def _by_value(self, values: Callable[[Instruction], set[int]]) -> list[list[Instruction]]:
        found: list[list[Instruction]] = [[] for _ in self.values]
        for i in self.instructions:
            for value in values(i):
                found[value].append(i)
        return found
