"""Numerical embeddings: functions of single columns beside the inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.graph import Node, gradient, make
from downslope.graph.notation import (
    Apply,
    Bracketed,
    Expression,
    Fraction,
    Infix,
    Negative,
    Number,
    Symbol,
    Words,
    partial,
    product,
)
from downslope.insight.derivation._document import Formula, Item, listing
from downslope.insight.derivation._view import NetworkView
from downslope.insight.derivation.rules._rule import Factors, Rule, columns_of, scalar, taker
from downslope.nets import Stage

__all__ = ["PeaksRule", "PeriodicRule", "PiecewiseLinearRule", "ProductsRule", "SinhRule"]


Names = Sequence[Expression]
"""Two parameters, as symbols or as numbers."""


class _Beside(Rule):
    """Functions of single columns beside the inputs"""

    shape: str

    def _shape(self, stage: Stage) -> str:
        return self.shape

    def forward(self, view: NetworkView, stage: Stage) -> list[Item]:
        words = f"{stage.layer} puts {self._shape(stage)} behind its inputs:"
        return [words, Formula((view.symbol(stage.node), listing(view.value(stage.node)[0])))]


class _Numeric(_Beside):
    """f(p), p = the column times one parameter plus another"""

    roles: tuple[str, str]

    def factors(self, view: NetworkView, stage: Stage, role: str, index: tuple[int, ...]) -> Factors | None:
        (number,) = index
        (source,) = stage.inputs
        column = columns_of(self._repeated(stage), source)[number]
        unit = int(source.shape[1]) + number
        made = make("sum", stage.node.inputs[1], axes=None, keepdims=False)  # what stands behind the inputs
        by_inner = view.value(gradient(made, [self._inner(stage)])[0])[:, number]
        x, e = view.symbol(source, column), view.symbol(stage.node, unit)
        names = [view.parameter_symbol(stage.parameters[r].name, index) for r in self.roles]
        by_parameter = partial(e, names[self.roles.index(role)])
        formula: tuple[Expression, ...] = (e, self._function(self._sum(stage, names, x)))
        slope: tuple[Expression, ...] = (by_parameter, self._slope(stage, role, names, x))
        local = by_inner * self._inner_slope(stage, role, view.value(source)[:, column])
        if view.one_row:
            numbers = [Number(float(view.value(stage.parameters[r])[number])) for r in self.roles]
            value = Number(float(view.value(source)[0, column]))
            formula += (
                self._function(self._sum(stage, numbers, value)),
                scalar(view.value(stage.node), unit),
            )
            slope += (self._slope(stage, role, numbers, value), Number(float(local[0])))
        values = np.stack([view.upstream(stage.node)[:, unit], local], axis=1)
        symbols = (view.gradient_symbol(stage.node, unit), by_parameter)
        return Factors(symbols, values, unit, notes=(Formula(formula), Formula(slope)))

    def _function(self, inner: Expression) -> Expression:
        """f(p)"""
        raise NotImplementedError

    def _slope(self, stage: Stage, role: str, names: Names, x: Expression) -> Expression:
        """∂f(p)/∂(parameter)"""
        raise NotImplementedError

    def _sum(self, stage: Stage, names: Names, x: Expression) -> Expression:
        """p"""
        raise NotImplementedError

    def _repeated(self, stage: Stage) -> Node:
        """The columns, each as often as it is used."""
        raise NotImplementedError

    def _inner(self, stage: Stage) -> Node:
        """The node of p."""
        raise NotImplementedError

    def _inner_slope(self, stage: Stage, role: str, x: NDArray[Any]) -> Any:
        """∂p/∂(parameter) of each row."""
        raise NotImplementedError


class _Line(_Numeric):
    """f(s·x + c); where s and c are fixed, they are no parameters"""

    roles = ("slope", "offset")

    def _shape(self, stage: Stage) -> str:
        whose = "its slope s and its offset c," if stage.parameters else "its fixed slope s and offset c,"
        return f"{self.shape}, with {whose}"

    def _inner(self, stage: Stage) -> Node:
        return taker(stage, stage.parameters["offset"])

    def _repeated(self, stage: Stage) -> Node:
        slope = stage.parameters["slope"]
        return next(n for n in taker(stage, slope).inputs if n is not slope)

    def _sum(self, stage: Stage, names: Names, x: Expression) -> Expression:
        return Infix("+", (product((names[0], x)), names[1]))

    def _inner_slope(self, stage: Stage, role: str, x: NDArray[Any]) -> Any:
        return x if role == "slope" else 1.0


class PiecewiseLinearRule(_Line):
    """min(max(s·x + c, 0), 1)/2"""

    shape = "min(max(s·x + c, 0), 1)/2 for each bin of a column x"

    def _function(self, inner: Expression) -> Expression:
        above = Apply(Words("max"), (inner, Number(0)))
        return Fraction(Apply(Words("min"), (above, Number(1))), Number(2))

    def _slope(self, stage: Stage, role: str, names: Names, x: Expression) -> Expression:
        inside = Bracketed(Infix("<", (Number(0), self._sum(stage, names, x), Number(1))))
        return Fraction(product((inside, x)) if role == "slope" else inside, Number(2))


class PeaksRule(_Line):
    """max(1 − |s·x + c|, 0)"""

    shape = "max(1 − |s·x + c|, 0) for each of some values of a column x"

    def _function(self, inner: Expression) -> Expression:
        near = Infix("−", (Number(1), Bracketed(inner, "|", "|")))
        return Apply(Words("max"), (near, Number(0)))

    def _slope(self, stage: Stage, role: str, names: Names, x: Expression) -> Expression:
        inner = self._sum(stage, names, x)
        inside = Bracketed(Infix("<", (Bracketed(inner, "|", "|"), Number(1))))
        factors = (inside, Apply(Words("sign"), (inner,)), *((x,) if role == "slope" else ()))
        return Negative(product(factors))


class PeriodicRule(_Numeric):
    """cos(2πσ·ω·x + π·θ)"""

    shape = "cosines of some of its columns"
    roles = ("frequency", "phase")

    def _inner(self, stage: Stage) -> Node:
        return stage.node.inputs[1].inputs[0]

    def _scaled(self, stage: Stage) -> Node:
        """2πσ·ω"""
        return taker(stage, stage.parameters["frequency"])

    def _repeated(self, stage: Stage) -> Node:
        scaled = self._scaled(stage)
        return next(n for n in taker(stage, scaled).inputs if n is not scaled)

    def _factor(self, stage: Stage) -> float:
        """2πσ"""
        frequency = stage.parameters["frequency"]
        (constant,) = [n for n in self._scaled(stage).inputs if n is not frequency]
        return float(constant.attributes["value"])

    def _sum(self, stage: Stage, names: Names, x: Expression) -> Expression:
        turns = product((Number(self._factor(stage)), names[0], x))
        return Infix("+", (turns, product((Symbol("π"), names[1]))))

    def _function(self, inner: Expression) -> Expression:
        return Apply(Words("cos"), (inner,))

    def _slope(self, stage: Stage, role: str, names: Names, x: Expression) -> Expression:
        sine = Apply(Words("sin"), (self._sum(stage, names, x),))
        inner = (Symbol("π"),) if role == "phase" else (Number(self._factor(stage)), x)
        return Negative(product((*inner, sine)))

    def _inner_slope(self, stage: Stage, role: str, x: NDArray[Any]) -> Any:
        return np.pi if role == "phase" else self._factor(stage) * x


class SinhRule(_Beside):
    """a·sinh(x/w)"""

    shape = "hyperbolic sines of some of its columns"


class ProductsRule(_Beside):
    """x·y"""

    shape = "products of two of its columns"
