"""The chain rule as factors with what each refers to, for a reader who points at them and steps through them.

The formulas are those of the derivation; this says beside them which unit, weight or row each factor speaks
of, how large it is among the others, and where it comes from in its turn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.graph import Node
from downslope.graph.notation import (
    Expression,
    Fraction,
    Number,
    Symbol,
    mathml,
    number_text,
    partial,
    product,
    text,
)
from downslope.insight.derivation._backward import activation_of, own_gradient
from downslope.insight.derivation._document import Formula, Item, items_html
from downslope.insight.derivation._links import (
    ACTIVATION,
    DELTA,
    GRADIENT,
    WEIGHT,
    Links,
    bias_key,
    row_key,
    unit_key,
    weight_key,
)
from downslope.insight.derivation._next_step import NextStep
from downslope.insight.derivation._parameter import ParameterDerivation
from downslope.insight.derivation._passes import PassStep, backward_steps, forward_steps
from downslope.insight.derivation._position import Position
from downslope.insight.derivation._sums import largest, sum_of_others
from downslope.insight.derivation._view import NetworkView
from downslope.insight.derivation.rules import elementwise, prime, slopes
from downslope.nets import Stage

__all__ = ["Chain", "chain_of_row", "chain_of_unit", "chain_of_weight"]

_TERMS = 4  # of a sum that are written out
_SMALL = 0.1  # a factor below this makes a gradient small
_MOST_EDGES = 2100
_MOST_ROWS = 200


@dataclass(frozen=True)
class Factor:
    """One factor of a product.

    Attributes:
        symbol, value: how it is written, and its number.
        kind: activation, weight, delta or gradient.
        refers: the keys of what it speaks of: a unit, a weight, the row.
        meaning: what it is, in words.
        typical: the root of its mean square over the rows of the step; None where that is not known.
    """

    symbol: Expression
    value: float
    kind: str
    refers: tuple[str, ...]
    meaning: str
    typical: float | None = None


@dataclass(frozen=True)
class Opened:
    """Where a factor comes from: a sum of products, and what its terms that are not shown come to."""

    of: Factor
    terms: tuple[tuple[Factor, ...], ...]
    items: tuple[Item, ...] = ()
    others: tuple[int, float] | None = None


@dataclass(frozen=True)
class Chain:
    """The chain rule of one parameter, unit or row, on one row.

    Attributes:
        row: of the table, counted from 0.
        share: what this row adds to the mean over the rows of the step, as a share of the sum of sizes; None
            where the row was chosen.
        gradient: the product of ``factors``; None where a unit or a row is explained.
        factors: in the short form: δ of the unit, and what came in.
        reason: in words, which factor makes the gradient large or small.
        opened: each factor by where it comes from, from the parameter's layer up to the error.
        steps: the passes, factor by factor.
    """

    row: int
    share: float | None
    gradient: Factor | None
    factors: tuple[Factor, ...]
    reason: str
    opened: tuple[Opened, ...]
    steps: tuple[PassStep, ...]
    links: Links

    def to_json(self) -> dict[str, Any]:
        """Plain data for a page: symbols as MathML, sizes as shares of a logarithmic bar."""
        shown = [*self.factors, *[f for one in self.opened for term in one.terms for f in term]]
        bar = _Bar([f for f in [*shown, self.gradient] if f is not None])
        return {
            "row": self.row,
            "share": self.share,
            "gradient": None if self.gradient is None else self._factor(self.gradient, bar),
            "factors": [self._factor(factor, bar) for factor in self.factors],
            "reason": self.reason,
            "opened": [self._opened(one, bar) for one in self.opened],
            "steps": [step.to_json(self.links) for step in self.steps],
        }

    def _factor(self, factor: Factor, bar: _Bar) -> dict[str, Any]:
        return {
            "symbol": mathml(factor.symbol),
            "text": text(factor.symbol),
            "value": factor.value,
            "kind": factor.kind,
            "refers": [key for key in factor.refers if key],
            "meaning": factor.meaning,
            "bar": bar.share(factor.value),
            "typical": None if factor.typical is None else bar.share(factor.typical),
        }

    def _opened(self, one: Opened, bar: _Bar) -> dict[str, Any]:
        return {
            "of": self._factor(one.of, bar),
            "terms": [[self._factor(factor, bar) for factor in term] for term in one.terms],
            "html": items_html(one.items, self.links),
            "others": one.others,
        }


class _Bar:
    """Sizes on a logarithmic scale around 1, which changes no product: from −1 to 1."""

    def __init__(self, factors: Sequence[Factor]) -> None:
        sizes = [abs(size) for f in factors for size in (f.value, f.typical or 0.0)]
        exponents = [abs(math.log10(size)) for size in sizes if 0 < size < math.inf]
        self._most = max([1.0, *exponents])

    def share(self, value: float) -> float:
        size = abs(value)
        if not 0 < size < math.inf:
            return -1.0 if size == 0 else 1.0
        return math.log10(size) / self._most


def chain_of_weight(
    step: NextStep, position: Position, row: int | None, features: Sequence[str] | None = None
) -> Chain:
    """The chain rule of one number of a parameter, on a row or on the one that weighs most in the step.

    Args:
        step: that is about to be taken.
        position: of the number.
        row: of the table, counted from 0; None for the one that weighs most.
        features: the names of the columns of x.
    """
    over = ParameterDerivation(step, position, None, features)
    number, share = (row, None) if row is not None else _heaviest(step, over.shares)
    one = ParameterDerivation(step, position, number, features)
    links = Links(one.view)
    builder = _Builder(one.view, links, number, features)
    typical = np.sqrt(np.mean(np.square(over.factors.values), axis=0))
    factors = tuple(
        builder.factor(symbol, float(value), _meaning(builder, one, i), float(usual))
        for i, (symbol, value, usual) in enumerate(
            zip(one.factors.symbols, one.factors.values[0], typical, strict=True)
        )
    )
    gradient = Factor(
        one.rule()[0],
        float(np.prod(one.factors.values[0])),
        GRADIENT,
        (_place(one, links), row_key(number)),
        f"how the error of row {number + 1} changes with {text(one.symbol)}",
    )
    opened = () if one.factors.unit is None else tuple(builder.opened(one.stage.node, one.factors.unit))
    steps = [*forward_steps(one.view, links), *backward_steps(one.view, links, one.stage, one.factors.unit)]
    steps += _last_steps(step, one, over, gradient, factors)
    return Chain(number, share, gradient, factors, _reason(factors), opened, tuple(steps), links)


def chain_of_unit(step: NextStep, layer: str, unit: int, row: int | None) -> Chain:
    """How a unit of a dense layer gets its value and its δ; its number is counted from 1."""
    view = step.over_rows
    dense = next(dense for dense in view.dense if dense.name == layer)
    number, share = (row, None) if row is not None else _heaviest(step, view.upstream(dense.z)[:, unit - 1])
    one = step.of_row(number)
    links = Links(one)
    z = next(dense.z for dense in one.dense if dense.name == layer)
    stage = one.stage(z)
    assert stage is not None
    opened = tuple(_Builder(one, links, number, None).opened(z, unit - 1))
    steps = (*forward_steps(one, links), *backward_steps(one, links, stage, unit - 1))
    return Chain(number, share, None, (), "", opened, steps, links)


def chain_of_row(step: NextStep, row: int) -> Chain:
    """A row's way forward and back, down to the gradient of every weight."""
    view = step.of_row(row)
    links = Links(view)
    steps = (*forward_steps(view, links), *backward_steps(view, links, view.graph.stages[0]))
    values = [
        (key, float(value))
        for layer, dense in enumerate(view.dense)
        for key, value in _gradients(view, layer, dense.weight, dense.bias)
    ][:_MOST_EDGES]
    symbol = Symbol("W") if len(view.dense) > 1 else Symbol("w")
    delta, came_in = Symbol("δ"), Symbol("a" if len(view.dense) > 1 else "x")
    formula = Formula((partial(view.error, symbol), product((delta, came_in))))
    words = "Each weight: δ of the unit that it leads to, times what came in along it."
    steps = (*steps, PassStep("gradient", GRADIENT, (words, formula), tuple(values)))
    return Chain(row, None, None, (), "", (), steps, links)


