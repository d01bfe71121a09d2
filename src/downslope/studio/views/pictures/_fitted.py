"""What a network predicts along one column or over two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.nets import Embedding, Network
from downslope.studio.session._session import Session
from downslope.studio.table._choices import STANDARD
from downslope.studio.table._formulas import columns_in, values_of
from downslope.studio.table._rows import Rows
from downslope.studio.views.pictures._sampling import column_of, evenly_spaced, names_of, quiet, task_of
from downslope.studio.views.pictures._typical import held_row, other_levels
from downslope.tables import Numeric, Target
from downslope.training import Arrays, forward

__all__ = ["fitted", "make"]

_LINE, _SIDE = 200, 48  # points of a line, and along the side of a map
_RARE = 0.01  # the share of rows at either end that may lie outside an axis


def make(session: Session, options: Mapping[str, Any], parameters: Arrays) -> dict[str, Any]:
    """What is fitted over the columns that a page chose."""
    state = session.state
    features, data = state.rows.features, state.descent.split.data
    columns = [int(column) for column in options["columns"]]
    if not 1 <= len(set(columns)) <= 2 or not all(0 <= column < len(features) for column in columns):
        raise DownslopeError("choose one column or two different ones")
    held_out = np.zeros(len(data["x"]), bool)
    held_out[state.descent.split.validation_rows] = True
    units = _numeric_columns(state.rows)
    index = options.get("row")
    held, cells = held_row(state.rows, None if index is None else int(index))
    held, beside = held.copy(), {column: other_levels(state.rows, column) for column in columns}
    for away in beside.values():
        held[away != 0] = 0
    picture = fitted(
        state.settings.network,
        parameters,
        data["x"],
        data["y"],
        columns,
        features=features,
        units=units,
        held_out=held_out,
        at=held,
        beside=beside,
        computed=_formulas(state.rows, units, columns),
    )
    axes = {
        name
        for name, place in state.rows.encoder.places.items()
        if {*columns} & {*range(len(features))[place]}
    }
    moving = axes | {features[column] for column in columns} | {*state.rows.choices.formulas}
    picture["fixed"] = {name: cell for name, cell in cells.items() if name not in moving}
    picture |= {"slice": bool(picture["fixed"]), "row": index}
    scaled = {"scaled": state.rows.choices.scaling == STANDARD and not {*columns} <= {*units}}
    return {**_in_units(picture, state.rows.target), **names_of(session), **scaled}


def _numeric_columns(rows: Rows) -> dict[int, Numeric]:
    """How the columns of numbers became what a network is given, by the index of the column there."""
    places = rows.encoder.places
    parts = [part for part in rows.encoder.encodings if isinstance(part, Numeric) and not part.clock]
    return {places[part.name].start: part for part in parts}


def _formulas(rows: Rows, units: Mapping[int, Numeric], columns: Sequence[int]) -> Mapping[int, str]:
    """The columns of formulas of numbers alone, by index: they follow the columns that they are of."""
    features = list(rows.features)
    numbers, chosen = {features[i] for i in units}, {features[i] for i in columns}
    held = {f: columns_in(f) for f in rows.choices.formulas if f in numbers - chosen}
    return {features.index(f): f for f, names in held.items() if names <= numbers}


def _in_units(picture: dict[str, Any], target: Target) -> dict[str, Any]:
    """Numbers that are predicted, and targets, in the target's own units."""
    if picture["task"] != "regression":
        return picture
    names = ["targets", "values" if "values" in picture else "y"]
    return {**picture, **{name: picture[name] * target.scale + target.mean for name in names}}


