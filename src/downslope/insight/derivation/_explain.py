"""``explain``: the chain rule of one parameter, in symbols and with the numbers of a network.

Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors" (1986), for the
recursion. Every number is the value of a node of the graph that training runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope.errors import DownslopeError
from downslope.graph import Node
from downslope.graph.notation import (
    Apply,
    Expression,
    Infix,
    Number,
    Power,
    Symbol,
    Words,
    partial,
    product,
    text,
)
from downslope.insight.derivation._document import (
    Block,
    Formula,
    Grid,
    Written,
    as_json,
)
from downslope.insight.derivation._position import Place, place_of
from downslope.insight.derivation._steps import backward, error_of_row, forward
from downslope.insight.derivation._view import DenseStage, View, largest
from downslope.nets import Network
from downslope.training import Run, checked_data, starting_values

__all__ = ["Explanation", "explain"]

_ROWS = 8


@dataclass(frozen=True)
class Explanation(Written):
    """The derivation of ∂error/∂parameter at one point, and the update it causes.

    Attributes:
        parameter: the name of the parameter and where in it, counted from 0.
        row: the row, counted from 0; None for the average over the rows.
        value: of the parameter.
        factors: whose product is the gradient of the data error of the row, or of each row.
        gradient: of the error, penalties included.
        learning_rate: η.
        updated: value − η·gradient.
        title, blocks: what is written.
    """

    parameter: Place
    row: int | None
    value: float
    factors: NDArray[np.float64] = field(repr=False)
    gradient: float
    learning_rate: float
    updated: float
    title: str
    blocks: tuple[Block, ...] = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """Plain data: the numbers at full precision, and every formula as text and LaTeX."""
        return {
            "title": self.title,
            "parameter": self.parameter.name,
            "index": list(self.parameter.index),
            "row": self.row,
            "value": self.value,
            "factors": self.factors.tolist(),
            "gradient": self.gradient,
            "learning_rate": self.learning_rate,
            "updated": self.updated,
            "steps": as_json(self.blocks),
        }


def explain(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    *,
    parameters: ArrayLike | Mapping[str, ArrayLike] | Run | None = None,
    of: str | tuple[str | int, ...] | None = None,
    row: int | None = None,
    learning_rate: float = 0.01,
    row_weights: ArrayLike | None = None,
    seed: int = 0,
    names: Sequence[str] | None = None,
) -> Explanation:
    """Write out the chain rule for one parameter of a network.

    Args:
        network: any network; dropout is at rest.
        x: inputs, (rows, network.inputs).
        y: targets, as ``descend`` takes them.
        parameters: by name, in one flat list, or a run's; None takes the starting values of the seed.
        of: which one: ``"w1"``, ``"W1[2,3]"`` (layer, unit, input), ``"b1[2]"``, counted from 1, or
            ``("layer1.weight", 1, 2)``, counted from 0; None takes the first weight.
        row: which row, counted from 0; None averages over all.
        learning_rate: η of the update.
        row_weights: how much each row counts in the average, (rows,).
        seed: of the starting values.
        names: of the columns of x, to name the input that a weight of the first layer takes.

    Raises:
        DownslopeError: if there is no such parameter or row, or the data or the learning rate does not fit.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=2, layers=[Dense(1, bias=False)])
    >>> told = explain(net, [[1.0, 2.0]], [5.0], parameters=[1.0, 1.0], of="w2", row=0)
    >>> told.factors, told.gradient, told.updated
    (array([-4.,  2.]), -8.0, 1.08)
    """
    place = place_of(network, of)
    if place.kind in ("slope", "offset", "frequency", "phase"):
        raise DownslopeError(
            f"the chain rule of {place.name} is not written out; ask for a number of a dense layer, an "
            "embedding or a layer normalisation"
        )
    if not isinstance(learning_rate, Real) or not np.isfinite(learning_rate):
        raise DownslopeError(f"a learning rate is a finite number, not {learning_rate!r}")
    data = checked_data(network, x, y, row_weights)
    data = {name: values.astype(np.float64) for name, values in data.items()}
    start = parameters.parameters if isinstance(parameters, Run) else parameters
    point = starting_values(network, start, seed, np.dtype(np.float64))
    rows = len(data["x"])
    if row is not None:
        if isinstance(row, bool) or not isinstance(row, Integral) or not 0 <= row < rows:
            raise DownslopeError(f"there is no row {row!r}; rows are counted from 0 to {rows - 1}")
        data = {name: values[row : row + 1] for name, values in data.items()}
        data["row_weights"] = np.ones(1)
    return _Derivation(View(network, {**point, **data}), place, row, learning_rate, names).written()


class _Derivation:
    """The blocks of one explanation, each from the values of nodes."""

    def __init__(
        self, view: View, place: Place, row: int | None, learning_rate: float, names: Sequence[str] | None
    ) -> None:
        self.view, self.place, self.row, self.rate, self.names = view, place, row, learning_rate, names
        self.symbol = view.parameter_symbol(place.name, place.index)
        self.value = float(view.value(view.graph.parameters[place.name])[place.index])
        plain, whole = view.slopes[place.name]
        self.data_slope = float(view.value(plain)[place.index])
        self.slope = float(view.value(whole)[place.index])

    @cached_property
    def dense(self) -> DenseStage | None:
        """The dense layer of the parameter, if it is in one."""
        if self.place.kind not in ("weight", "bias"):
            return None
        return next((d for d in self.view.dense if d.name == self.place.layer), None)

    def written(self) -> Explanation:
        over = "the average over the rows" if self.row is None else f"row {self.row + 1}"
        title = f"How {text(self.symbol)} changes the error: {over}"
        factors = self._factors()
        blocks = [self._where()]
        if self.row is not None:
            blocks += self._one_row(factors)
        else:
            blocks.append(self._all_rows(factors))
        blocks.append(self._update())
        updated = self.value - self.rate * self.slope
        return Explanation(
            self.place,
            self.row,
            self.value,
            factors[0] if self.row is not None else factors,
            self.slope,
            self.rate,
            updated,
            title,
            tuple(blocks),
        )

    def _where(self) -> Block:
        shape = " × ".join(str(s) for s in self.view.graph.parameters[self.place.name].shape)
        whose = f"{text(self.symbol)} is one of the {shape} numbers of {self.place.name}."
        if self.dense is not None and self.place.kind == "weight":
            unit, source = self.place.index
            layer = self.place.layer
            whose = f"{text(self.symbol)} leads from input {source + 1} of {layer} to its unit {unit + 1}."
            if self.names is not None and self.dense.h is self.view.graph.x:
                whose += f" That input is {self.names[source]}."
        return Block("The parameter", (whose, Formula((self.symbol, Number(self.value)))))

    def _factors(self) -> NDArray[np.float64]:
        """The factors of each row's own gradient, (rows, factors)."""
        view, index = self.view, self.place.index
        if self.dense is not None:
            delta = view.value(view.deltas[self.dense.z])[:, index[0]]
            if self.place.kind == "bias":
                return delta[:, None]
            return np.stack([delta, view.value(self.dense.h)[:, index[1]]], axis=1)
        stage = next(s for s in view.graph.stages if s.layer == self.place.layer)
        upstream = view.value(view.deltas[stage.node])
        if self.place.kind == "shift":
            return upstream[:, index]
        if self.place.kind == "scale":
            normal = stage.node.inputs[0].inputs[0]
            return np.stack([upstream[:, index[0]], view.value(normal)[:, index[0]]], axis=1)
        return self._looked_up(upstream)

    def _looked_up(self, upstream: NDArray[Any]) -> NDArray[np.float64]:
        """For a number of an embedding: what comes back to it, and whether the row has its level."""
        level, part = self.place.index
        codes, before = self._column_of_vectors()
        has_level = self.view.value(codes) == level
        return np.stack([upstream[:, before + part], has_level.astype(float)], axis=1)

    def _column_of_vectors(self) -> tuple[Node, int]:
        """The level numbers that the parameter is looked up by, and where its vectors stand in the layer."""
        stage = next(s for s in self.view.graph.stages if s.layer == self.place.layer)
        before = 0
        # vectors that stand alone are joined with nothing
        for piece in stage.node.inputs if stage.node.op.name == "concatenate" else (stage.node,):
            if piece.op.name == "take" and piece.inputs[0].name == self.place.name:
                return piece.inputs[1], before
            before += int(piece.shape[1])
        raise AssertionError(f"{self.place.name} is in no stage")

    def _factor_symbols(self) -> tuple[Expression, ...]:
        if self.dense is not None:
            unit = self.place.index[0]
            delta = self.view.delta_symbol(self.dense, unit)
            if self.place.kind == "bias":
                return (delta,)
            return delta, self.view.symbol(self.dense.h, self.place.index[1])
        stage = next(s for s in self.view.graph.stages if s.layer == self.place.layer)
        before = self._column_of_vectors()[1] if self.place.kind.startswith("column") else 0
        upstream = partial(Symbol("E"), self.view.symbol(stage.node, before + self.place.index[-1]))
        second = {"scale": (Symbol("ĥ"),), "shift": ()}.get(
            self.place.kind, (Words("[the row has this level]"),)
        )
        return (upstream, *second)

    def _one_row(self, factors: NDArray[np.float64]) -> list[Block]:
        view, dense = self.view, self.dense
        unit = self.place.index[0] if dense is not None else None
        blocks = [forward(view, dense, unit or 0), error_of_row(view), backward(view, self.place.layer, unit)]
        numbers = product([Number(float(f)) for f in factors[0]])
        rule = self._rule()
        chain = Formula((*rule, numbers, Number(self.data_slope)))
        return [*blocks, Block("The gradient of this row", (chain,))]

    def _rule(self) -> tuple[Expression, ...]:
        """∂E/∂w = ∂E/∂z · ∂z/∂w = δ · input"""
        whole = partial(Symbol("E"), self.symbol)
        if self.dense is None:
            return whole, product(self._factor_symbols())
        z = self.view.symbol(self.dense.z, self.place.index[0])
        split = product((partial(Symbol("E"), z), partial(z, self.symbol)))
        return whole, split, product(self._factor_symbols())

    def _all_rows(self, factors: NDArray[np.float64]) -> Block:
        weights = self.view.given["row_weights"]
        slopes = np.prod(factors, axis=1)
        even = bool(np.all(weights == weights[0]))
        shares = weights / weights.sum()
        places = largest(slopes * shares, _ROWS)
        symbols = self._factor_symbols()
        headings = (Words("row"), *symbols, *(() if len(symbols) == 1 else (product(symbols),)))
        cells = []
        for i in places:
            told: tuple[Expression, ...] = (Number(float(i + 1), 12), *(Number(float(f)) for f in factors[i]))
            told += (Number(float(slopes[i])),) if len(symbols) > 1 else ()
            cells.append(told if even else (*told, Number(float(weights[i]))))
        headings = headings if even else (*headings, Words("weight"))
        items: list[str | Formula | Grid] = [Formula(self._rule())]
        items += self._recursion()
        items.append(Grid(headings, tuple(cells)))
        if len(places) < len(slopes):
            rest = float((slopes * shares).sum() - (slopes * shares)[places].sum())
            items.append(
                f"These {len(places)} of {len(slopes):,} rows weigh most; the others add {rest:.6g} to the "
                "average."
            )
        mean = Infix("", (Words("average of "), product(symbols)))
        items.append(Formula((partial(Symbol("E"), self.symbol), mean, Number(self.data_slope))))
        return Block("The chain rule, row by row, then averaged", tuple(items))

    def _recursion(self) -> list[str | Formula | Grid]:
        """What δ stands for, in symbols."""
        if self.dense is None:
            return []
        if self.dense.z is self.view.graph.output:
            return ["Here δ = ∂E/∂z is the derivative of the row's error by the output."]
        now, after = Symbol("δ", layer="l"), Symbol("δ", layer="l+1")
        pulled = product((Power(Symbol("W", layer="l+1"), Words("ᵀ")), after))
        slope = Apply(Symbol("φ", prime=True), (Symbol("z", layer="l"),))
        return [
            "Here δ is the derivative of the row's error by z, from the last layer down:",
            Formula((now, Infix("⊙", (pulled, slope)))),
            "Explain one row to see every step of it.",
        ]

    def _update(self) -> Block:
        items: list[str | Formula | Grid] = []
        network = self.view.network
        slope = partial(Symbol("E"), self.symbol)
        if self.place.name.endswith(".weight") or self.place.kind.startswith("column"):
            terms: list[Expression] = [Number(self.data_slope)]
            names: list[Expression] = [Words("data")]
            if network.l1:
                terms.append(product((Number(network.l1), Number(float(np.sign(self.value))))))
                names.append(product((Symbol("λ", index="1"), Apply(Words("sign"), (self.symbol,)))))
            if network.l2:
                terms.append(product((Number(network.l2), Number(self.value))))
                names.append(product((Symbol("λ", index="2"), self.symbol)))
            if len(terms) > 1:
                items.append("With the penalties:")
                items.append(
                    Formula((slope, Infix("+", tuple(names)), Infix("+", tuple(terms)), Number(self.slope)))
                )
        step = Infix("−", (self.symbol, product((Symbol("η"), slope))))
        numbers = Infix("−", (Number(self.value), product((Number(self.rate), Number(self.slope)))))
        items.append(Formula((self.symbol, step), "←"))
        items.append(Formula((Words("new "), numbers, Number(self.value - self.rate * self.slope, 10))))
        return Block(f"The update, with a learning rate η of {self.rate:g}", tuple(items))
