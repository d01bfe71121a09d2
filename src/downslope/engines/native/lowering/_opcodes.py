"""The names that Python and C++ share: kinds of values, opcodes of instructions, ops of elementwise blocks.

This file is their one source: the build writes the C++ header ``opcodes.hpp`` from it
(``native/write_opcodes.py``). It therefore imports nothing of the package.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, auto

__all__ = ["ELEMENTWISE_OPS", "ElementwiseOp", "Form", "Kind", "Opcode", "View", "names"]


class _FromZero(IntEnum):
    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[int]) -> int:
        return count


class Kind(_FromZero):
    """What a value is, and where it lies in memory."""

    MATRIX = auto()
    """Of fixed shape; its rows are padded to a multiple of 32 numbers."""
    PANELS = auto()
    """Numbers for each row of the batch: [panel][features][32]."""
    TRANSPOSED = auto()
    """Panels with their rows as rows: [blocks of 32 features][row][32]."""
    PARTIALS = auto()
    """A partial sum for each panel, or for each tile of a matrix."""
    SCALAR = auto()
    """One number, repeated 32 times; each thread has its own."""


class Form(_FromZero):
    """How the numbers of a value are written."""

    NUMBERS = auto()
    """In the dtype of the machine."""
    HALVES = auto()
    """In bfloat16, in the same order."""
    PAIRS = auto()
    """In bfloat16, two numbers that follow each other along the sum of a product in one word."""


class View(_FromZero):
    """How a block sees an operand."""

    STRIP = auto()
    """Moving with the strip."""
    REPEATED = auto()
    """One row, repeated."""
    ALONG_ROW = auto()
    """One number for each row of the strip, along a row of a matrix."""
    DOWN_COLUMN = auto()
    """One number for each row of the strip, down a column of a matrix."""
    SCRATCH = auto()
    """A register of the block."""
    TILE = auto()
    """The tile that the instruction has just computed."""


class Opcode(IntEnum):
    """What an instruction does: how its work is shared among threads, and its arguments in their order.

    A kind says how: SCALAR work is done by every thread for itself, of PANELS each thread has its own, and
    tiles of a MATRIX are shared out.
    """

    domain: Kind
    arguments: tuple[str, ...]

    def __new__(cls, domain: Kind, *arguments: str) -> Opcode:
        opcode = int.__new__(cls, len(cls.__members__))
        opcode._value_ = len(cls.__members__)
        opcode.domain, opcode.arguments = domain, arguments
        return opcode

    SCALAR_BLOCK = Kind.SCALAR, "rows", "columns"
    TOTAL = Kind.SCALAR, "partials", "maker"  # the instruction that makes them; -1: one for each panel
    COLUMN_TOTAL = Kind.SCALAR, "column", "feature"
    PICK = Kind.SCALAR, "matrix"  # its one element
    COUNT = (Kind.SCALAR,)  # rows of the batch
    LOAD = Kind.PANELS, "column", "panels", "transposed"  # -1: not wanted
    STORE = Kind.PANELS, "store", "panels"
    PRODUCT = (
        Kind.PANELS,
        "matrix",
        "is transposed",
        "panels",
        "bias",
        "rows",
        "start",
        "turned",
    )  # no bias, start or matrix with its rows as columns: -1
    BLOCK = Kind.PANELS, "rows", "columns"
    PARTIAL = Kind.PANELS, "panels"
    TRANSPOSE_PANELS = Kind.PANELS, "panels"
    SOFTMAX = Kind.PANELS, "scores"
    CROSS_ENTROPY = Kind.PANELS, "scores", "classes"
    ONE_HOT = Kind.PANELS, "classes"
    KEEP_MASK = Kind.PANELS, "stream", "scale"  # -1: 1
    TAKE = Kind.PANELS, "table", "index"
    COPY_FEATURES = Kind.PANELS, "..."  # panels and feature for each feature; panels of -1 give zeros
    SUM_FEATURES = Kind.PANELS, "panels"
    BIN_PLACES = Kind.PANELS, "..."
    """Numbers of bins, whether they are peaks; of each column panels, feature, segments, its numbers, row."""
    BIN_LOOKUP = Kind.PANELS, "..."  # rows; for each set of bins: table, places
    CONTRACT = Kind.MATRIX, "rows", "columns", "panels", "transposed"
    MATRIX_PRODUCT = Kind.MATRIX, "rows", "columns", "left", "is transposed", "right", "depth"
    MATRIX_BLOCK = Kind.MATRIX, "rows", "columns"
    SUM_ROWS = Kind.MATRIX, "1", "columns", "panels"
    MATRIX_SUM = Kind.MATRIX, "rows", "columns", "matrix", "axis", "is column"  # axis 2: both
    ADD_ROWS = Kind.MATRIX, "rows", "columns", "panels", "index"
    TRANSPOSE = Kind.MATRIX, "rows", "columns", "matrix"
    BIN_TABLE = (
        Kind.MATRIX,
        "...",
    )  # rows, columns, matrix, whether they are summed; for each row a column of the matrix, or -1
    BIN_SUMS = Kind.MATRIX, "rows", "columns", "places", "transposed"
    BIN_GRADIENT = Kind.MATRIX, "..."
    """Rows, columns, gradient by the first columns; of each set of bins sums, whether summed, columns."""


@dataclass(frozen=True)
class ElementwiseOp:
    """An op of elementwise blocks: its number of operands, and the attribute of its node that is its setting.

    ``in_chains`` are ops of plain arithmetic, which can take an operand from the op before them in registers.
    """

    name: str
    operands: int
    setting: tuple[str, float] | None = None  # and what it is where the node does not have it
    in_chains: bool = False


def _chained(name: str, operands: int) -> ElementwiseOp:
    return ElementwiseOp(name, operands, in_chains=True)


_OPS = (
    ElementwiseOp("splat", 1),  # the first number of a row, repeated along it
    _chained("copy", 1),
    _chained("add", 2),
    _chained("subtract", 2),
    _chained("multiply", 2),
    _chained("divide", 2),
    _chained("multiply_add", 3),  # a·b + c
    _chained("multiply_subtract", 3),  # c − a·b
    _chained("gate", 2),  # a where b > 0, else 0·a
    ElementwiseOp("minimum", 2),
    ElementwiseOp("maximum", 2),
    ElementwiseOp("where", 3),
    _chained("negate", 1),
    _chained("square", 1),
    _chained("sqrt", 1),
    ElementwiseOp("exp", 1),
    ElementwiseOp("expm1", 1),
    ElementwiseOp("log", 1),
    ElementwiseOp("sin", 1),
    ElementwiseOp("cos", 1),
    ElementwiseOp("absolute", 1),
    ElementwiseOp("sign", 1),
    ElementwiseOp("step", 1),
    ElementwiseOp("normal_cdf", 1),
    ElementwiseOp("sigmoid", 1),
    ElementwiseOp("tanh", 1),
    _chained("relu", 1),
    ElementwiseOp("leaky_relu", 1, ("slope", 0.01)),
    ElementwiseOp("elu", 1, ("alpha", 1.0)),
    ElementwiseOp("selu", 1),
    ElementwiseOp("gelu", 1),
    ElementwiseOp("silu", 1),
    ElementwiseOp("softplus", 1),
    ElementwiseOp("mish", 1),
    _chained("squared_error", 2),
    ElementwiseOp("absolute_error", 2),
    ElementwiseOp("huber", 2, ("delta", 1.0)),
    ElementwiseOp("quantile", 2, ("level", 0.5)),
    ElementwiseOp("binary_cross_entropy", 2),
    ElementwiseOp("poisson", 2),
    ElementwiseOp("round", 1),  # to bfloat16, as Form.HALVES
    ElementwiseOp("round_pairs", 1),  # to bfloat16, as Form.PAIRS
)
ELEMENTWISE_OPS = {op.name: op for op in _OPS}
"""The ops of elementwise blocks by name; C++ numbers them in this order."""


def names() -> str:
    """All names in their order: an extension that was built from others must not run this package's tapes."""
    kinds = [[member.name for member in kind] for kind in (Kind, Form, View, Opcode)]
    return "; ".join(" ".join(group) for group in (*kinds, list(ELEMENTWISE_OPS)))