@quiet
def fitted(
    network: Network,
    parameters: Mapping[str, NDArray[Any]],
    x: NDArray[Any],
    y: NDArray[Any],
    columns: Sequence[int],
    *,
    features: Sequence[str],
    at: NDArray[Any] | None = None,
    points: int = 1000,
    output: int = 0,
    units: Mapping[int, Numeric] = MappingProxyType({}),
    held_out: NDArray[np.bool_] | None = None,
    computed: Mapping[int, str] = MappingProxyType({}),
    beside: Mapping[int, NDArray[Any]] = MappingProxyType({}),
) -> dict[str, Any]:
    """What a network predicts along one column of x or over two, beside the rows it learns from.

    Args:
        network, parameters: what predicts.
        x, y: the rows, (n, inputs) and as the graph takes y.
        columns: one column or two different ones, counted from 0.
        features: the names of all columns, (inputs,).
        at: the values of the other columns, (inputs,); their medians where not given.
        points: rows that are shown, at most, evenly spaced.
        output: which output, where there are several that are no classes.
        units: how columns became what the network is given, by index: they are told in their own units.
        held_out: for each row whether it is not trained on, (n,).
        computed: the columns that formulas compute of the others, by index.
        beside: what is added where a chosen column is 0, and the less the nearer it is to 1, (inputs,), by
            index: the other levels of the same column of the table.

    Returns:
        ``task``: regression, binary or classes; ``labels`` of the columns; ``points`` (k, 1 or 2) and
        ``targets`` (k,) of the rows, and where given ``held_out`` (k,); ``slice``: whether other columns are
        fixed, and at which values, ``fixed``; ``sampled``. Of one column ``x`` (200,) and ``y`` (200, 1): the
        prediction or the probability, or (200, classes). Of two ``x`` (48,), ``y`` (48,) and ``values``
        (48, 48) [y, x]: the prediction, the probability of class 1, or of the class in ``classes`` (48, 48),
        the most probable one, which is ahead of the next by ``margins`` (48, 48). A column that an embedding
        reads has its levels instead.

    Raises:
        DownslopeError: if the columns are not one or two of the network's.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=2, layers=[Dense(1, bias=False)])
    >>> w, x = {"layer1.weight": np.array([[2.0, 1.0]])}, np.array([[0.0, 1.0], [10.0, 3.0]])
    >>> found = fitted(net, w, x, np.array([[1.0], [23.0]]), [0], features=["a", "b"])
    >>> found["y"].shape, found["fixed"]
    ((200, 1), {'b': 2.0})
    """
    if len(columns) not in (1, 2) or len({*columns}) < len(columns) or not {*columns} <= {*range(x.shape[1])}:
        raise DownslopeError(
            f"a picture of what is fitted needs one column or two different ones of 0 to {x.shape[1] - 1}, "
            f"not {list(columns)}"
        )
    fixed = _fixed_values(network, x) if at is None else np.asarray(at, x.dtype)
    told = {c: units[c].values if c in units else np.asarray for c in range(x.shape[1])}
    count = _LINE if len(columns) == 1 else _SIDE
    axes = [_axis(network, column, told[column](x[:, column]), count) for column in columns]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, len(columns))
    rows = np.tile(fixed, (len(grid), 1))
    for i, column in enumerate(columns):
        rows[:, column] = units[column].feature(grid[:, i]) if column in units else grid[:, i]
    for column, away in beside.items():
        rows += (1 - rows[:, [column]]) * away
    values = {features[i]: told[i](rows[:, i]) for i in units}
    for i, formula in computed.items():
        values[features[i]] = values_of(formula, values)
        rows[:, i] = units[i].feature(values[features[i]])
    predicted = forward(network, parameters, rows)
    kept = evenly_spaced(len(x), points)
    others = [i for i in range(x.shape[1]) if i not in columns and i not in computed]
    return {
        "task": task_of(network),
        "labels": [features[column] for column in columns],
        **_shown(network, axes, predicted, output),
        "points": np.stack([told[column](x[kept, column]) for column in columns], axis=1),
        "targets": column_of(y, output)[kept],
        "slice": bool(others),
        "fixed": {features[i]: float(told[i](fixed[i])) for i in others},
        "rows": len(x),
        "sampled": len(kept) < len(x),
        **({} if held_out is None else {"held_out": held_out[kept].astype(np.uint8)}),
    }


def _levels(network: Network) -> dict[int, int]:
    """How many levels the columns have that hold the numbers of levels."""
    found = [zip(e.columns, e.levels, strict=True) for e in network.layers if isinstance(e, Embedding)]
    return {column: levels for pairs in found for column, levels in pairs}


def _fixed_values(network: Network, x: NDArray[Any]) -> NDArray[Any]:
    fixed: NDArray[Any] = np.median(x, axis=0)
    levels = list(_levels(network))
    fixed[levels] = np.floor(fixed[levels])
    return fixed


def _axis(network: Network, column: int, values: NDArray[Any], count: int) -> NDArray[Any]:
    levels = _levels(network)
    if column in levels:
        return np.arange(levels[column], dtype=values.dtype)
    low, high = np.quantile(values, [_RARE, 1 - _RARE])  # all, unless some are far from all others
    near = values[(values >= low - (high - low)) & (values <= high + (high - low))]
    low, high = float(near.min()), float(near.max())
    margin = 0.05 * (high - low) or max(1.0, abs(low)) / 2
    return np.linspace(low - margin, high + margin, count, dtype=values.dtype)


def _shown(
    network: Network, axes: list[NDArray[Any]], predicted: NDArray[Any], output: int
) -> dict[str, NDArray[Any]]:
    classes = network.loss == "cross_entropy"
    if len(axes) == 1:
        return {"x": axes[0], "y": predicted if classes else predicted[:, [output]]}
    shape = len(axes[1]), len(axes[0])
    found = {"x": axes[0], "y": axes[1]}
    if not classes:
        return found | {"values": predicted[:, output].reshape(shape)}
    second, best = np.moveaxis(np.sort(predicted, axis=1)[:, -2:], 1, 0)
    return found | {
        "values": best.reshape(shape),
        "classes": predicted.argmax(axis=1).reshape(shape),
        "margins": (best - second).reshape(shape),
    }