def _gradients(view: NetworkView, layer: int, weight: Node, bias: Node | None) -> Iterator[tuple[str, float]]:
    plain = {view.graph.parameters[name]: view.value(node) for name, (node, _) in view.gradients.items()}
    for (i, j), value in np.ndenumerate(plain[weight]):
        yield weight_key(layer, i, j), float(value)
    for (i,), value in np.ndenumerate(plain[bias]) if bias is not None else ():
        yield bias_key(layer, i), float(value)


def _heaviest(step: NextStep, shares: NDArray[Any]) -> tuple[int, float | None]:
    """The row that weighs most, and its share of the sum of sizes."""
    sizes = np.nan_to_num(np.abs(shares.astype(np.float64)), nan=0.0, posinf=np.finfo(float).max)
    most = int(np.argmax(sizes))
    total = float(sizes.sum())
    share = float(sizes[most]) / total if 0 < total < math.inf else None
    return int(step.viewed_rows[most]), share


def _place(one: ParameterDerivation, links: Links) -> str:
    """The key of a parameter's number; empty where it is none of a dense layer."""
    return links.of(one.symbol)[1]


def _meaning(builder: _Builder, one: ParameterDerivation, i: int) -> str:
    """What the i-th factor of a parameter's gradient is."""
    if i == 0:
        return "what comes back" if one.factors.unit is None else builder.unit_words(one.stage)
    if one.features is not None and one.dense is not None and one.dense.h is one.view.graph.x:
        return f"what came in: {one.features[one.position.index[1]]}"
    return "what came in"


