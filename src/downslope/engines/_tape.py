"""The tape: the flat list of instructions that a program is lowered to.

Values and instructions mean what ``native/tape.hpp`` says; the enumerations here are in its order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, auto

from downslope.graph import Node

__all__ = ["CODES", "Act", "Instruction", "Kind", "Step", "Value", "View"]


class _FromZero(IntEnum):
    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[int]) -> int:
        return count


class Kind(_FromZero):
    """Where a value lives: see ``Kind`` in native/tape.hpp."""

    FIXED = auto()
    PANELS = auto()
    TURNED = auto()
    PARTIALS = auto()
    SCALAR = auto()


class Act(_FromZero):
    """What an instruction does."""

    SCALAR_BLOCK = auto()
    TOTAL = auto()
    PICK = auto()
    COUNT = auto()
    LOAD = auto()
    PRODUCT = auto()
    BLOCK = auto()
    PARTIAL = auto()
    TURN = auto()
    SOFTMAX = auto()
    CROSS_ENTROPY = auto()
    ONE_HOT = auto()
    KEEP_MASK = auto()
    TAKE = auto()
    COPY_FEATURES = auto()
    SUM_FEATURES = auto()
    CONTRACT = auto()
    PRODUCT_FIXED = auto()
    BLOCK_FIXED = auto()
    SUM_ROWS = auto()
    SUM_FIXED = auto()
    ADD_ROWS = auto()
    TRANSPOSE = auto()

    @property
    def domain(self) -> Kind:
        """SCALAR, PANELS or FIXED: how the work is shared among threads."""
        if self <= Act.COUNT:
            return Kind.SCALAR
        return Kind.PANELS if self <= Act.SUM_FEATURES else Kind.FIXED


class View(_FromZero):
    """How a block sees an operand."""

    STRIP = auto()
    REPEATED = auto()
    ALONG_ROW = auto()
    DOWN_COLUMN = auto()
    SCRATCH = auto()
    TILE = auto()


CODES = {
    name: number
    for number, name in enumerate(
        (
            "splat",
            "copy",
            "add",
            "subtract",
            "multiply",
            "divide",
            "multiply_add",
            "minimum",
            "maximum",
            "where",
            "negate",
            "square",
            "sqrt",
            "exp",
            "expm1",
            "log",
            "absolute",
            "sign",
            "step",
            "normal_cdf",
            "sigmoid",
            "tanh",
            "relu",
            "leaky_relu",
            "elu",
            "selu",
            "gelu",
            "silu",
            "softplus",
            "mish",
            "squared_error",
            "absolute_error",
            "huber",
            "binary_cross_entropy",
            "poisson",
        )
    )
}
"""The ops of elementwise blocks, by name."""


@dataclass(frozen=True)
class Value:
    """A numbered value; ``rows`` is the number of features for all but matrices."""

    kind: Kind
    rows: int
    columns: int = 1


@dataclass(frozen=True)
class Step:
    """One op of a block, on the operands of its instruction by number."""

    op: str
    to: int
    sources: tuple[int, ...]
    setting: float = 0.0


@dataclass
class Instruction:
    """One instruction, with the nodes of the program it stands for."""

    act: Act
    out: int = -1
    args: list[int] = field(default_factory=list)
    setting: float = 0.0
    steps: list[Step] = field(default_factory=list)
    operands: list[tuple[int, View]] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    level: int = 0
    reads: set[int] = field(default_factory=set)
    writes: set[int] = field(default_factory=set)
