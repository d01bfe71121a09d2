"""The chain rule of one parameter: for one row, or row by row and averaged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._forks import cached_property
from downslope.engines import evaluate
from downslope.graph import gradient
from downslope.graph.notation import (
    Apply,
    Expression,
    Infix,
    Number,
    Phrase,
    Symbol,
    Words,
    number_text,
    partial,
    product,
    text,
)
from downslope.insight.derivation._backward import backward, backward_in_symbols
from downslope.insight.derivation._document import Block, Formula, Grid, Item
from downslope.insight.derivation._loss import error_of_row, levels
from downslope.insight.derivation._position import Position
from downslope.insight.derivation._steps import forward
from downslope.insight.derivation._sums import largest, sum_of_others
from downslope.insight.derivation._view import DenseStage, NetworkView
from downslope.insight.derivation.rules import Factors, rule_of

__all__ = ["ParameterDerivation"]

_ROWS = 8


class ParameterDerivation:
    """The blocks of one explanation, each from the values of nodes."""

    def __init__(
        self,
        view: NetworkView,
        position: Position,
        row: int | None,
        learning_rate: float,
        features: Sequence[str] | None,
    ) -> None:
        self.view, self.position, self.row, self.rate, self.features = (
            view,
            position,
            row,
            learning_rate,
            features,
        )
        self.symbol = view.parameter_symbol(position.name, position.index)
        self.stage, self.role = view.graph.owner(position.name)
        plain, whole = view.gradients[position.name]
        self.penalised = plain is not whole
        self.value = float(view.value(view.graph.parameters[position.name])[position.index])
        self.data_gradient = float(view.value(plain)[position.index])
        self.gradient = float(view.value(whole)[position.index])
        found = rule_of(self.stage).factors(view, self.stage, self.role, position.index)
        self.factors = found or self._whole()

    def _whole(self) -> Factors:
        """Each row's own gradient, where it is no product of factors that have a name."""
        view, position = self.view, self.position
        node = gradient(view.row_errors, [view.graph.parameters[position.name]])[0]
        rows = [{**view.given, **one} for one in _rows(view.given)]
        values = [[evaluate([node], given)[0][position.index]] for given in rows]
        layer = f"{self.stage.layer} is a layer of the kind {self.stage.kind}"
        return Factors(
            (partial(view.error, self.symbol),),
            np.array(values, np.float64),
            None,
            None,
            (f"{layer}; its derivative is that of its operations.",),
        )

    @cached_property
    def dense(self) -> DenseStage | None:
        """The dense layer of the parameter, if it is in one."""
        return next((d for d in self.view.dense if d.z is self.stage.node), None)

    @property
    def title(self) -> str:
        """What is explained."""
        over = _over_rows(self.view) if self.row is None else f"row {self.row + 1}"
        return f"How {text(self.symbol)} changes the error: {over}"

    def blocks(self) -> tuple[Block, ...]:
        """All that is written."""
        middle = self._all_rows() if self.row is None else self._one_row()
        return (self._which(), *middle, self._update())

    def _which(self) -> Block:
        shape = " × ".join(str(s) for s in self.view.graph.parameters[self.position.name].shape)
        among = "the only number" if shape in ("1", "1 × 1") else f"one of the {shape} numbers"
        words = f"{text(self.symbol)} is {among} of {self.position.name}."
        if self.dense is not None and self.role == "weight":
            unit, source = self.position.index
            layer = self.dense.name
            words = f"{text(self.symbol)} leads from input {source + 1} of {layer} to its unit {unit + 1}."
            if self.features is not None and self.dense.h is self.view.graph.x:
                words += f" That input is {self.features[source]}."
        return Block("The parameter", (words, Formula((self.symbol, Number(self.value)))))

    def _one_row(self) -> list[Block]:
        unit = self.factors.unit
        numbers = product([Number(float(f)) for f in self.factors.values[0]])
        chain = Formula((*self._rule(), numbers, Number(self.data_gradient)))
        return [
            forward(self.view, self.dense, unit or 0),
            error_of_row(self.view),
            backward(self.view, self.stage, unit),
            Block("The gradient of this row", (*self.factors.notes, chain)),
        ]

    def _rule(self) -> tuple[Expression, ...]:
        """∂E/∂w = ∂E/∂z · ∂z/∂w = δ · input"""
        split = () if self.factors.split is None else (self.factors.split,)
        return partial(self.view.error, self.symbol), *split, product(self.factors.symbols)

    def _all_rows(self) -> list[Block]:
        values, symbols = self.factors.values, self.factors.symbols
        weights = self.view.given["row_weights"]
        gradients = np.prod(values, axis=1)
        even = bool(np.all(weights == weights[0]))
        shares = gradients * (weights / weights.sum())
        rows = largest(shares, _ROWS)
        headings = (Words("row"), *symbols, *(() if len(symbols) == 1 else (product(symbols),)))
        cells = []
        for i in rows:
            row: tuple[Expression, ...] = (Number(float(i + 1), 12), *(Number(float(f)) for f in values[i]))
            row += (Number(float(gradients[i])),) if len(symbols) > 1 else ()
            cells.append(row if even else (*row, Number(float(weights[i]))))
        items: list[Item] = [
            f"{text(self.view.error)} is the error of row r:",
            Formula(self._rule()),
            *self.factors.notes,
        ]
        items += [*levels(self.view), *backward_in_symbols(self.view, self.stage)]
        items.append(Grid(headings if even else (*headings, Words("row weight")), tuple(cells)))
        if len(rows) < len(gradients):
            others = number_text(sum_of_others(shares, rows), 6)
            shown = f"These {len(rows)} of {len(gradients):,} rows weigh most"
            items.append(f"{shown}; the others add {others} to the mean.")
        words = "mean over rows of " if even else "weighted mean over rows of "
        mean = Phrase((Words(words), product(symbols)))
        items.append(Formula((partial(Symbol("E"), self.symbol), mean, Number(self.data_gradient))))
        return [Block("The chain rule, row by row, then averaged", tuple(items))]

    def _update(self) -> Block:
        items: list[Item] = []
        whole = partial(Symbol("E"), self.symbol)
        if self.penalised:
            items.append(f"With the penalties on the weights the error is J = {self._penalised_error()}:")
            whole = partial(Symbol("J"), self.symbol)
            items.append(Formula((whole, *self._penalties(), Number(self.gradient))))
        step = Infix("−", (self.symbol, product((Symbol("η"), whole))))
        numbers = Infix("−", (Number(self.value), product((Number(self.rate), Number(self.gradient)))))
        updated = Number(self.value - self.rate * self.gradient, 10)
        items.append(Formula((self.symbol, step, numbers, updated), assigned=True))
        return Block(f"The update, with a learning rate η of {number_text(self.rate, 6)}", tuple(items))

    def _penalised_error(self) -> str:
        network = self.view.network
        l1 = " + λ₁ Σ|w|" if network.l1 else ""
        return f"E{l1}" + (" + λ₂/2 Σw²" if network.l2 else "")

    def _penalties(self) -> tuple[Expression, Expression]:
        """The gradient with the penalties, in symbols and in numbers."""
        network, sign = self.view.network, float(np.sign(self.value))
        symbols: list[Expression] = [partial(Symbol("E"), self.symbol)]
        numbers: list[Expression] = [Number(self.data_gradient)]
        if network.l1:
            symbols.append(product((Symbol("λ", index="1"), Apply(Words("sign"), (self.symbol,)))))
            numbers.append(product((Number(network.l1), Number(sign))))
        if network.l2:
            symbols.append(product((Symbol("λ", index="2"), self.symbol)))
            numbers.append(product((Number(network.l2), Number(self.value))))
        return Infix("+", tuple(symbols)), Infix("+", tuple(numbers))


def _over_rows(view: NetworkView) -> str:
    weights = view.given["row_weights"]
    return (
        "the mean over the rows" if bool(np.all(weights == weights[0])) else "the weighted mean over the rows"
    )


def _rows(given: Mapping[str, NDArray[Any]]) -> Iterator[dict[str, NDArray[Any]]]:
    """The inputs of each row alone."""
    for i in range(len(given["x"])):
        yield {name: given[name][i : i + 1] for name in ("x", "y", "row_weights")}