def _reason(factors: Sequence[Factor]) -> str:
    """Which factor makes a product large, and which small."""
    if not all(math.isfinite(factor.value) for factor in factors):
        return ""
    written = [f"{text(factor.symbol)} = {number_text(factor.value, 5)}" for factor in factors]
    sizes = [abs(factor.value) for factor in factors]
    if len(factors) == 1:
        return f"{written[0]} is all there is: what comes in is 1."
    if 0 in sizes:
        return f"{written[sizes.index(0)]} makes it 0."
    most, least = int(np.argmax(sizes)), int(np.argmin(sizes))
    said = f"{written[most]} is the largest factor{_beside_typical(factors[most])}."
    return f"{said} {written[least]} makes it small." if sizes[least] < _SMALL else said


def _beside_typical(factor: Factor) -> str:
    """How large a factor is beside its typical size."""
    if not factor.typical or not math.isfinite(factor.typical):
        return ""
    return f", {number_text(abs(factor.value) / factor.typical, 2)} times its typical size over the rows"


def _last_steps(
    step: NextStep,
    one: ParameterDerivation,
    over: ParameterDerivation,
    gradient: Factor,
    factors: tuple[Factor, ...],
) -> Iterator[PassStep]:
    """The gradient of the row, its mean over the rows of the step, and the update."""
    place = gradient.refers[0]
    numbers = product([Number(factor.value) for factor in factors])
    chain = Formula((*one.rule(), numbers, Number(gradient.value)))
    lights = tuple(key for factor in factors for key in factor.refers)
    yield PassStep("gradient", GRADIENT, (chain,), ((place, gradient.value),), lights)
    if not np.array_equal(step.rows, np.array([one.row])):
        items = (f"Over {step.rows_in_words}:", over.mean(over.rule()[0]))
        rows = tuple(row_key(int(row)) for row in step.viewed_rows[:_MOST_ROWS])
        yield PassStep("gradient", GRADIENT, items, ((place, over.total),), rows)
    update = tuple(one.update.items())
    yield PassStep("update", WEIGHT, update, ((place, one.update.value),))


