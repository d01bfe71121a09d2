"""What an instruction computes before its block, as formulas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from downslope.engines.native.tape import Instruction, Kind, Opcode
from downslope.graph import BATCH, Node
from downslope.graph.notation import (
    Apply,
    Expression,
    Infix,
    Number,
    Phrase,
    Power,
    SumOver,
    Words,
    product,
    text,
)
from downslope.insight.step_tape._blocks import block_formulas
from downslope.insight.step_tape._reader import Reader
from downslope.insight.step_tape._records import TapeFormula

__all__ = ["WORDS", "formulas", "share"]

WORDS = {
    Opcode.SCALAR_BLOCK: "number",
    Opcode.TOTAL: "total",
    Opcode.COLUMN_TOTAL: "total",
    Opcode.PICK: "number",
    Opcode.COUNT: "count",
    Opcode.LOAD: "load",
    Opcode.STORE: "store",
    Opcode.PRODUCT: "matrix product",
    Opcode.BLOCK: "elementwise",
    Opcode.PARTIAL: "sum",
    Opcode.TRANSPOSE_PANELS: "transpose",
    Opcode.SOFTMAX: "softmax",
    Opcode.CROSS_ENTROPY: "cross entropy",
    Opcode.ONE_HOT: "one hot",
    Opcode.KEEP_MASK: "random mask",
    Opcode.TAKE: "look up",
    Opcode.COPY_FEATURES: "copy features",
    Opcode.SUM_FEATURES: "sum features",
    Opcode.BIN_PLACES: "places in bins",
    Opcode.BIN_LOOKUP: "look up",
    Opcode.CONTRACT: "contraction",
    Opcode.MATRIX_PRODUCT: "matrix product",
    Opcode.MATRIX_BLOCK: "elementwise",
    Opcode.SUM_ROWS: "sum over rows",
    Opcode.MATRIX_SUM: "sum",
    Opcode.ADD_ROWS: "add rows",
    Opcode.TRANSPOSE: "transpose",
    Opcode.BIN_TABLE: "table of bins",
    Opcode.BIN_SUMS: "sums in bins",
    Opcode.BIN_GRADIENT: "bin gradients",
}
"""The opcodes in words."""


def share(i: Instruction) -> str:
    """Who does it: see ``SHARES``."""
    return {Kind.SCALAR: "alone", Kind.PANELS: "panels"}.get(i.opcode.domain, "tiles")


def formulas(reader: Reader, i: Instruction) -> list[TapeFormula]:
    """What an instruction computes, one value after the other; the reader goes on behind it."""
    first = _first(reader, i)
    if not i.steps:
        return first
    if first:
        return first + block_formulas(reader, i, first[0].shape)
    rows, columns = i.args[:2]
    shapes = {Opcode.SCALAR_BLOCK: (), Opcode.BLOCK: (BATCH, rows)}
    return block_formulas(reader, i, shapes.get(i.opcode, (rows, columns)))


def _first(reader: Reader, i: Instruction) -> list[TapeFormula]:
    if i.opcode in (Opcode.LOAD, Opcode.TRANSPOSE_PANELS):
        return _loaded(reader, i)
    if i.opcode == Opcode.STORE:
        target = Phrase((reader.name(i.args[1]), Words(", row after row")))
        return [TapeFormula(target, None, "=", reader.shape(i.args[1]), "batch")]
    if i.opcode not in _EXPRESSIONS:
        return []
    expression = _EXPRESSIONS[i.opcode](reader, i)  # with what the values hold before
    if i.opcode in (Opcode.MATRIX_SUM, Opcode.ADD_ROWS, Opcode.TRANSPOSE):
        expression = Phrase((expression, Words(", by one thread")))
    out = reader.tile(i)
    reader.put(out, _made(i))
    return [reader.formula(out, expression)]


def _made(i: Instruction) -> Node | None:
    """The node that an instruction computes, a bias or the scale of a mask included."""
    if i.opcode in (Opcode.PARTIAL, Opcode.BIN_PLACES, Opcode.BIN_LOOKUP) or not i.nodes:
        return None
    biased = i.opcode == Opcode.PRODUCT and i.args[3] >= 0
    scaled = i.opcode == Opcode.KEEP_MASK and i.args[1] >= 0
    return i.nodes[1] if biased or scaled else i.nodes[0]


def _loaded(reader: Reader, i: Instruction) -> list[TapeFormula]:
    if i.opcode == Opcode.TRANSPOSE_PANELS:
        reader.transposed(i.out, i.args[0])
        return [reader.formula(i.out, None)]
    reader.put(i.out, i.nodes[0])
    loaded = [reader.formula(i.out, None)]
    if i.args[2] >= 0:
        reader.transposed(i.args[2], i.out)
        loaded.append(reader.formula(i.args[2], None))
    return loaded


def _product(reader: Reader, i: Instruction) -> Expression:
    """Wᵀ or W times the panels, plus what was looked up and a bias; of W the columns that have features."""
    matrix, across, panels, bias, _, start, _ = i.args
    name, features = reader.name(matrix), reader.tape.values[panels].rows
    if start >= 0:
        name = Words(f"{text(name)}[{_listed(range(1, features + 1))}]")
    made = product((Power(name, Words("ᵀ")) if across else name, reader.name(panels)))
    more = [reader.name(value) for value in (start, bias) if value >= 0]
    return Infix("+", (made, *more)) if more else made


def _product_of_matrices(reader: Reader, i: Instruction) -> Expression:
    left, transposed, right = reader.name(i.args[2]), i.args[3], reader.name(i.args[4])
    return product((Power(left, Words("ᵀ")) if transposed else left, right))


def _column(reader: Reader, i: Instruction) -> Expression:
    column = reader.tape.columns[i.args[0]]
    return Words(column.name if len(column.shape) == 1 else f"{column.name}[{i.args[1] + 1}]")


def _total(reader: Reader, i: Instruction) -> Expression:
    return SumOver("", reader.name(i.args[0]))


def _partial(reader: Reader, i: Instruction) -> Expression:
    return Phrase((SumOver("n", reader.name(i.args[0])), Words(" in each panel")))


def _mask(reader: Reader, i: Instruction) -> Expression:
    scale = reader.name(i.args[1]) if i.args[1] >= 0 else Number(1.0)
    return Phrase((scale, Words(f" with probability {1 - i.setting:.6g}, else 0")))


def _applied(word: str, *arguments: int) -> Callable[[Reader, Instruction], Expression]:
    return lambda reader, i: Apply(Words(word), tuple(reader.name(i.args[p]) for p in arguments))


def _of_bins(word: str) -> Callable[[Reader, Instruction], Expression]:
    """A function of what is read, but for the numbers of the bins."""

    def written(reader: Reader, i: Instruction) -> Expression:
        return Apply(Words(word), tuple(map(reader.name, sorted(i.reads - reader.rows.keys()))))

    return written


def _summed(index: str, argument: int) -> Callable[[Reader, Instruction], Expression]:
    return lambda reader, i: SumOver(index, reader.name(i.args[argument]))


def _copied(reader: Reader, i: Instruction) -> Expression:
    """The values side by side, or some of their features, counted from 1."""
    pairs = list(zip(i.args[::2], i.args[1::2], strict=True))
    cuts = [0, *(n for n in range(1, len(pairs)) if pairs[n][0] != pairs[n - 1][0]), len(pairs)]
    parts: list[Expression] = []
    for begin, end in pairwise(cuts):
        value, features = pairs[begin][0], [f + 1 for _, f in pairs[begin:end]]
        parts += [Words(", ")] if parts else []
        if value < 0:
            parts.append(Words("0" if len(features) == 1 else f"{len(features)} zeros"))
        elif features == list(range(1, reader.tape.values[value].rows + 1)):
            parts.append(reader.name(value))
        else:
            parts += [reader.name(value), Words(f"[{_listed(features)}]")]
    return Phrase(tuple(parts))


def _listed(numbers: Sequence[int]) -> str:
    """1, 3…5, 9"""
    cuts = [0, *(n for n in range(1, len(numbers)) if numbers[n] != numbers[n - 1] + 1), len(numbers)]
    runs = [numbers[begin:end] for begin, end in pairwise(cuts)]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}…{run[-1]}" for run in runs)


_EXPRESSIONS: dict[Opcode, Callable[[Reader, Instruction], Expression]] = {
    Opcode.TOTAL: _total,
    Opcode.COLUMN_TOTAL: lambda reader, i: SumOver("n", _column(reader, i)),
    Opcode.PICK: lambda reader, i: Phrase((Words("the number in "), reader.name(i.args[0]))),
    Opcode.COUNT: lambda reader, i: Words("the rows of the batch"),
    Opcode.PRODUCT: _product,
    Opcode.PARTIAL: _partial,
    Opcode.SOFTMAX: _applied("softmax", 0),
    Opcode.CROSS_ENTROPY: _applied("cross_entropy", 0, 1),
    Opcode.ONE_HOT: _applied("one_hot", 0),
    Opcode.KEEP_MASK: _mask,
    Opcode.TAKE: _applied("rows", 0, 1),
    Opcode.COPY_FEATURES: _copied,
    Opcode.SUM_FEATURES: _summed("j", 0),
    Opcode.BIN_PLACES: _of_bins("bins"),
    Opcode.BIN_LOOKUP: _of_bins("rows"),
    Opcode.BIN_TABLE: _of_bins("table"),
    Opcode.BIN_SUMS: _of_bins("sums"),
    Opcode.BIN_GRADIENT: _of_bins("gradient"),
    Opcode.CONTRACT: lambda reader, i: SumOver("n", product(reader.name(v) for v in i.args[2:4])),
    Opcode.MATRIX_PRODUCT: _product_of_matrices,
    Opcode.SUM_ROWS: _summed("n", 2),
    Opcode.MATRIX_SUM: _summed("", 2),
    Opcode.ADD_ROWS: _applied("add_rows", 2, 3),
    Opcode.TRANSPOSE: lambda reader, i: Power(reader.name(i.args[2]), Words("ᵀ")),
}
