"""``explain_unit``: what one unit of a dense layer computes, and its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope._checks import Interval, choice, index, indices
from downslope._dataclass import dataclass
from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError
from downslope.graph.notation import Expression, Number, Phrase, Words, number_text, partial, text
from downslope.insight.derivation._backward import backward
from downslope.insight.derivation._document import Block, Formula, Grid, Item, Written, listing
from downslope.insight.derivation._next_step import NextStep
from downslope.insight.derivation._steps import full_unit, unit_sum
from downslope.insight.derivation._sums import largest
from downslope.insight.derivation._view import DenseStage, NetworkView, view_at
from downslope.insight.derivation.rules import activation, elementwise
from downslope.nets import Network, Point, checked_one
from downslope.training import checked_data

__all__ = ["UnitExplanation", "explain_unit", "explanation_of_unit"]

_LISTED = 12


@dataclass(frozen=True, repr=False)
class UnitExplanation(Written):
    """What a unit computes, on a row or over all of them.

    Attributes:
        layer: the name of its layer.
        unit: which of the layer, counted from 1.
        row: the row, counted from 0; None for all rows.
        activations: a = φ(z) of each row, (rows,).
        deltas: ∂(a row's error)/∂z of each row, (rows,).
        title, blocks: what is written.
    """

    layer: str
    unit: int
    row: int | None
    activations: NDArray[np.float64]
    deltas: NDArray[np.float64]
    title: str
    blocks: tuple[Block, ...]

    def __repr__(self) -> str:
        rows = "all rows" if self.row is None else f"row {self.row}"
        mean = number_text(float(self.activations.mean()), 6)
        return f"UnitExplanation(unit {self.unit} of {self.layer}, {rows}, mean activation={mean})"


@suggests_keywords
def explain_unit(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    *,
    parameters: Point | None = None,
    layer: str,
    unit: int,
    row: int | None = None,
    over: NDArray[np.int64] | None = None,
) -> UnitExplanation:
    """Write out what one unit of a dense layer computes, its activation over the rows and its gradient.

    Args:
        network: any network; dropout is at rest.
        x: inputs, (rows, network.inputs).
        y: targets, as ``descend`` takes them.
        parameters: by name, all in one flat list, or a run's or a model's; None takes the starting values.
        layer: by name, such as ``"layer1"``.
        unit: which, counted from 1, as in ``"W1[2,3]"``.
        row: which row, counted from 0; None looks at all.
        over: the numbers of the rows that means are over; None takes all.

    Raises:
        DownslopeError: if there is no such layer, unit or row, or the data does not fit.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=2, layers=[Dense(2, "tanh"), Dense(1)])
    >>> found = explain_unit(net, [[1.0, 2.0], [0.0, 1.0]], [5.0, 1.0], layer="layer1", unit=1)
    >>> found.activations.shape, found.title
    ((2,), 'Unit 1 of layer1: all rows')
    """
    checked_one(network)
    data = checked_data(network, x, y, None)
    if row is not None:
        row = index("row", row, len(data["x"]))
    rows = slice(None) if over is None else _checked_rows(over, len(data["x"]))
    everywhere = view_at(network, data["x"][rows], data["y"][rows], parameters, None)
    of_row = None if row is None else view_at(network, x, y, parameters, row)
    return _explanation(everywhere, of_row, layer, unit, row, "all rows")


def explanation_of_unit(step: NextStep, layer: str, unit: int, row: int | None) -> UnitExplanation:
    """One unit of a dense layer, counted from 1, over the rows of the step that is about to be taken.

    Args:
        step: that is about to be taken.
        layer, unit: as ``explain_unit`` has them.
        row: of the table, counted from 0, whose numbers to write out; None for none.
    """
    of_row = None if row is None else step.of_row(row)
    return _explanation(step.over_rows, of_row, layer, unit, row, step.rows_in_words)


def _explanation(
    everywhere: NetworkView, of_row: NetworkView | None, layer: str, unit: int, row: int | None, rows: str
) -> UnitExplanation:
    dense = _chosen(everywhere, layer)
    number = index("unit", unit, int(dense.weight.shape[0]), first=1)
    unit = number - 1
    activations = everywhere.value(dense.a)[:, unit]
    deltas = everywhere.upstream(dense.z)[:, unit]
    if of_row is None:
        blocks = [_in_symbols(everywhere, dense, unit)]
    else:
        of_dense = _chosen(of_row, layer)
        stage = of_row.stage(of_dense.z)
        assert stage is not None
        blocks = [_on_a_row(of_row, of_dense, unit), backward(of_row, stage, unit)]
    blocks.append(_over_rows(everywhere, dense, unit, activations, deltas))
    which = rows if row is None else f"row {row + 1}"
    title = f"Unit {number} of {layer}: {which}"
    return UnitExplanation(layer, number, row, activations, deltas, title, tuple(blocks))


def _chosen(view: NetworkView, layer: str) -> DenseStage:
    layers = {dense.name: dense for dense in view.dense}
    dense = layers[choice("layer", layer, layers)]
    if dense.a.shape != dense.z.shape:
        raise DownslopeError(
            f"the units of {layer} have no activation of their own: {dense.activation} makes "
            f"{dense.a.shape[1]} values of {dense.z.shape[1]}; explain a weight or a row"
        )
    return dense


def _checked_rows(over: Any, rows: int) -> NDArray[np.int64]:
    found = indices("over", over, Interval(0, rows - 1))
    if not len(found):
        raise DownslopeError("over needs at least one row")
    return found


def _in_symbols(view: NetworkView, dense: DenseStage, unit: int) -> Block:
    """The unit's weights in full."""
    weights = view.value(dense.weight)[unit]
    headings: tuple[Expression, ...] = (Words("input"), Words("weight"), Words("value"))
    cells = []
    for j in largest(weights, _LISTED):
        symbol = view.parameter_symbol(dense.weight.name, (unit, int(j)))
        cells.append((view.symbol(dense.h, int(j)), symbol, Number(float(weights[j]))))
    items: list[Item] = [
        Formula((view.symbol(dense.z, unit), unit_sum(view, dense, unit))),
        Grid(headings, tuple(cells)),
    ]
    if len(cells) < len(weights):
        items.append(f"The {len(cells)} largest of {len(weights):,} weights are written out.")
    if dense.bias is not None:
        bias = float(view.value(dense.bias)[unit])
        items.append(Formula((view.parameter_symbol(dense.bias.name, (unit,)), Number(bias))))
    return Block("What it computes", (*items, *_activation(view, dense, unit)))


