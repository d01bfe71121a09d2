"""Whether what a derivation prints is true: every equality, with the printed numbers and with the symbols."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

import numpy as np
from formulas import (
    Abs,
    Call,
    Cases,
    Chain,
    Mean,
    Neg,
    Num,
    Op,
    Partial,
    Pow,
    Relation,
    Section,
    Sym,
    Table,
    Total,
    Transposed,
    Unreadable,
    Vector,
)
from truth import FUNCTIONS, Row, derivative

ROW_ERROR = Sym("E", index="r")


@dataclass(frozen=True)
class Context:
    """What symbols stand for where a derivation is read.

    Attributes:
        rows: one, or all that a mean is over.
        weights: of the rows.
        settings: η, λ₁, λ₂ and whatever else has one value.
        penalty: ∂(penalties)/∂parameter, by symbol, for J.
    """

    rows: Sequence[Row]
    weights: Any
    settings: Mapping[Sym, float] = field(default_factory=dict)
    penalty: Mapping[Sym, Any] = field(default_factory=dict)

    @property
    def single(self) -> bool:
        return len(self.rows) == 1


class _Evaluation:
    """The value of a tree on one row; with ``shifted`` a printed number is another than it says."""

    def __init__(self, context: Context, row: Row | None, shifted: tuple[Any, float] | None = None) -> None:
        self.context, self.row, self.shifted = context, row, shifted
        self.largest = 0.0

    def of(self, e: Any, bound: Mapping[str, int] | None = None) -> Any:
        value = self._of(e, bound or {})
        if not isinstance(value, dict):
            value = np.asarray(value, float)
            value = value[0] if value.shape == (1,) else value
            if value.size:
                self.largest = max(self.largest, float(np.max(np.abs(value))))
        return value

    def _of(self, e: Any, bound: Mapping[str, int]) -> Any:
        match e:
            case Num():
                if self.shifted and self.shifted[0] is e:
                    return self.shifted[1]
                return e.value
            case Sym():
                return self._symbol(e, bound)
            case Neg(term):
                return -self.of(term, bound)
            case Op(operator, left, right):
                return _combined(operator, self.of(left, bound), self.of(right, bound))
            case Pow(base, exponent):
                return self.of(base, bound) ** self.of(exponent, bound)
            case Transposed(matrix):
                return self.of(matrix, bound).T
            case Abs(term):
                return np.abs(self.of(term, bound))
            case Call(function, arguments):
                return self._function(function)(*(self.of(a, bound) for a in arguments))
            case Total(index, body):
                sizes = {self._range(s, index, bound) for s in _symbols(body) if index in s.index.split(",")}
                if len(sizes) != 1:
                    raise Unreadable(f"Σ over {index} from 1 to {sizes}")
                return sum(self.of(body, {**bound, index: i + 1}) for i in range(sizes.pop()))
            case Vector(items, positions):
                values = [self.of(item, bound) for item in items]
                return dict(zip(positions, values, strict=True)) if positions else np.array(values)
            case Cases(pairs):
                return next(self.of(v, bound) for v, c in pairs if c is None or self.of(c, bound))
            case Relation("<<", Vector((low, middle)), high):
                return float(self.of(low, bound) < self.of(middle, bound) < self.of(high, bound))
            case Relation(sign, left, right):
                a, b = self.of(left, bound), self.of(right, bound)
                return float({"=": a == b, "<": a < b, ">": a > b, "≤": a <= b, "≥": a >= b}[sign])
            case Partial(of, by):
                return self._partial(of, by, bound)
            case Mean(weighted, body):
                return self._mean(weighted, body)
        raise Unreadable(f"{e!r}")

    def _range(self, symbol: Sym, index: str, bound: Mapping[str, int]) -> int:
        assert self.row is not None
        at = symbol.index.split(",").index(index)
        target = replace(symbol, letter="z") if symbol.letter == "δ" else symbol
        first = replace(target, index=re.sub(r"\b[a-z]\b", "1", target.index))
        leaf, rest = self.row.leaf(first)
        fixed = len(symbol.index.split(",")) - len(rest)
        return int(np.shape(self.row.values[leaf])[at - fixed])

    def _bound(self, symbol: Sym, bound: Mapping[str, int]) -> Sym:
        parts = [str(bound.get(p, p)) for p in symbol.index.split(",")]
        if symbol.index == "y":  # the class of the row, counted from 1
            assert self.row is not None
            parts = [str(int(self.row.y[0]) + 1)]
        return replace(symbol, index=",".join(parts))

    def _symbol(self, symbol: Sym, bound: Mapping[str, int]) -> Any:
        if symbol in self.context.settings:
            return self.context.settings[symbol]
        symbol = self._bound(symbol, bound)
        if symbol.letter == "E" and self.row is None:
            return np.average(
                [row.values[Sym("E")] for row in self.context.rows], weights=self.context.weights
            )
        if self.row is None and symbol.letter in ("x", "y", "z", "a", "h", "r", "e", "ĥ", "δ", "E"):
            raise Unreadable(f"{symbol} is of one row")
        row = self.row or self.context.rows[0]
        if symbol.letter == "δ":
            return self._partial(Sym("E"), replace(symbol, letter="z"), bound)
        if symbol == ROW_ERROR:
            return row.values[Sym("E")]
        leaf, index = row.leaf(symbol)
        value = np.asarray(row.values[leaf])
        if not index:
            return value
        if len(index) != value.ndim:
            raise Unreadable(f"the index of {symbol} in something of the shape {value.shape}")
        return value[tuple(int(i) - 1 for i in index)]

    def _partial(self, of: Sym, by: Sym, bound: Mapping[str, int]) -> Any:
        of, by = self._bound(of, bound), self._bound(by, bound)
        if self.row is not None and of == Sym("J"):
            return self.row.partial(Sym("E"), by) + self.context.penalty[by]
        if self.row is not None:
            return self.row.partial(Sym("E") if of == ROW_ERROR else of, by)
        if of not in (Sym("E"), Sym("J")):
            raise Unreadable(f"∂{of}/∂{by} is of one row")
        each = [row.partial(Sym("E"), by) for row in self.context.rows]
        data = np.average(each, axis=0, weights=self.context.weights)
        return data + self.context.penalty[by] if of == Sym("J") else data

    def _mean(self, weighted: bool, body: Any) -> Any:
        each = [_Evaluation(self.context, row, self.shifted).of(body) for row in self.context.rows]
        return np.average(each, axis=0, weights=self.context.weights if weighted else None)

    def _function(self, symbol: Sym) -> Callable[..., Any]:
        some = self.row or self.context.rows[0]
        if symbol.letter == "onehot":
            return lambda y: (np.arange(len(some.output)) == y).astype(float)
        known = {**{Sym(name): function for name, function in FUNCTIONS.items()}, **some.functions}
        plain = replace(symbol, prime=False)
        if plain not in known:
            raise Unreadable(f"a function {symbol}")
        function = known[plain]
        return (
            (lambda z, *settings: derivative(lambda v: function(v, *settings), z))
            if symbol.prime
            else function
        )


def _combined(operator: str, a: Any, b: Any) -> Any:
    if isinstance(a, dict) or isinstance(b, dict):
        raise Unreadable("arithmetic on a list of which a part is shown")
    if operator == "·" and a.ndim + b.ndim == 2 and a.ndim == b.ndim:
        raise Unreadable("· between two vectors: ⊙ goes element by element, Σ adds up")
    if operator == "·" and a.ndim == 2:
        return a @ np.atleast_1d(b)
    if operator == "⊙" and not (a.shape == b.shape):
        raise Unreadable(f"⊙ between the shapes {a.shape} and {b.shape}")
    if a.ndim and b.ndim and a.shape != b.shape:
        raise Unreadable(f"{operator} between the shapes {a.shape} and {b.shape}")
    with np.errstate(all="ignore"):
        return {
            "+": a + b,
            "−": a - b,
            "·": a * b,
            "×": a * b,
            "⊙": a * b,
            "/": a / b if operator == "/" else 0,
        }[operator]


def _walk(e: Any) -> list[Any]:
    """A tree and all in it."""
    found = [e]
    for part in (
        [getattr(e, f.name) for f in fields(e)] if is_dataclass(e) else e if isinstance(e, tuple) else []
    ):
        found += _walk(part)
    return found


def _symbols(e: Any) -> list[Sym]:
    return [part for part in _walk(e) if isinstance(part, Sym)]


def _numbers(e: Any) -> list[Num]:
    exact = [id(part.exponent) for part in _walk(e) if isinstance(part, Pow)]
    return [part for part in _walk(e) if isinstance(part, Num) and id(part) not in exact]


def _free(e: Any) -> set[str]:
    """The index letters that no Σ binds."""
    if isinstance(e, Total):
        return _free(e.body) - {e.index}
    if isinstance(e, Sym):
        return set(re.findall(r"\b[i-m]\b", e.index))
    parts = [getattr(e, f.name) for f in fields(e)] if is_dataclass(e) else e if isinstance(e, tuple) else []
    return set().union(*map(_free, parts))


def _value(e: Any, context: Context, row: Row | None, bound: Mapping[str, int]) -> tuple[Any, Any]:
    """What an expression comes to, and how far it may be off because its numbers are rounded."""
    plain = _Evaluation(context, row)
    value = plain.of(e, bound)
    slack = 1e-15 + 1e-12 * plain.largest  # both sides are computed with 53 bits
    if isinstance(value, dict):
        radii = [sum(n.radius for n in _numbers(item)) + slack for item in e.items]
        return value, dict(zip(e.positions, radii, strict=True))
    for number in _numbers(e):
        off = [
            np.abs(_Evaluation(context, row, (number, number.value + d * number.radius)).of(e, bound) - value)
            for d in (-1, 1)
        ]
        slack = slack + 1.02 * np.maximum(*off)
    return value, slack


def _differ(a: Any, off_a: Any, b: Any, off_b: Any) -> bool:
    if isinstance(b, dict) and not isinstance(a, dict):
        a, off_a, b, off_b = b, off_b, a, off_a
    if isinstance(a, dict):
        if isinstance(b, dict):
            return a != b
        whole = np.atleast_1d(b)
        slack = np.broadcast_to(np.atleast_1d(off_b), whole.shape)
        return any(_differ(value, off_a.get(i, 0.0), whole[i - 1], slack[i - 1]) for i, value in a.items())
    if np.shape(a) != np.shape(b):
        return True
    return not bool(np.all((np.abs(a - b) <= off_a + off_b) | (np.isnan(a) & np.isnan(b)) | (a == b)))


def _chain_faults(chain: Chain, context: Context, row: Row | None) -> list[str]:
    """What is wrong with a formula, for each number that an index which is free in it can be."""
    free = _free(chain.parts)
    if not free:
        return _bound_faults(chain, context, row, {})
    (index,) = free
    assert row is not None
    some = next(s for s in _symbols(chain) if s.index == index)
    size = _Evaluation(context, row)._range(some, index, {})
    return [fault for i in range(size) for fault in _bound_faults(chain, context, row, {index: i + 1})]


def _bound_faults(chain: Chain, context: Context, row: Row | None, bound: Mapping[str, int]) -> list[str]:
    parts = list(chain.parts[1:] if chain.assigned else chain.parts)
    values = []
    for part in parts:
        try:
            values.append(_value(part, context, row, bound))
        except (Unreadable, KeyError, IndexError, AttributeError, ValueError, TypeError) as error:
            return [f"no value: {error!r}"]
    last = values[-1]
    return [f"{value} is not {last[0]}" for value, off in values[:-1] if _differ(value, off, *last)]


def _of_rows(chain: Chain) -> bool:
    """Whether a formula is one of each row, not of their mean."""
    if any(isinstance(part, Mean) for part in _walk(chain)):
        return False
    return not any(isinstance(part.term if isinstance(part, Neg) else part, Num) for part in chain.parts)


def chain_faults(chain: Chain, context: Context) -> list[str]:
    """What is wrong with one formula."""
    if context.single:
        return _chain_faults(chain, context, context.rows[0])
    if _of_rows(chain) and not chain.assigned:
        return [fault for row in context.rows for fault in _chain_faults(chain, context, row)]
    faults = _chain_faults(chain, context, None)
    return (
        []
        if chain.assigned and faults and faults[0].startswith("no value") and len(chain.parts) == 2
        else faults
    )


def table_faults(table: Table, context: Context) -> list[str]:
    """What is wrong with a table: of rows, of weights, or of gradients by parameter."""
    faults = []
    for cells in table.rows:
        if table.headings[0] == Sym("row"):
            row = context.rows[int(cells[0].value) - 1]
            pairs = list(zip(table.headings[1:], cells[1:], strict=True))
        else:
            row = context.rows[0] if context.single else None
            pairs = [(cells[-2], cells[-1])]
            if table.headings[0] == Sym("parameter"):
                pairs = [(Partial(Sym("E"), cells[0]), cells[1])]
        for left, right in pairs:
            if left == "row weight":
                weight = context.weights[int(cells[0].value) - 1]
                left = Num(repr(float(weight)))
            faults += _chain_faults(Chain((left, right)), context, row or context.rows[0])
    return faults


def faults(sections: Sequence[Section], context: Context) -> list[str]:
    """Every fault of a derivation: what is untrue, what cannot be read, what has two meanings."""
    found = []
    seen: dict[Any, set[Any]] = {}
    for section in sections:
        found += _minus_signs(section.heading)
        for item in section.items:
            if isinstance(item, str):
                found += _minus_signs(item) + _others_faults(item, section, context)
                continue
            found += chain_faults(item, context) if isinstance(item, Chain) else table_faults(item, context)
            for name, value in _statements(item):
                seen.setdefault(name, set()).add(value)
    found += [f"{name} is {values}" for name, values in seen.items() if len(values) > 1]
    return found


def _statements(item: Chain | Table) -> list[tuple[Any, Any]]:
    """What is printed as the value of a symbol or of a derivative."""
    if isinstance(item, Table):
        return [(row[0], row[-1]) for row in item.rows if isinstance(row[0], Sym) and len(row) == 2]
    result = item.parts[-1]
    if item.assigned or not isinstance(result, Num | Neg | Vector):
        return []
    return [(part, repr(result)) for part in item.parts[:-1] if isinstance(part, Sym | Partial)]


def _others_faults(words: str, section: Section, context: Context) -> list[str]:
    """Whether the rows that a table leaves out add what is said; a rounding error is no sum."""
    match = re.search(r"the others add (\S+) to the mean", words)
    if not match:
        return []
    (table,) = [item for item in section.items if isinstance(item, Table)]
    shown = {int(cells[0].value) - 1 for cells in table.rows}
    last = table.headings[-2 if table.headings[-1] == "row weight" else -1]
    each = [float(_Evaluation(context, row).of(last)) for row in context.rows]
    terms = [g * w for i, (g, w) in enumerate(zip(each, context.weights, strict=True)) if i not in shown]
    total, size = math.fsum(terms), math.fsum(abs(g * w) for g, w in zip(each, context.weights, strict=True))
    said = Num(match.group(1).replace("−", "-").replace("e+", "e"))
    right = total / math.fsum(context.weights) if abs(total) > 1e-14 * size else 0.0
    return [] if abs(said.value - right) <= said.radius + 1e-9 * abs(right) else [f"{said.shown} for {right}"]


def _minus_signs(words: str) -> list[str]:
    return [f"ASCII minus in {words!r}"] if re.search(r"(?<![\w-])-\d|e-\d", words) else []


def context_of(
    network: Any,
    parameters: Mapping[str, Any],
    x: Any,
    y: Any,
    weights: Any = None,
    row: int | None = None,
    **settings: float,
) -> Context:
    """What symbols stand for in a derivation of some rows, or of one."""
    graph = network.graph()
    names = {name: _sym(graph.symbols.of(name)) for name in graph.parameters}
    stages = [_sym(stage.symbol) for stage in graph.stages]
    values = {n: np.ravel(v) if names[n].letter == "w" else np.asarray(v) for n, v in parameters.items()}
    rows = [
        Row(network, values, a, b, names, stages)
        for a, b in zip(np.asarray(x, float), np.asarray(y), strict=True)
    ]
    weights = np.ones(len(rows)) if weights is None else np.asarray(weights)
    known: dict[Sym, Any] = {Sym(name): value for name, value in settings.items()}
    known |= {Sym("λ", index="1"): network.l1, Sym("λ", index="2"): network.l2, Sym("π"): np.pi}
    if row is not None:
        rows, weights = [rows[row]], np.ones(1)
    penalised = {node.name for node in _penalised(graph)}
    penalty = {}
    for name, value in values.items():
        for index in np.ndindex(value.shape):
            number = value[index]
            each = network.l1 * np.sign(number) + network.l2 * number
            penalty[_indexed(names[name], index)] = each if name in penalised else 0.0
    return Context(rows, weights, known, penalty)


def _sym(symbol: Any) -> Sym:
    return Sym(symbol.letter, symbol.prime, symbol.layer, symbol.index)


def _indexed(symbol: Sym, index: Sequence[int]) -> Sym:
    return replace(
        symbol, index=",".join([*([symbol.index] if symbol.index else []), *(str(i + 1) for i in index)])
    )


def _penalised(graph: Any) -> list[Any]:
    """Weights and embeddings: what the layers' documentation names."""
    return [
        node
        for stage in graph.stages
        for role, node in stage.parameters.items()
        if (stage.kind, role) == ("Dense", "weight") or stage.kind == "Embedding"
    ]