@dataclass(frozen=True)
class _Builder:
    """Factors of one row."""

    view: NetworkView
    links: Links
    row: int
    features: Sequence[str] | None

    def factor(self, symbol: Expression, value: float, meaning: str, typical: float | None = None) -> Factor:
        """A factor by its symbol."""
        kind, to = self._link(symbol)
        refers = tuple(key for key in (to, "" if kind == WEIGHT else row_key(self.row)) if key)
        return Factor(symbol, value, kind, refers, meaning, typical)

    def _link(self, symbol: Expression) -> tuple[str, str]:
        if isinstance(symbol, Symbol):
            return self.links.of(symbol)
        return (DELTA if isinstance(symbol, Fraction) else ACTIVATION), ""

    def unit_words(self, stage: Stage) -> str:
        """What the δ of a unit is."""
        last = stage.node is self.view.graph.output or activation_of(self.view, stage.node) is None
        outputs = int(stage.node.shape[1])
        if last and stage.node is self.view.graph.output:
            return "how the error changes with " + ("z" if outputs == 1 else "the z of this output")
        return f"what comes back to this unit of {stage.layer}"

    def opened(self, node: Node, unit: int) -> Iterator[Opened]:
        """Where the gradient by a unit comes from: on the way that weighs most, up to the error."""
        view = self.view
        while True:
            of = self._gradient(node, unit)
            items = tuple(own_gradient(view, node, unit))
            uses = view.uses(node)
            use = uses[0] if uses is not None and len(uses) == 1 else None
            if use is None:
                yield Opened(of, (), items)
                return
            if use.kind == "Dense":
                opened, unit = self._sum(of, use, unit)
                yield opened
                node = use.node
            elif activation_of(view, node) is use and elementwise(use):
                back = self._gradient(use.node, unit)
                yield Opened(of, ((back, self._slope(use, unit)),), items[:-1])
                node = use.node
            elif int(use.node.shape[1]) == int(node.shape[1]):
                yield Opened(of, (), items)
                node = use.node
            else:
                yield Opened(of, (), items)
                return

    def _gradient(self, node: Node, unit: int) -> Factor:
        """∂E/∂(a unit)."""
        symbol = self.view.gradient_symbol(node, unit)
        to = unit_key(self.links.columns[node], unit)
        value = float(self.view.upstream(node)[0, unit])
        own = self.view.stage(node)
        words = "what comes back" if own is None else self.unit_words(own)
        return Factor(symbol, value, DELTA, (to, row_key(self.row)), words)

    def _slope(self, use: Stage, unit: int) -> Factor:
        """φ′(z) of a unit."""
        view, z = self.view, use.inputs[0]
        value = float(slopes(view, use)[0, unit])
        to = unit_key(self.links.columns[z], unit)
        words = f"the slope of {use.function} at z = {number_text(float(view.value(z)[0, unit]), 4)}"
        return Factor(prime(use, view.symbol(z, unit)), value, ACTIVATION, (to, row_key(self.row)), words)

    def _sum(self, of: Factor, use: Stage, unit: int) -> tuple[Opened, int]:
        """Σ weight·δ over the units of the next layer, and the unit that weighs most."""
        view, name = self.view, use.parameters["weight"].name
        weights = view.value(use.parameters["weight"])[:, unit]
        terms = weights * view.upstream(use.node)[0]
        order = largest(terms, _TERMS).tolist()
        pairs = []
        for m in order:
            symbol = view.parameter_symbol(name, (m, unit))
            weight = self.factor(symbol, float(weights[m]), "the weight that leads there")
            pairs.append((weight, self._gradient(use.node, m)))
        left = len(terms) - len(order)
        others = (left, sum_of_others(terms, order)) if left else None
        return Opened(of, tuple(pairs), (), others), max(order, key=lambda m: abs(float(terms[m])))