def _on_a_row(view: NetworkView, dense: DenseStage, unit: int) -> Block:
    h = Formula((view.symbol(dense.h), listing(view.value(dense.h)[0])))
    items = (h, *full_unit(view, dense, unit), *_activation(view, dense, unit))
    return Block("What it computes", items)


def _activation(view: NetworkView, dense: DenseStage, unit: int) -> list[Formula]:
    """a = φ(z), of the unit alone where its a depends on no other."""
    stage = view.stage(dense.a)
    if stage is None or dense.a is dense.z:
        return []
    alone = elementwise(stage)
    chosen = unit if alone else None
    formula = (view.symbol(dense.a, chosen), activation(stage, view.symbol(dense.z, chosen)))
    if not view.one_row:
        return [Formula(formula)]
    value = view.value(dense.a)[0]
    return [Formula((*formula, Number(float(value[unit])) if alone else listing(value)))]


def _over_rows(
    view: NetworkView, dense: DenseStage, unit: int, activations: NDArray[Any], deltas: NDArray[Any]
) -> Block:
    name, z = text(view.symbol(dense.a, unit)), view.symbol(dense.z, unit)
    mean, low, high = (number_text(float(f(activations)), 6) for f in (np.mean, np.min, np.max))
    items: list[Item] = [
        f"The mean of {name} over {len(activations):,} rows is {mean}, from {low} to {high}."
    ]
    if dense.a is not dense.z and not np.any(activations):
        items.append("It is 0 on every row: the unit is dead, no gradient comes through it.")
    items.append(f"With {text(view.error)} as the error of row r, its gradient is:")
    words = Words("mean over rows of ")
    items.append(Formula((Phrase((words, partial(view.error, z))), Number(float(deltas.mean())))))
    return Block("Over the rows", tuple(items))
