"""The block of an instruction as formulas: ops run together up to the next value that is written."""

from __future__ import annotations

from downslope._dataclass import dataclass
from downslope.engines.native.tape import BlockStep, Instruction, View
from downslope.graph import OPS, Node, make
from downslope.graph.notation import (
    Apply,
    Bracketed,
    Expression,
    Infix,
    Number,
    Phrase,
    SumOver,
    Symbol,
    Words,
    product,
)
from downslope.insight.step_tape._names import without_views
from downslope.insight.step_tape._reader import Reader, found
from downslope.insight.step_tape._records import TapeFormula

__all__ = ["block_formulas"]

_COPIES = ("copy", "splat")
_ROUNDINGS = ("round", "round_pairs")


@dataclass(frozen=True)
class _Register:
    """What a register holds, how that is written, and with which values."""

    node: Node | None
    expression: Expression
    over: frozenset[int] = frozenset()


def block_formulas(reader: Reader, i: Instruction, shape: tuple[int | str, ...]) -> list[TapeFormula]:
    """What a block computes, of the shape of its strips."""
    return _Block(reader, i, shape).formulas()


class _Block:
    def __init__(self, reader: Reader, i: Instruction, shape: tuple[int | str, ...]) -> None:
        self._reader, self._i, self._shape = reader, i, shape
        self._registers: dict[int, _Register] = {}
        self._formulas: list[TapeFormula] = []
        self._letters = 0

    def formulas(self) -> list[TapeFormula]:
        for n, step in enumerate(self._i.steps):
            self._step(n, step)
        if self._i.summed >= 0:
            self._sum_up()
        return self._formulas

    def _source(self, operand: int) -> _Register:
        if operand in self._registers:
            return self._registers[operand]
        value = self._i.operands[operand][0]
        return _Register(self._reader.holds.get(value), self._reader.name(value), frozenset((value,)))

    def _step(self, n: int, step: BlockStep) -> None:
        sources = [self._source(operand) for operand in step.sources]
        same = step.op in (*_COPIES, *_ROUNDINGS)
        node = sources[0].node if same else self._node(step, sources)
        expression = _expression(step, [s.expression for s in sources])
        register = _Register(node, expression, frozenset[int]().union(*(s.over for s in sources)))
        value, view = self._i.operands[step.to]
        if view == View.SCRATCH:
            self._registers[step.to] = register if step.op in _COPIES else self._in_register(n, register)
        else:
            self._write(n, step, value, register)

    def _node(self, step: BlockStep, sources: list[_Register]) -> Node | None:
        nodes = [s.node for s in sources]
        node = found(step.op, nodes, self._i.nodes)
        if node is None and step.op == "multiply_add":
            node = self._lines(sources)
        alone = [n for n in nodes if n is not None]
        if node is None and step.op == "divide" and len(alone) == 2 and not self._i.nodes:
            return make("divide", *alone)  # the inverse of a number, which the program does not have
        return node

    def _lines(self, sources: list[_Register]) -> Node | None:
        """The node whose fixed slopes a value is multiplied by, and whose fixed offsets are added."""
        of = sources[0].node
        if of is None:
            return None
        rows = [self._reader.rows.get(value) for s in sources[1:] for value in s.over]
        for node in self._i.nodes:
            numbers = [node.attributes.get(name) for name in ("slopes", "offsets")]
            if rows == numbers and without_views(node.inputs[0]) is without_views(of):
                return node
        return None

    def _in_register(self, n: int, register: _Register) -> _Register:
        """What a register holds: under a name where it has one or is needed more than once."""
        name = self._reader.name_of(register.node)
        if name is None and self._uses(n, self._i.steps[n].to) < 2:
            return register
        return self._named(register, name)

    def _named(self, register: _Register, name: Expression | None = None) -> _Register:
        if name is None:
            self._letters += 1
            name = Symbol("t", index=str(self._letters))
        shape = self._shape if register.node is None else register.node.shape
        self._formulas.append(
            TapeFormula(name, register.expression, "=", shape, "registers", node=register.node)
        )
        return _Register(register.node, name)

    def _uses(self, n: int, operand: int) -> int:
        """How often a register is read after a step before it is written again."""
        count = 0
        for step in self._i.steps[n + 1 :]:
            count += step.sources.count(operand)
            if step.to == operand:
                return count
        return count + (self._i.summed == operand)

    def _write(self, n: int, step: BlockStep, value: int, register: _Register) -> None:
        for operand, waiting in self._registers.items():  # what uses the old value is written out before
            if value in waiting.over and self._uses(n, operand):
                self._registers[operand] = self._named(waiting)
        if step.op in _ROUNDINGS:
            self._round(step, value, register)
        else:
            self._reader.put(value, register.node)
        self._formulas.append(self._reader.formula(value, register.expression))

    def _round(self, step: BlockStep, value: int, register: _Register) -> None:
        source, view = self._i.operands[step.sources[0]]
        name = self._reader.name_of(register.node)
        if view != View.SCRATCH:
            self._reader.rounded(value, register.node, source)
        elif name is not None:
            self._reader.rounded(value, register.node, name)
        else:
            self._reader.put(value, register.node)

    def _sum_up(self) -> None:
        each = Phrase((SumOver("", self._source(self._i.summed).expression), Words(" in each tile")))
        self._formulas.append(self._reader.formula(self._i.partials, each))


def _expression(step: BlockStep, sources: list[Expression]) -> Expression:
    """How the result of a step is written."""
    match step.op:
        case "copy" | "splat":
            return sources[0]
        case "round" | "round_pairs":
            return Phrase((sources[0], Words(" rounded")))
        case "multiply_add":
            return Infix("+", (product(sources[:2]), sources[2]))
        case "multiply_subtract":
            return Infix("−", (sources[2], product(sources[:2])))
        case "step":
            return _positive(sources[0])
        case "gate":
            return product((sources[0], _positive(sources[1])))
        case _ if step.setting:
            return Apply(Words(step.op), (*sources, Number(step.setting)))
        case _:
            return OPS[step.op].notation(*sources)


def _positive(e: Expression) -> Expression:
    """[e > 0]: 1 where it is so, else 0."""
    return Bracketed(Infix(">", (e, Number(0))))
