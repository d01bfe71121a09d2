"""What an instruction computes before its block, as formulas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from downslope.engines.native.tape import Act, Instruction, Kind
from downslope.graph import BATCH, Node
from downslope.graph.notation import Apply, Expression, Infix, Number, Power, SumOver, Words, product
from downslope.insight.step_tape._blocks import block_formulas
from downslope.insight.step_tape._reader import Reader
from downslope.insight.step_tape._records import TapeFormula

__all__ = ["WORDS", "formulas", "share"]

WORDS = {
    Act.SCALAR_BLOCK: "number",
    Act.TOTAL: "total",
    Act.COLUMN_TOTAL: "total",
    Act.PICK: "number",
    Act.COUNT: "count",
    Act.LOAD: "load",
    Act.STORE: "store",
    Act.PRODUCT: "matrix product",
    Act.BLOCK: "elementwise",
    Act.PARTIAL: "sum",
    Act.TURN: "turn",
    Act.SOFTMAX: "softmax",
    Act.CROSS_ENTROPY: "cross entropy",
    Act.ONE_HOT: "one hot",
    Act.KEEP_MASK: "random mask",
    Act.TAKE: "look up",
    Act.COPY_FEATURES: "copy features",
    Act.SUM_FEATURES: "sum features",
    Act.CONTRACT: "contraction",
    Act.PRODUCT_FIXED: "matrix product",
    Act.BLOCK_FIXED: "elementwise",
    Act.SUM_ROWS: "sum over rows",
    Act.SUM_FIXED: "sum",
    Act.ADD_ROWS: "add rows",
    Act.TRANSPOSE: "transpose",
}
"""The acts in words."""


def share(i: Instruction) -> str:
    """Who does it: see ``SHARES``."""
    return {Kind.SCALAR: "alone", Kind.PANELS: "panels"}.get(i.act.domain, "tiles")


def formulas(reader: Reader, i: Instruction) -> list[TapeFormula]:
    """What an instruction computes, one value after the other; the reader goes on behind it."""
    first = _first(reader, i)
    if not i.steps:
        return first
    if first:
        return first + block_formulas(reader, i, first[0].shape)
    rows, columns = i.args[:2]
    shapes = {Act.SCALAR_BLOCK: (), Act.BLOCK: (BATCH, rows)}
    return block_formulas(reader, i, shapes.get(i.act, (rows, columns)))


def _first(reader: Reader, i: Instruction) -> list[TapeFormula]:
    if i.act in (Act.LOAD, Act.TURN):
        return _loaded(reader, i)
    if i.act == Act.STORE:
        target = Infix("", (reader.name(i.args[1]), Words(", row after row")))
        return [TapeFormula(target, None, "=", reader.shape(i.args[1]), "batch")]
    if i.act not in _EXPRESSIONS:
        return []
    expression = _EXPRESSIONS[i.act](reader, i)  # with what the values hold before
    if i.act in (Act.SUM_FIXED, Act.ADD_ROWS, Act.TRANSPOSE):
        expression = Infix("", (expression, Words(", by one thread")))
    out = reader.tile(i)
    reader.put(out, _made(i))
    return [reader.formula(out, expression)]


def _made(i: Instruction) -> Node | None:
    """The node that an act computes: with the bias, where the product starts from it; with a mask's scale."""
    if i.act == Act.PARTIAL:
        return None
    biased = i.act == Act.PRODUCT and i.args[3] >= 0
    scaled = i.act == Act.KEEP_MASK and i.args[1] >= 0
    return i.nodes[1] if biased or scaled else i.nodes[0]


def _loaded(reader: Reader, i: Instruction) -> list[TapeFormula]:
    if i.act == Act.TURN:
        reader.turned(i.out, i.args[0])
        return [reader.formula(i.out, None)]
    reader.put(i.out, i.nodes[0])
    told = [reader.formula(i.out, None)]
    if i.args[2] >= 0:
        reader.turned(i.args[2], i.out)
        told.append(reader.formula(i.args[2], None))
    return told


