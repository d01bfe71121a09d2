"""What one unit does, and what one row does: with the numbers of a network at one point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope.errors import DownslopeError
from downslope.graph.notation import Expression, Infix, Number, Symbol, Words, number_text, partial, text
from downslope.insight.derivation._document import Block, Formula, Grid, Written
from downslope.insight.derivation._steps import (
    activation_notation,
    backward,
    error_of_row,
    forward,
    full_unit,
    unit_sum,
)
from downslope.insight.derivation._view import DenseStage, View, largest
from downslope.nets import Network
from downslope.training import Run, checked_data, starting_values

__all__ = ["RowStory", "UnitStory", "explain_row", "explain_unit"]

_PULLS = 12


@dataclass(frozen=True)
class UnitStory(Written):
    """What a unit computes, on a row or over all of them.

    Attributes:
        activations: a = φ(z) of each row, (rows,).
        deltas: ∂(a row's error)/∂z of each row, (rows,).
        title, blocks: what is written.
    """

    title: str
    blocks: tuple[Block, ...] = field(repr=False)
    activations: NDArray[np.float64] = field(repr=False)
    deltas: NDArray[np.float64] = field(repr=False)


@dataclass(frozen=True)
class RowStory(Written):
    """The way of a row through a network and back.

    Attributes:
        pulls: ∂(the row's error)/∂parameter, by parameter.
        title, blocks: what is written.
    """

    title: str
    blocks: tuple[Block, ...] = field(repr=False)
    pulls: Mapping[str, NDArray[np.float64]] = field(repr=False)


def _view(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    parameters: ArrayLike | Mapping[str, ArrayLike] | Run | None,
    row: int | None,
) -> View:
    data = {name: values.astype(np.float64) for name, values in checked_data(network, x, y, None).items()}
    start = parameters.parameters if isinstance(parameters, Run) else parameters
    point = starting_values(network, start, 0, np.dtype(np.float64))
    rows = len(data["x"])
    if row is not None:
        if not 0 <= row < rows:
            raise DownslopeError(f"there is no row {row!r}; rows are counted from 0 to {rows - 1}")
        data = {name: values[row : row + 1] for name, values in data.items()}
    return View(network, {**point, **data})


def explain_unit(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    *,
    parameters: ArrayLike | Mapping[str, ArrayLike] | Run | None = None,
    layer: str,
    unit: int,
    row: int | None = None,
    over: NDArray[np.int64] | None = None,
) -> UnitStory:
    """Write out what one unit of a dense layer computes, its activation over the rows and its gradient.

    Args:
        network: any network; dropout is at rest.
        x: inputs, (rows, network.inputs).
        y: targets, as ``descend`` takes them.
        parameters: by name, in one flat list, or a run's; None takes the starting values.
        layer: by name, such as ``"layer1"``.
        unit: which, counted from 0.
        row: which row, counted from 0; None looks at all.
        over: the numbers of the rows that averages are over; None takes all.

    Raises:
        DownslopeError: if there is no such layer, unit or row, or the data does not fit.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=2, layers=[Dense(2, "tanh"), Dense(1)])
    >>> told = explain_unit(net, [[1.0, 2.0], [0.0, 1.0]], [5.0, 1.0], layer="layer1", unit=0)
    >>> told.activations.shape, told.title
    ((2,), 'Unit 1 of layer1: all rows')
    """
    rows = slice(None) if over is None else over
    everywhere = _view(network, np.asarray(x)[rows], np.asarray(y)[rows], parameters, None)
    dense = next((d for d in everywhere.dense if d.name == layer), None)
    if dense is None:
        known = ", ".join(d.name for d in everywhere.dense)
        raise DownslopeError(f"there is no dense layer {layer!r}; the network has {known}")
    units = int(dense.weight.shape[0])
    if not 0 <= unit < units:
        raise DownslopeError(f"{layer} has the units 0 to {units - 1}, not {unit}")
    activations = everywhere.value(dense.a)[:, unit]
    deltas = everywhere.value(everywhere.deltas[dense.z])[:, unit]
    which = "all rows" if row is None else f"row {row + 1}"
    if row is None:
        blocks = [_in_symbols(everywhere, dense, unit)]
    else:
        view = _view(network, x, y, parameters, row)
        blocks = [_on_a_row(view, dense, unit), backward(view, layer, unit)]
    blocks.append(_over_rows(everywhere, dense, unit, activations, deltas))
    return UnitStory(f"Unit {unit + 1} of {layer}: {which}", tuple(blocks), activations, deltas)


def _in_symbols(view: View, dense: DenseStage, unit: int) -> Block:
    """The unit's weights in full."""
    weights = view.value(dense.weight)[unit]
    headings: tuple[Expression, ...] = (Words("from"), Words("weight"), Words("value"))
    cells = []
    for j in largest(weights, _PULLS):
        symbol = view.parameter_symbol(dense.weight.name, (unit, int(j)))
        cells.append((view.symbol(dense.h, int(j)), symbol, Number(float(weights[j]))))
    items: list[str | Formula | Grid] = [
        Formula((view.symbol(dense.z, unit), unit_sum(view, dense, unit))),
        Grid(headings, tuple(cells)),
    ]
    if len(cells) < len(weights):
        items.append(f"The {len(cells)} largest of {len(weights):,} weights are written out.")
    if dense.bias is not None:
        bias = float(view.value(dense.bias)[unit])
        items.append(Formula((view.parameter_symbol(dense.bias.name, (unit,)), Number(bias))))
    return Block("What it computes", (*items, *_activation(view, dense, unit, None)))


def _on_a_row(view: View, dense: DenseStage, unit: int) -> Block:
    value = float(view.value(dense.a)[0, unit])
    items = [*full_unit(view, dense, unit), *_activation(view, dense, unit, value)]
    return Block("What it computes", tuple(items))


def _activation(view: View, dense: DenseStage, unit: int, value: float | None) -> list[str | Formula | Grid]:
    """a = φ(z)"""
    if dense.a is dense.z:
        return []
    parts = (view.symbol(dense.a, unit), activation_notation(dense.a, view.symbol(dense.z, unit)))
    return [Formula(parts if value is None else (*parts, Number(value)))]


def _over_rows(
    view: View, dense: DenseStage, unit: int, activations: NDArray[Any], deltas: NDArray[Any]
) -> Block:
    name = text(view.symbol(dense.a, unit))
    slope = partial(Symbol("E"), view.symbol(dense.z, unit))
    told = [
        f"{name} is {number_text(float(activations.mean()), 6)} on average over "
        f"{len(activations):,} rows, from "
        f"{number_text(float(activations.min()), 6)} to {number_text(float(activations.max()), 6)}.",
    ]
    if dense.a is not dense.z and not np.any(activations):
        told.append("It is 0 on every row: the unit is dead, no gradient comes through it.")
    mean = Formula((Infix("", (Words("average of "), slope)), Number(float(deltas.mean()))))
    return Block("Over the rows", (*told, "Its gradient δ, of each row's error by its z:", mean))


def explain_row(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    *,
    parameters: ArrayLike | Mapping[str, ArrayLike] | Run | None = None,
    row: int,
) -> RowStory:
    """Write out one row's way forward, its error, the way back, and its pull on the weights.

    Args:
        network: any network; dropout is at rest.
        x: inputs, (rows, network.inputs).
        y: targets, as ``descend`` takes them.
        parameters: by name, in one flat list, or a run's; None takes the starting values.
        row: which row, counted from 0.

    Raises:
        DownslopeError: if there is no such row, or the data does not fit.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=2, layers=[Dense(1, bias=False)])
    >>> explain_row(net, [[1.0, 2.0]], [5.0], parameters=[1.0, 1.0], row=0).pulls
    {'layer1.weight': array([[-4., -8.]])}
    """
    view = _view(network, x, y, parameters, row)
    pulls = {name: view.value(plain) for name, (plain, _) in view.slopes.items()}
    blocks = [
        forward(view, None, 0),
        error_of_row(view),
        backward(view, view.dense[0].name, None),
        _pulls(view, pulls),
    ]
    return RowStory(f"Row {row + 1}: forward and back", tuple(blocks), pulls)


def _pulls(view: View, pulls: Mapping[str, NDArray[Any]]) -> Block:
    places = [(name, index) for name, values in pulls.items() for index in np.ndindex(values.shape)]
    flat = np.concatenate([np.ravel(values) for values in pulls.values()])
    chosen = largest(flat, _PULLS)
    headings: tuple[Expression, ...] = (Words("parameter"), Words("∂(row's error)/∂parameter"))
    cells = tuple(
        (view.parameter_symbol(places[i][0], places[i][1]), Number(float(flat[i]))) for i in chosen.tolist()
    )
    items: list[str | Formula | Grid] = [Grid(headings, cells)]
    if len(cells) < len(flat):
        items.append(f"The {len(cells)} largest of {len(flat):,} are written out.")
    return Block("Its pull on the weights", tuple(items))
