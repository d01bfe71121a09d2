"""Runs a tape on nodes instead of numbers: which node each value holds, and what it is called.

A node is recognised by its op and by what the operands hold, so that a name is given only to what was indeed
computed; whatever is not recognised is called by its number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from downslope.engines.native.tape import FACTORS, Form, Instruction, Kind, Tape, View
from downslope.graph import BATCH, Node, make
from downslope.graph.notation import Apply, Expression, Number, Power, Symbol, Words, partial, text
from downslope.insight.step_tape._names import E, Names, without_views
from downslope.insight.step_tape._records import TapeFormula

__all__ = ["TURNED", "Reader", "found"]

TURNED = "ᵀ"
_FORMS = {Form.HALVES: "bf16", Form.PAIRS: "pairs"}


class Reader:
    """What the values of a tape hold at one point of a step, instruction after instruction.

    Attributes:
        tape: whose values.
        holds: the node that each holds.
        rows: the numbers of those that are fixed, such as the slopes of lines.
    """

    def __init__(self, tape: Tape, names: Names, slots: Mapping[str, tuple[str, str]]) -> None:
        self.tape = tape
        self.holds: dict[int, Node] = {value: leaf for leaf, value in tape.leaves.items()}
        self._constants: dict[int, float] = {}
        self.rows: dict[int, tuple[float, ...]] = {}
        for value, numbers in tape.constants:
            if tape.values[value].kind == Kind.SCALAR:
                self._constants[value] = numbers[0]
            else:
                self.rows[value] = numbers
        self.holds |= {value: make("constant", value=number) for value, number in self._constants.items()}
        self._short: dict[Expression, str] = {}
        self._used: set[str] = set()
        self._names = names
        self._leaves = {value: leaf for leaf, value in tape.leaves.items()}
        self._slots = slots
        self._columns = {leaf: Symbol(leaf.name) for leaf in tape.columns}
        self._forms: dict[int, tuple[str, int | Expression]] = {}
        for matrix, form in tape.mirrors:
            self.put(form, self.holds[matrix], _FORMS[tape.values[form].form], matrix)

    def put(self, value: int, node: Node | None, form: str = "", of: int | Expression = -1) -> None:
        """A value now holds a node, maybe in another form of another value or of what a name stands for."""
        self.holds.pop(value, None)
        if node is not None:
            self.holds[value] = node
        if form:
            self._forms[value] = (form, of)

    def rounded(self, value: int, node: Node | None, of: int | Expression) -> None:
        """A value now holds a node in bfloat16."""
        self.put(value, node, _FORMS[self.tape.values[value].form], of)

    def name(self, value: int) -> Expression:
        """How formulas write a value."""
        if value in self._forms:
            form, of = self._forms[value]
            inner = self.name(of) if isinstance(of, int) else of
            return Power(inner, Words(form)) if form == TURNED else Apply(Words(form), (inner,))
        if value in self._leaves:
            return self._shortened(Symbol(self._leaves[value].name))
        if value in self._constants:
            return Number(self._constants[value])
        if len({*self.rows.get(value, ())}) == 1:
            return Number(self.rows[value][0])
        return self.name_of(self.holds.get(value)) or Symbol(f"v{value}")

    def name_of(self, node: Node | None) -> Expression | None:
        """What a node is called."""
        name = None if node is None else self._columns.get(node) or self._names.of(node)
        return self._shortened(name) if name else None

    def _shortened(self, name: Expression) -> Expression:
        if name not in self._short:
            return name
        self._used.add(self._short[name])
        return Symbol(self._short[name])

    def shape(self, value: int) -> tuple[int | str, ...]:
        """The shape of a value, as that of the node it holds where it is known."""
        v, node = self.tape.values[value], self.holds.get(value)
        if v.kind in (Kind.SCALAR, Kind.PARTIALS):
            return ()
        if v.kind == Kind.TRANSPOSED:
            return (v.rows, BATCH)
        if node is not None and len(node.shape) == 1:
            return tuple(node.shape)
        return (BATCH, v.rows) if v.kind == Kind.PANELS else (v.rows, v.columns)

    def home(self, value: int) -> str:
        """Where a value lives."""
        v = self.tape.values[value]
        if not v.stored:
            return "registers"
        if v.kind == Kind.PANELS and v.local:
            return "thread"
        homes = {Kind.SCALAR: "number", Kind.PARTIALS: "sums", Kind.MATRIX: "matrix"}
        return homes.get(v.kind, "batch")

    def formula(self, value: int, expression: Expression | None) -> TapeFormula:
        """What a value gets, after it got it."""
        sign = "←" if value in self._leaves else "="
        node = self.holds.get(value)
        return TapeFormula(
            self.name(value), expression, sign, self.shape(value), self.home(value), value, node
        )

    def shorten(self, parameter: str = "") -> None:
        """Write w for a parameter from now on, g for its gradient, and its states without its name."""
        self._used.clear()
        self._short = {}
        if parameter:
            self._short = {Symbol(parameter): "w", partial(E, Symbol(parameter)): "g"}
            own = {name: slot for name, (owner, slot) in self._slots.items() if owner == parameter}
            self._short |= {Symbol(name): slot for name, slot in own.items()}

    def shortened(self) -> Mapping[str, str]:
        """What was written in short since then, and w at any rate."""
        return MappingProxyType(
            {letter: text(name) for name, letter in self._short.items() if letter in {"w", *self._used}}
        )

    def owner(self, i: Instruction) -> str:
        """The parameter of which an instruction writes new values; empty where there is not exactly one."""
        written = [self._leaves[v].name for v in i.writes if v in self._leaves]
        owners = {self._slots[name][0] if name in self._slots else name for name in written}
        return owners.pop() if len(owners) == 1 else ""

    def transposed(self, value: int, of: int) -> None:
        """A value now holds another one, transposed."""
        self.put(value, self.holds.get(of), TURNED, of)

    def tile(self, i: Instruction) -> int:
        """The value that an instruction computes before its block; -1 where it has none."""
        return i.out if i.out >= 0 else next((v for v, view in i.operands if view == View.TILE), -1)


def found(op: str, sources: Sequence[Node | None], nodes: Iterable[Node]) -> Node | None:
    """The one of some nodes that an op computes from what its operands hold."""
    if any(source is None for source in sources):
        return None
    operands = tuple(without_views(source) for source in sources if source is not None)
    return next((node for node in nodes if _computes(op, operands, node)), None)


def _computes(op: str, operands: tuple[Node, ...], node: Node) -> bool:
    inputs = tuple(map(without_views, node.inputs))
    if op in ("multiply_add", "multiply_subtract"):
        orders = ((0, 1), (1, 0)) if op == "multiply_add" else ((1, 0),)
        name = "add" if op == "multiply_add" else "subtract"
        return node.op.name == name and any(
            inputs[p].op.name == "multiply" and (*map(without_views, inputs[p].inputs), inputs[q]) == operands
            for p, q in orders
        )
    if op == "gate":
        return node.op.name == "multiply" and any(
            inputs[p].op.name == "step" and (inputs[q], without_views(inputs[p].inputs[0])) == operands
            for p, q in ((0, 1), (1, 0))
        )
    if op == "multiply" and node.op.name == "divide":  # times the inverse of a number
        return inputs[1].shape == () and (inputs[0], 1.0 / inputs[1]) == operands
    if op == "multiply" and node.op.name in FACTORS:
        return operands == (inputs[0], make(FACTORS[node.op.name], inputs[0]))
    return node.op.name == op and inputs == operands
