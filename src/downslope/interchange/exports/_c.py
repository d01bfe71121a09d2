"""A prediction as one file of C99: a row in, the prediction out; nothing is allocated.

The walk goes over one row: a value of shape (n, k) is k numbers. Ops on each number alone are expressions
inside the loop of what needs them; other ops fill an array. Arrays share one block of the stack for each
type, each while it is needed.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.graph import BATCH, Node, topological
from downslope.interchange._identifiers import Identifiers
from downslope.interchange.exports._c_text import SCALAR, TAKEN, array_text, helpers, literal, string_text
from downslope.interchange.exports._fixed_point import quantised, steps
from downslope.interchange.exports._prediction import Cells, Prediction, with_transposed_weights
from downslope.interchange.exports._walk import Spelling, filled, walk

__all__ = ["CSource", "c_source"]

_WHAT = "a file of C"
_CALL = re.compile(r"[a-z_0-9]+\{f\}\(.*\)$")
_BYTES = {"float": 4, "double": 8, "signed char": 1, "short": 2}
_LARGEST_SHORT = 2**15 - 1
_LONG = 160
"""An expression longer than this gets an array of its own."""


@dataclass(frozen=True)
class CSource:
    """A file of C, and what it takes.

    Attributes:
        text: the file.
        constants: the bytes of all arrays that stand in it.
        stack: the bytes of the numbers on the way.
    """

    text: str
    constants: int
    stack: int


@dataclass(eq=False)
class _Value:
    """What stands for a node.

    Attributes:
        size: how many numbers it has for a row.
        type: ``"float"`` or ``"double"``; none for a number, which takes that of its neighbours.
        at: the expression of one of them, from that of its index.
        name: of the array that holds it; empty while it is only an expression.
        data, label: of parameters, what stands in the file, and what it is to be called there.
        number: of a constant.
    """

    size: int
    type: str
    at: Callable[[str], str] = str
    name: str = ""
    data: NDArray[Any] | None = None
    label: str = ""
    number: float = 0.0

    def element(self, i: str, type_: str) -> str:
        """One number in an expression of a type; the only one of what is repeated."""
        if not self.type:
            return literal(self.number, type_)
        return self.at("0" if self.size == 1 else i)


def c_source(prediction: Prediction, name: str, *, int8: bool = False) -> CSource:
    """The text of the file.

    Args:
        prediction: what it computes.
        name: what the names of its functions begin with.
        int8: whether products with matrices of weights are of 8-bit whole numbers.

    Raises:
        DownslopeError: where C has no spelling for something.
    """
    return _Writer(with_transposed_weights(prediction), name, int8).source()


class _Writer:
    def __init__(self, prediction: Prediction, name: str, int8: bool) -> None:
        self.prediction, self.int8 = prediction, int8
        self.real = "float" if prediction.dtype == np.float32 else "double"
        self.identifiers = Identifiers(TAKEN)
        self.name = self.identifiers.of(name)
        self.arrays: list[str] = []  # definitions
        self.bytes = 0
        self.statements: list[str] = []
        self.buffers: dict[str, tuple[str, int]] = {}
        self.uses = Counter(i for node in topological([prediction.result]) for i in node.inputs)
        members = Identifiers(TAKEN)
        self.fields = {cell.leaf.name: members.of(cell.name) for cell in prediction.cells}

    def source(self) -> CSource:
        cells = {cell.leaf.name: cell for cell in self.prediction.cells}

        def leaf(node: Node) -> _Value:
            if node.name in cells:
                return self._cell(cells[node.name])
            if not node.name:
                return _Value(1, "", number=node.attributes["value"])
            return self.parameter(node.name, self.prediction.values[node.name])

        scalar = dict.fromkeys(SCALAR, self._elementwise)
        table: dict[str, Spelling[_Value]] = {
            **scalar,
            **{op: self._bound(function) for op, function in _CALLS.items()},
        }
        (result,) = walk([self.prediction.result], leaf, table, _WHAT, self.prediction.stages)
        return self._file(result)

    def _bound(self, function: _Function) -> Spelling[_Value]:
        return lambda node, given: self._kept(node, function(self, node, given))

    def _elementwise(self, node: Node, given: Sequence[_Value]) -> _Value:
        size = _size(node)
        type_ = next((g.type for g in given if g.type), self.real)
        suffix = "f" if type_ == "float" else ""
        template = SCALAR[node.op.name]

        def at(i: str) -> str:
            operands = [g.element(i, type_) for g in given]
            text = filled(template, node, operands, lambda v: literal(v, type_), f=suffix)
            return text if _CALL.match(template) else f"({text})"

        return self._kept(node, _Value(size, type_, at))

    def _kept(self, node: Node, value: _Value) -> _Value:
        """An array for what is needed more than once, or long."""
        if not value.name and value.data is None and (self.uses[node] > 1 or len(value.at("i")) > _LONG):
            self.stored(value)
        return value

    def stored(self, value: _Value) -> str:
        """The name of the array that holds a value, which is filled now if it was not."""
        if value.data is not None and not value.name:
            value.name = self.identifiers.of(value.label)
            self.constant(value.name, value.type, value.data)
        elif not value.name:
            name = self.buffer(value.size, value.type or self.real)
            self.loop(value.size, lambda i: f"{name}[{i}] = {value.at(i)};")
            value.name = name
            value.at = lambda i: f"{name}[{i}]"
        return value.name

    def buffer(self, size: int, type_: str) -> str:
        """A new array on the stack."""
        name = self.identifiers.of("t1" if not self.buffers else f"t{len(self.buffers) + 1}")
        self.buffers[name] = (type_, size)
        return name

    def loop(self, size: int, body: Callable[[str], str]) -> None:
        if size == 1:
            self.statements.append(body("0"))
        else:
            self.statements.append(f"for (int i = 0; i < {size}; i++) {body('i')}")

    def parameter(self, label: str, data: NDArray[Any]) -> _Value:
        """An array of the file; it is written when it is first read."""
        type_ = "float" if data.dtype == np.float32 else "double"
        value = _Value(data.size, type_, data=data, label=label)
        value.at = lambda i: f"{self.stored(value)}[{i}]"
        return value

    def constant(self, name: str, type_: str, data: NDArray[Any]) -> None:
        """The definition of an array of the file.

        Raises:
            DownslopeError: for whole numbers that do not fit.
        """
        if type_ == "short" and data.max(initial=0) > _LARGEST_SHORT:
            raise DownslopeError(
                f"{_WHAT} counts to {_LARGEST_SHORT:,}, and {name} to {data.max():,}; choose another format"
            )
        self.arrays.append(array_text(name, type_, data))
        self.bytes += data.size * _BYTES[type_]

    def _cell(self, cell: Cells) -> _Value:
        member = self.fields[cell.leaf.name]
        if not self.prediction.of_table:
            return _Value(_size(cell.leaf), self.real, lambda i: f"x[{i}]", "x")
        if cell.rows is None:
            return _Value(1, "double", lambda i: f"row->{member}")
        texts = sorted(cell.rows, key=lambda text: text.encode())
        words, rows = self.identifiers.of(f"{member}_texts"), self.identifiers.of(f"{member}_rows")
        listed = ",\n    ".join(map(string_text, texts))
        self.arrays.append(f"static const char *const {words}[] = {{\n    {listed}}};")
        self.bytes += sum(len(text.encode()) + 1 + 8 for text in texts)
        self.constant(rows, "short", np.array([cell.rows[text] for text in texts], np.int32))
        name = self.buffer(1, "double")
        self.statements.append(f"{name}[0] = level(row->{member}, {words}, {rows}, {len(texts)});")
        return _Value(1, "double", lambda i: f"{name}[0]", name)

    def _file(self, result: _Value) -> CSource:
        p = self.prediction
        body, stack = self._placed(self._ending(result))
        text = "\n".join(body)
        functions = helpers(text, self.real)
        signature = self._signature()
        about = [
            f"/* {_comment(p.title)}.",
            f"   {self.bytes:,} bytes of constants, {stack:,} bytes of numbers on the stack.",
            "   Written by Downslope.",
            *(["   Weights of products are whole numbers of 8 bits."] if self.int8 else []),
            f"\n   {signature};  */",
        ]
        parts = [
            "\n".join(about),
            "\n".join(f"#include <{name}.h>" for name in _headers("".join(functions))),
            *self._interface(),
            f"{signature};",
            *functions,
            *self.arrays,
            "\n".join([f"{signature} {{", *(f"    {line}" for line in body), "}"]),
        ]
        return CSource("\n\n".join(parts) + "\n", self.bytes, stack)

    def _interface(self) -> list[str]:
        p = self.prediction
        parts = []
        if p.of_table:
            lines = []
            for cell in p.cells:
                type_ = "double " if cell.rows is None else "const char *"
                said = _comment(f"{cell.name}: {cell.holds}")
                lines.append(f"    {type_}{self.fields[cell.leaf.name]}; /* {said} */")
            head = f"/* A gap is NAN, or NULL for text. */\nstruct {self.name}_row {{"
            parts.append("\n".join([head, *lines, "};"]))
        if p.classes:
            listed = ", ".join(map(string_text, p.classes))
            parts.append(f"const char *const {self.name}_classes[{len(p.classes)}] = {{{listed}}};")
        if p.decision:
            weights = ", ".join(map(repr, p.decision))
            parts.append(f"static const double {self.name}_decision[{len(p.decision)}] = {{{weights}}};")
        return parts

    def _signature(self) -> str:
        p, size = self.prediction, _size(self.prediction.result)
        given = f"const struct {self.name}_row *row" if p.of_table else f"const {self.real} *x"
        if p.classes:
            return f"int {self.name}_predict({given}, double probabilities[{size}])"
        if p.interval:
            return f"double {self.name}_predict({given}, double interval[2])"
        if p.of_table:
            return f"double {self.name}_predict({given})"
        return f"void {self.name}_predict({given}, {self.real} *prediction)"

    def _ending(self, result: _Value) -> list[str]:
        p = self.prediction
        if p.interval:
            ends = [f"interval[{i}] = {result.at(str(i + 1))};" for i in range(2)]
            return [*ends, f"return {result.at('0')};"]
        if p.of_table and not p.classes:
            return [f"return {result.at('0')};"]
        name = "probabilities" if p.classes else "prediction"
        type_ = "double" if p.classes else self.real
        lines = [f"for (int i = 0; i < {result.size}; i++) {name}[i] = {result.element('i', type_)};"]
        if p.classes:
            i, best = "probabilities[i]", "probabilities[best]"
            if p.decision:
                i, best = (f"{of} * {self.name}_decision[{at}]" for of, at in ((i, "i"), (best, "best")))
            lines += [
                "int best = 0;",
                f"for (int i = 1; i < {result.size}; i++)",
                f"    if ({i} > {best}) best = i;",
                "return best; /* the place of the class in the list above */",
            ]
        return lines

    def _placed(self, ending: list[str]) -> tuple[list[str], int]:
        """The statements with a place for each array, which is given again when nothing needs the array."""
        lines = [*self.statements, *ending]
        spans: dict[str, list[int]] = {}
        for at, line in enumerate(lines):
            for name in re.findall(r"\bt\d+(?:_\d+)?\b", line):
                if name in self.buffers:
                    spans.setdefault(name, [at, at])[1] = at
        starts: dict[str, int] = {}
        totals = {"float": 0, "double": 0, "short": 0}
        for name, (first, _) in spans.items():
            type_, size = self.buffers[name]
            alive = [o for o in starts if self.buffers[o][0] == type_ and spans[o][1] >= first]
            start = 0
            for other in sorted(alive, key=starts.__getitem__):
                if start + size <= starts[other]:
                    break
                start = max(start, starts[other] + self.buffers[other][1])
            starts[name] = start
            totals[type_] = max(totals[type_], start + size)
        blocks = {
            "float": "work",
            "double": "wide",
            "short": "narrow",
        }  # apart: no place is read in two types
        declared = [f"{type_} {blocks[type_]}[{total}];" for type_, total in totals.items() if total]
        for name, start in starts.items():
            type_ = self.buffers[name][0]
            declared.append(f"{type_} *const {name} = {blocks[type_]} + {start};")
        return [*declared, *lines], sum(_BYTES[type_] * total for type_, total in totals.items())


_Function = Callable[[_Writer, Node, Sequence[_Value]], _Value]


def _size(node: Node) -> int:
    return math.prod(int(d) for d in node.shape if d != BATCH)


def _headers(functions: str) -> list[str]:
    """What declares the functions and types that are used."""
    needed = {"math": "", "stdint": "int32_t", "string": "strcmp"}
    return [name for name, word in needed.items() if word in functions]


def _comment(text: str) -> str:
    """Text that ends no comment, in ASCII."""
    plain = " ".join(text.split()).encode("ascii", "replace").decode()
    return re.sub(r"[?\\]|\*(?=/)|/(?=\*)", ".", plain)


def _refused(node: Node, why: str) -> DownslopeError:
    return DownslopeError(f"{_WHAT} computes one row, and {why} ({node.op.name}); choose another format")


def _matmul(write: _Writer, node: Node, given: Sequence[_Value]) -> _Value:
    a, b = given
    if b.data is None:
        raise _refused(node, "a product of two values of rows is over several")
    inner, units = (int(d) for d in node.inputs[1].shape)
    source = write.stored(a)
    out = write.buffer(units, write.real)
    if write.int8:
        whole, scales = quantised(b.data)
        name, scale = (write.identifiers.of(f"{b.label}_{part}") for part in ("int8", "scale"))
        write.constant(name, "signed char", whole.T)
        write.constant(scale, write.real, scales)
        row = write.buffer(inner, "short")
        sizes = f"{inner}, {units}, {steps(inner)}"
        write.statements.append(f"dense8({name}, {scale}, {source}, {row}, {out}, {sizes});")
    else:
        write.statements.append(f"dense({write.stored(b)}, {source}, {out}, {inner}, {units});")
    return _Value(units, write.real, lambda i: f"{out}[{i}]", out)


def _columns(write: _Writer, node: Node, given: Sequence[_Value]) -> _Value:
    (a,) = given
    indices = node.attributes["indices"]
    if len(indices) == 1:
        return _Value(1, a.type, lambda i: a.at(str(indices[0])))
    name = write.stored(a)
    first = indices[0]
    if indices == tuple(range(first, first + len(indices))):
        return _Value(len(indices), a.type, lambda i: f"{name}[{i} + {first}]" if first else f"{name}[{i}]")
    places = write.identifiers.of("places")
    write.constant(places, "short", np.array(indices))
    return _Value(len(indices), a.type, lambda i: f"{name}[{places}[{i}]]")


def _concatenate(write: _Writer, node: Node, given: Sequence[_Value]) -> _Value:
    type_ = next((g.type for g in given if g.type), write.real)
    out, start = write.buffer(_size(node), type_), 0
    for part in given:
        place = start

        def body(i: str, part: _Value = part, place: int = place) -> str:
            target = f"{i} + {place}" if i != "0" else str(place)
            return f"{out}[{target}] = {part.element(i, type_)};"

        write.loop(part.size, body)
        start += part.size
    return _Value(start, type_, lambda i: f"{out}[{i}]", out)


def _take(write: _Writer, node: Node, given: Sequence[_Value]) -> _Value:
    table, index = given
    rows, size = (int(d) for d in node.inputs[0].shape)
    out = write.buffer(size, table.type)
    suffix = "f" if table.type == "float" else ""
    write.statements.append(f"take{suffix}({write.stored(table)}, {index.at('0')}, {out}, {rows}, {size});")
    return _Value(size, table.type, lambda i: f"{out}[{i}]", out)


def _sum(write: _Writer, node: Node, given: Sequence[_Value]) -> _Value:
    (a,) = given
    if node.attributes["axes"] != (1,) or len(node.inputs[0].shape) != 2:
        raise _refused(node, "a sum over rows is over several")
    out = write.buffer(1, a.type)
    write.statements.append(f"{out}[0] = 0;")
    write.loop(a.size, lambda i: f"{out}[0] += {a.at(i)};")
    return _Value(1, a.type, lambda i: f"{out}[0]", out)


def _softmax(write: _Writer, node: Node, given: Sequence[_Value]) -> _Value:
    (z,) = given
    source, out = write.stored(z), write.buffer(z.size, z.type)
    write.statements.append(f"softmax({source}, {out}, {z.size});")
    return _Value(z.size, z.type, lambda i: f"{out}[{i}]", out)


def _broadcast(write: _Writer, node: Node, given: Sequence[_Value]) -> _Value:
    a, like = given
    type_ = a.type or like.type
    return _Value(_size(node), type_, lambda i: a.element(i, type_))


def _single(write: _Writer, node: Node, given: Sequence[_Value]) -> _Value:
    (a,) = given
    return _Value(a.size, write.real, lambda i: f"({write.real})({a.at(i)})")


def _double(write: _Writer, node: Node, given: Sequence[_Value]) -> _Value:
    (a,) = given
    return _Value(a.size, "double", lambda i: f"(double)({a.at(i)})")


_CALLS: Mapping[str, _Function] = {
    "broadcast": _broadcast,
    "columns": _columns,
    "concatenate": _concatenate,
    "double": _double,
    "matmul": _matmul,
    "single": _single,
    "softmax": _softmax,
    "sum": _sum,
    "take": _take,
}
"""Each op that looks at more than one number, or changes their type."""