def _product(reader: Reader, i: Instruction) -> Expression:
    """Wᵀ or W times the panels, plus a bias."""
    matrix, across, panels, bias = i.args[:4]
    name = reader.name(matrix)
    made = product((Power(name, Words("ᵀ")) if across else name, reader.name(panels)))
    return Infix("+", (made, reader.name(bias))) if bias >= 0 else made


def _product_of_matrices(reader: Reader, i: Instruction) -> Expression:
    left, turned, right = reader.name(i.args[2]), i.args[3], reader.name(i.args[4])
    return product((Power(left, Words("ᵀ")) if turned else left, right))


def _column(reader: Reader, i: Instruction) -> Expression:
    column = reader.tape.columns[i.args[0]]
    return Words(column.name if len(column.shape) == 1 else f"{column.name}[{i.args[1] + 1}]")


def _total(reader: Reader, i: Instruction) -> Expression:
    return SumOver("", reader.name(i.args[0]))


def _partial(reader: Reader, i: Instruction) -> Expression:
    return Infix("", (SumOver("n", reader.name(i.args[0])), Words(" in each panel")))


def _mask(reader: Reader, i: Instruction) -> Expression:
    kept = reader.name(i.args[1]) if i.args[1] >= 0 else Number(1.0)
    return Infix("", (kept, Words(f" with probability {1 - i.setting:.6g}, else 0")))


def _applied(word: str, *places: int) -> Callable[[Reader, Instruction], Expression]:
    return lambda reader, i: Apply(Words(word), tuple(reader.name(i.args[p]) for p in places))


def _summed(index: str, place: int) -> Callable[[Reader, Instruction], Expression]:
    return lambda reader, i: SumOver(index, reader.name(i.args[place]))


def _copied(reader: Reader, i: Instruction) -> Expression:
    """The values side by side, or some of their features, counted from 1."""
    places = list(zip(i.args[::2], i.args[1::2], strict=True))
    cuts = [0, *(n for n in range(1, len(places)) if places[n][0] != places[n - 1][0]), len(places)]
    parts: list[Expression] = []
    for begin, end in pairwise(cuts):
        value, features = places[begin][0], [f + 1 for _, f in places[begin:end]]
        parts += [Words(", ")] if parts else []
        if value < 0:
            parts.append(Words("0" if len(features) == 1 else f"{len(features)} zeros"))
        elif features == list(range(1, reader.tape.values[value].rows + 1)):
            parts.append(reader.name(value))
        else:
            parts += [reader.name(value), Words(f"[{_listed(features)}]")]
    return Infix("", tuple(parts))


def _listed(numbers: Sequence[int]) -> str:
    """1, 3…5, 9"""
    cuts = [0, *(n for n in range(1, len(numbers)) if numbers[n] != numbers[n - 1] + 1), len(numbers)]
    runs = [numbers[begin:end] for begin, end in pairwise(cuts)]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}…{run[-1]}" for run in runs)


_EXPRESSIONS: dict[Act, Callable[[Reader, Instruction], Expression]] = {
    Act.TOTAL: _total,
    Act.COLUMN_TOTAL: lambda reader, i: SumOver("n", _column(reader, i)),
    Act.PICK: lambda reader, i: Infix("", (Words("the number in "), reader.name(i.args[0]))),
    Act.COUNT: lambda reader, i: Words("the rows of the batch"),
    Act.PRODUCT: _product,
    Act.PARTIAL: _partial,
    Act.SOFTMAX: _applied("softmax", 0),
    Act.CROSS_ENTROPY: _applied("cross_entropy", 0, 1),
    Act.ONE_HOT: _applied("one_hot", 0),
    Act.KEEP_MASK: _mask,
    Act.TAKE: _applied("rows", 0, 1),
    Act.COPY_FEATURES: _copied,
    Act.SUM_FEATURES: _summed("j", 0),
    Act.CONTRACT: lambda reader, i: SumOver("n", product(reader.name(v) for v in i.args[2:4])),
    Act.PRODUCT_FIXED: _product_of_matrices,
    Act.SUM_ROWS: _summed("n", 2),
    Act.SUM_FIXED: _summed("", 2),
    Act.ADD_ROWS: _applied("add_rows", 2, 3),
    Act.TRANSPOSE: lambda reader, i: Power(reader.name(i.args[2]), Words("ᵀ")),
}
