"""The chain rule of one parameter: for one row, or row by row and averaged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._forks import cached_property
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
from downslope.insight.derivation._links import row_key
from downslope.insight.derivation._loss import error_of_row, levels
from downslope.insight.derivation._next_step import NextStep
from downslope.insight.derivation._position import Position
from downslope.insight.derivation._steps import forward
from downslope.insight.derivation._sums import largest, sum_of_others
from downslope.insight.derivation._update import Update
from downslope.insight.derivation._view import DenseStage
from downslope.insight.derivation.rules import Factors, rule_of

__all__ = ["ParameterDerivation"]

_ROWS = 8


class ParameterDerivation:
    """The blocks of one explanation, each from the values of nodes."""

    def __init__(
        self, step: NextStep, position: Position, row: int | None, features: Sequence[str] | None
    ) -> None:
        view = step.over_rows if row is None else step.of_row(row)
        self.step, self.view, self.position, self.row, self.features = step, view, position, row, features
        self.symbol = view.parameter_symbol(position.name, position.index)
        self.stage, self.role = view.graph.owner(position.name)
        plain, whole = view.gradients[position.name]
        self.penalised = plain is not whole
        self.value = float(step.values[position.name][position.index])
        self.gradient = self._at(step.gradients[position.name] if row is None else view.value(whole))
        found = rule_of(self.stage).factors(view, self.stage, self.role, position.index)
        self.factors = found or self._whole()
        error = Symbol("J" if self.penalised else "E")
        self.update = Update(step, position, self.symbol, partial(error, self.symbol))

    def _at(self, values: NDArray[Any]) -> float:
        return float(values[self.position.index])

    def _whole(self) -> Factors:
        """Each row's own gradient, where it is no product of factors that have a name."""
        view, position = self.view, self.position
        layer = f"{self.stage.layer} is a layer of the kind {self.stage.kind}"
        return Factors(
            (partial(view.error, self.symbol),),
            np.array([[own[position.index]] for own in view.row_gradients(position.name)]),
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
        over = self._over_rows() if self.row is None else f"row {self.row + 1}"
        return f"How {text(self.symbol)} changes the error: {over}"

    def blocks(self) -> tuple[Block, ...]:
        """All that is written."""
        middle = self._all_rows() if self.row is None else [*self._one_row(), *self._among_others()]
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
        plain, _ = self.view.gradients[self.position.name]
        chain = Formula((*self.rule(), numbers, Number(self._at(self.view.value(plain)))))
        return [
            forward(self.view, self.dense, unit or 0),
            error_of_row(self.view),
            backward(self.view, self.stage, unit),
            Block("The gradient of this row", (*self.factors.notes, chain)),
        ]

    def rule(self) -> tuple[Expression, ...]:
        """∂E/∂w = ∂E/∂z · ∂z/∂w = δ · input"""
        split = () if self.factors.split is None else (self.factors.split,)
        return partial(self.view.error, self.symbol), *split, product(self.factors.symbols)

    def _all_rows(self) -> list[Block]:
        values, symbols = self.factors.values, self.factors.symbols
        step, even = self.step, self.even
        weights = self.view.given["row_weights"]
        gradients = np.prod(values, axis=1)
        shares = self.shares
        rows = largest(shares, _ROWS)
        headings = (Words("row"), *symbols, *(() if len(symbols) == 1 else (product(symbols),)))
        cells = []
        for i in rows:
            row: tuple[Expression, ...] = (
                Number(float(step.rows[i] + 1), 12),
                *(Number(float(f)) for f in values[i]),
            )
            row += (Number(float(gradients[i])),) if len(symbols) > 1 else ()
            cells.append(row if even else (*row, Number(float(weights[i]))))
        items: list[Item] = [
            f"{text(self.view.error)} is the error of row r:",
            Formula(self.rule()),
            *self.factors.notes,
        ]
        items += [*levels(self.view), *backward_in_symbols(self.view, self.stage)]
        about = tuple(row_key(int(step.rows[i])) for i in rows)
        items.append(Grid(headings if even else (*headings, Words("row weight")), tuple(cells), about))
        if len(rows) < len(step.rows):
            items.append(self._others(shares, rows))
        items.append(self.mean(product(symbols)))
        return [Block("The chain rule, row by row, then averaged", tuple(items))]

    @cached_property
    def shares(self) -> NDArray[np.float64]:
        """What each row that is looked at adds to the mean, (rows,)."""
        total = self.step.data["row_weights"][self.step.rows].sum()
        found: NDArray[np.float64] = np.prod(self.factors.values, axis=1) * (
            self.view.given["row_weights"] / total
        )
        return found

    def _others(self, shares: NDArray[Any], shown: NDArray[np.int64]) -> str:
        """What the rows that are not shown add to the mean."""
        count, among = len(self.step.rows), len(shares)
        others = sum_of_others(shares, shown) if among == count else self.total - math.fsum(shares[shown])
        first = "" if among == count else f", of the first {among:,} that were looked at"
        added = f"the others add {number_text(others, 6)} to the mean."
        return f"These {len(shown)} of {count:,} rows weigh most{first}; {added}"

    def _among_others(self) -> list[Block]:
        """The gradient of the step that follows, where it is not that of this row alone."""
        step, row = self.step, self.row
        if row is None or np.array_equal(step.rows, [row]):
            return []
        which = "this one among them" if step.takes(row) else "not this one"
        words = f"Step {step.number:,} takes {step.rows_in_words}, {which}. With Eᵣ as the error of row r:"
        mean = self.mean(partial(Symbol("E", index="r"), self.symbol))
        return [Block("The gradient of the next step", (words, mean))]

    @cached_property
    def total(self) -> float:
        """∂E/∂(parameter) of the step, without penalties."""
        return self._at(self.step.data_gradient(self.position.name))

    @property
    def even(self) -> bool:
        """Whether all rows of the step weigh the same."""
        weights = self.step.data["row_weights"][self.step.rows]
        return bool(np.all(weights == weights[0]))

    def mean(self, of: Expression) -> Formula:
        """∂E/∂(parameter) of the step as a mean."""
        words = Words("mean over rows of " if self.even else "weighted mean over rows of ")
        return Formula((partial(Symbol("E"), self.symbol), Phrase((words, of)), Number(self.total)))

    def _over_rows(self) -> str:
        rows = "the rows" if self.step.number is None else self.step.rows_in_words
        return f"the mean over {rows}" if self.even else f"the weighted mean over {rows}"

    def _update(self) -> Block:
        items: list[Item] = []
        if self.penalised:
            whole = self._at(self.step.gradients[self.position.name])
            items.append(f"With the penalties on the weights the error is J = {self._penalised_error()}:")
            items.append(Formula((partial(Symbol("J"), self.symbol), *self._penalties(), Number(whole))))
        number = self.step.number
        which = "The update" if number is None else f"The update of step {number:,}"
        rate = number_text(self.step.learning_rate, 6)
        return Block(f"{which}, with a learning rate η of {rate}", (*items, *self.update.items()))

    def _penalised_error(self) -> str:
        network = self.view.network
        l1 = " + λ₁ Σ|w|" if network.l1 else ""
        return f"E{l1}" + (" + λ₂/2 Σw²" if network.l2 else "")

    def _penalties(self) -> tuple[Expression, Expression]:
        """The gradient with the penalties, in symbols and in numbers."""
        network, sign = self.view.network, float(np.sign(self.value))
        symbols: list[Expression] = [partial(Symbol("E"), self.symbol)]
        numbers: list[Expression] = [Number(self.total)]
        if network.l1:
            symbols.append(product((Symbol("λ", index="1"), Apply(Words("sign"), (self.symbol,)))))
            numbers.append(product((Number(network.l1), Number(sign))))
        if network.l2:
            symbols.append(product((Symbol("λ", index="2"), self.symbol)))
            numbers.append(product((Number(network.l2), Number(self.value))))
        return Infix("+", tuple(symbols)), Infix("+", tuple(numbers))
