"""The prediction of a model as nodes, from the cells of its columns: what ``of_table`` adds to a network.

It is no part of what the room imports by itself, as it reads encodings, and so needs what reads tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.graph import BATCH, Node, constant, input_, make, ops, parameter, substitute
from downslope.interchange.exports._column_ops import double, floor, missing, single
from downslope.interchange.exports._levels import LevelTable, level_table
from downslope.interchange.exports._prediction import (
    CLOCK,
    DATE,
    Cells,
    Prediction,
    title_of,
    with_fixed_arrays,
)
from downslope.nets import AnyNetwork, Ensemble
from downslope.tables import FARTHEST, TAIL_WIDTH, Moments, Numeric, TableEncoder, Target

__all__ = ["of_table"]

_DAY = 86_400.0


Ends = Callable[[Node, Node], tuple[Node, Mapping[str, NDArray[Any]]]]
"""The ends of an interval, (n, 2), from a prediction as the loss takes numbers, (n, 1), and the inputs of the
network; and the arrays that this takes."""


def of_table(
    network: AnyNetwork,
    parameters: Mapping[str, NDArray[Any]],
    encoder: TableEncoder,
    target: Target,
    interval: float = 0.0,
    ends: Ends | None = None,
) -> Prediction:
    """The prediction of a model from the cells of its columns, in the terms of the target.

    Args:
        network, parameters, encoder, target: of the model.
        interval: the share of targets in the interval that is predicted too; 0 for none.
        ends: of that interval.
    """
    cells, x, tables = _encoded(encoder)
    graph = network.graph()
    given = x if encoder.dtype == "float64" else single(x)
    nodes = [graph.prediction, *(stage.node for stage in graph.stages)]
    found, *nodes = substitute(nodes, {graph.x: given})
    stages = [replace(stage, node=node) for stage, node in zip(graph.stages, nodes, strict=True)]
    result = double(found)
    if not target.classes:
        if isinstance(network, Ensemble):  # as the model itself
            low, high = target.scaled_ends
            result = make("minimum", make("maximum", result, low), high)
        if ends is not None:
            around, arrays = ends(result, x)
            result, tables = make("concatenate", result, around), {**tables, **arrays}
        result = result * target.scale + target.mean
    elif int(found.shape[1]) == 1:
        result = make("concatenate", 1.0 - result, result)
    values = {**parameters, **tables}
    title = f"{title_of(network, parameters)}, of {target.name}"
    scale = 1.0 if target.classes else target.scale
    return with_fixed_arrays(
        Prediction(
            *(cells, result, values, title, target.classes, stages, target.name, scale, interval),
            decision=target.decision,
        )
    )


def _encoded(encoder: TableEncoder) -> tuple[list[Cells], Node, dict[str, NDArray[Any]]]:
    """The columns, what they become as the inputs of the network, and the arrays that this takes."""
    cells: list[Cells] = []
    values: dict[str, NDArray[Any]] = {}
    parts: list[Node] = []
    places: dict[str, list[int]] = {}
    width = 0

    def add(part: Node) -> list[int]:
        nonlocal width
        parts.append(part)
        first, width = width, width + int(part.shape[1])
        return list(range(first, width))

    numbers = [part for part in encoder.encodings if isinstance(part, Numeric)]
    if numbers:
        leaves = [input_(f"cells of {part.name}", (BATCH, 1)) for part in numbers]
        for number, leaf in zip(numbers, leaves, strict=True):
            holds = CLOCK if number.clock else "a number"
            cells.append(Cells(number.name, leaf, holds, None, number.low, number.high))
        scaled, gaps = _scaled(make("concatenate", *leaves), numbers, values)
        first, second = add(scaled), add(gaps)
        for i, number in enumerate(numbers):
            places[number.name] = [first[i], second[i]][: len(number.features)]
    for part in encoder.encodings:
        if isinstance(part, Numeric):
            continue
        leaf = input_(f"cells of {part.name}", (BATCH, 1))
        if isinstance(part, Moments):
            limits = (part.low * _DAY, part.high * _DAY)
            cells.append(Cells(part.name, leaf, DATE, None, *limits))
            places[part.name] = add(_date(leaf, part))
        else:
            table = level_table(part)
            cells.append(Cells(part.name, leaf, f"text, one of {len(part.levels)} levels", table.rows))
            places[part.name] = add(_levels(leaf, table, f"levels of {part.name}", values))
    order = tuple(place for part in encoder.encodings for place in places[part.name])
    by_name = {cell.name: cell for cell in cells}
    x = make("columns", make("concatenate", *parts), indices=order, squeeze=False)
    return [by_name[part.name] for part in encoder.encodings], x, values


def _scaled(given: Node, numbers: Sequence[Numeric], values: dict[str, NDArray[Any]]) -> tuple[Node, Node]:
    """(cell − median) / range with tails as they are encoded, side by side, and which cells are gaps."""
    arrays = {"centre": [part.centre for part in numbers], "scale": [part.scale for part in numbers]}
    values |= {name: np.array(array) for name, array in arrays.items()}
    centre, scale = (parameter(name, (len(numbers),)) for name in arrays)
    gaps = missing(given)
    z = (make("where", gaps, centre, given) - centre) / scale
    kinds = list(dict.fromkeys(part.tails for part in numbers))
    if len(kinds) == 1:
        return _TAILS[kinds[0]](z), gaps
    groups = [tuple(i for i, part in enumerate(numbers) if part.tails == kind) for kind in kinds]
    order = [i for group in groups for i in group]
    parts = [
        _TAILS[kind](make("columns", z, indices=group, squeeze=False))
        for kind, group in zip(kinds, groups, strict=True)
    ]
    back = tuple(order.index(i) for i in range(len(numbers)))
    return make("columns", make("concatenate", *parts), indices=back, squeeze=False), gaps


def _compressed(z: Node) -> Node:
    """3·asinh(z/3)"""
    size = ops.minimum(ops.absolute(z), FARTHEST) / TAIL_WIDTH
    return TAIL_WIDTH * ops.sign(z) * ops.log(size + ops.sqrt(1.0 + size * size))


_TAILS: Mapping[str, Callable[[Node], Node]] = {
    "kept": lambda z: z,
    "compressed": _compressed,
    "clipped": lambda z: z / ops.sqrt(1.0 + ops.square(z / TAIL_WIDTH)),
}
"""As ``tables.TAILS``, in nodes."""


def _levels(leaf: Node, table: LevelTable, name: str, values: dict[str, NDArray[Any]]) -> Node:
    """The features of a level; where they are its number, the number itself."""
    features = table.features
    if np.array_equal(features, np.arange(len(features))[:, None]):
        return leaf
    values[name] = features.astype(np.float64)
    row = make("columns", leaf, indices=(0,), squeeze=True)
    return make("take", parameter(name, features.shape), row)


def _date(leaf: Node, part: Moments) -> Node:
    """Time since the median, and the circles of year, week and day, of seconds since 1970."""
    gap = missing(leaf)
    seconds = make("where", gap, constant(part.centre * _DAY), leaf)
    z = (seconds / _DAY - part.centre) / part.scale
    features = [_TAILS[part.tails](z)]
    for circle in part.circles:
        turn = 2 * np.pi * _CIRCLES[circle](seconds)
        features += [(1.0 - gap) * ops.sin(turn), (1.0 - gap) * ops.cos(turn)]
    return make("concatenate", *features, *([gap] if part.gaps else []))


def _share_of_year(seconds: Node) -> Node:
    """Days since the first of January, of 365.25 (the calendar as of Hinnant, "chrono-compatible low-level
    date algorithms": years begin in March, and 400 of them are an era)."""
    day = floor(seconds / _DAY) + 719_468.0
    day = day - 146_097.0 * floor(day / 146_097.0)
    leaps = floor(day / 1460.0) - floor(day / 36_524.0) + floor(day / 146_096.0)
    year = floor((day - leaps) / 365.0)
    day = day - (365.0 * year + floor(year / 4.0) - floor(year / 100.0))
    leap = _divides(4.0, year) - _divides(100.0, year) + _divides(400.0, year)
    since_march = day - 306.0
    return make("where", since_march > -0.5, since_march, day + 59.0 + leap) / 365.25


def _divides(number: float, year: Node) -> Node:
    return (floor(year / number) * number - year) > -0.5


def _share_of_week(seconds: Node) -> Node:
    day = floor(seconds / _DAY) + 3.0  # 1970 began on a Thursday
    return (day - 7.0 * floor(day / 7.0)) / 7.0


def _share_of_day(seconds: Node) -> Node:
    return (floor(seconds / 60.0) - 1440.0 * floor(seconds / _DAY)) / 1440.0


_CIRCLES = {"year": _share_of_year, "week": _share_of_week, "day": _share_of_day}
