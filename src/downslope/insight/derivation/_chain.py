"""The chain rule as factors with what each refers to, for a reader who points at them and steps through them.

The formulas are those of the derivation; this says beside them which unit, weight or row each factor speaks
of, how large it is among the others, and where it comes from in its turn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.graph import Node
from downslope.graph.notation import (
    Number,
    Symbol,
    number_text,
    partial,
    product,
    text,
)
from downslope.insight.derivation._document import Formula
from downslope.insight.derivation._factors import Bar, Factor, FactorBuilder, Opened
from downslope.insight.derivation._links import (
    GRADIENT,
    WEIGHT,
    Links,
    bias_key,
    row_key,
    weight_key,
)
from downslope.insight.derivation._mean import Mean, mean_of
from downslope.insight.derivation._next_step import NextStep
from downslope.insight.derivation._parameter import ParameterDerivation
from downslope.insight.derivation._passes import PassStep, backward_steps, forward_steps
from downslope.insight.derivation._position import Position
from downslope.insight.derivation._view import NetworkView

__all__ = ["Chain", "chain_of_row", "chain_of_unit", "chain_of_weight"]

_SMALL = 0.1  # a factor below this makes a gradient small
_MOST_EDGES = 2100
_MOST_ROWS = 200


@dataclass(frozen=True)
class Chain:
    """The chain rule of one parameter, unit or row, on one row; of a parameter as a mean over rows too.

    Attributes:
        row: of the table, counted from 0.
        chosen: whether that row was asked for; else it is the one that weighs most in the mean.
        share: what this row adds to the mean over the rows of the step, as a share of the sum of sizes; None
            where the row was chosen.
        mean: over the rows of the step, where no row was chosen for a parameter.
        gradient: the product of ``factors``; None where a unit or a row is explained.
        factors: in the short form: δ of the unit, and what came in.
        reason: in words, which factor makes the gradient, or its mean, large or small.
        opened: each factor by where it comes from, from the parameter's layer up to the error.
        steps: the passes, factor by factor.
    """

    row: int
    chosen: bool
    share: float | None
    mean: Mean | None
    gradient: Factor | None
    factors: tuple[Factor, ...]
    reason: str
    opened: tuple[Opened, ...]
    steps: tuple[PassStep, ...]
    links: Links

    def to_json(self) -> dict[str, Any]:
        """Plain data for a page: symbols as MathML, sizes as shares of a logarithmic bar."""
        means = [] if self.mean is None else self.mean.factors()
        opened = [f for one in self.opened for f in one.factors()]
        shown = [f for f in (*self.factors, *means, *opened, self.gradient) if f is not None]
        bar = Bar(shown)
        return {
            "row": self.row,
            "chosen": self.chosen,
            "share": self.share,
            "mean": None if self.mean is None else self.mean.to_json(bar),
            "gradient": None if self.gradient is None else self.gradient.to_json(bar),
            "factors": [factor.to_json(bar) for factor in self.factors],
            "reason": self.reason,
            "opened": [one.to_json(bar, self.links) for one in self.opened],
            "steps": [step.to_json(self.links) for step in self.steps],
        }


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
    builder = FactorBuilder(one.view, links, number)
    typical = np.sqrt(np.mean(np.square(over.factors.values), axis=0)).tolist()
    meanings = [_meaning(builder, one, i) for i in range(len(typical))]
    factors = builder.product(one.factors.symbols, one.factors.values[0], meanings, typical)
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
    if row is not None or len(step.rows) == 1:
        return Chain(
            number, True, None, None, gradient, factors, _reason(factors), opened, tuple(steps), links
        )
    mean = mean_of(over, builder, meanings, typical)
    return Chain(number, False, share, mean, gradient, factors, mean.reason, opened, tuple(steps), links)


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
    opened = tuple(FactorBuilder(one, links, number).opened(z, unit - 1))
    steps = (*forward_steps(one, links), *backward_steps(one, links, stage, unit - 1))
    return Chain(number, row is not None, share, None, None, (), "", opened, steps, links)


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
    return Chain(row, True, None, None, None, (), "", (), steps, links)


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


def _meaning(builder: FactorBuilder, one: ParameterDerivation, i: int) -> str:
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
