"""What the page of a network is given: names, rows, parameters, tables of weights, a drawing. Plain data."""

from __future__ import annotations

import base64
import inspect
from collections import Counter
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope.errors import DownslopeError
from downslope.graph.notation import text
from downslope.interchange._page_program import PageDescent, chains_of, program_for
from downslope.nets import AnyNetwork, Dense, Dropout, Network, Point, described, parameter_values
from downslope.training import BATCHES, Sgd, checked_data

__all__ = ["PAGE_ROWS", "has_picture", "page_data"]

PAGE_ROWS = 2000
"""Rows that a page holds, at most."""
_EDITABLE = 600
"""Up to so many parameters each one is a number to drag."""
_DRAWN = 60
"""Up to so many units, inputs among them, the network is drawn."""
_ON_LINES = 3
"""Up to so many units in each of two layers, numbers stand on the lines of the drawing."""


def has_picture(network: AnyNetwork) -> bool:
    """Whether a page draws what is predicted: one output over one or two inputs, with numbers to drag."""
    count = sum(prod(map(int, node.shape)) for node in network.graph().parameters.values())
    return network.inputs <= 2 and _outputs(network) == 1 and count <= _EDITABLE


def page_data(
    network: AnyNetwork,
    parameters: Point,
    x: ArrayLike,
    y: ArrayLike,
    *,
    features: Sequence[str],
    target: str | Sequence[str],
    classes: Sequence[str],
    title: str,
    note: str,
    descent: PageDescent,
    lesson: Mapping[str, Any] | None,
    pictures: Mapping[str, str],
) -> dict[str, Any]:
    """The data of ``page_source``, checked."""
    data = checked_data(network, x, y, None)
    arrays = parameter_values(network, parameters, np.dtype(np.float64))
    rows = len(data["x"])
    if rows > PAGE_ROWS:
        raise DownslopeError(f"a page holds at most {PAGE_ROWS:,} rows, not {rows:,}; give some of them")
    if len(features) != network.inputs:
        raise DownslopeError(f"features names {len(features)} columns, and x has {network.inputs}")
    names = _class_names(network, classes)
    count = sum(value.size for value in arrays.values())
    targets = [target] if isinstance(target, str) else list(target)
    results = names if _kind(network) == "classes" else _numbered(targets, _outputs(network))
    layers = _plain_layers(network)
    editable = count <= _EDITABLE
    drawn = layers and network.inputs + sum(layer.units for layer in layers) <= _DRAWN
    return {
        "title": title,
        "note": note,
        "kind": _kind(network),
        "loss": network.loss_function.title,
        "penalised": _penalised(network),
        "features": list(features),
        "target": ", ".join(targets),
        "results": list(results),
        "classes": list(names),
        "descent": _descent(network, descent),
        "rows": rows,
        "outputs": _outputs(network),
        "x": _packed(data["x"]),
        "y": _packed(data["y"]),
        "weighted": data["row_weights"].size // rows,
        "parameters": [{"name": name, "values": _packed(value)} for name, value in arrays.items()],
        "count": count,
        "chains": chains_of(network, features) if editable else [],
        "symbols": _symbols(network) if editable else [],
        "picture": has_picture(network),
        "tables": _tables(network, layers, features, results) if editable else [],
        "drawing": _drawing(layers, features, results) if drawn else None,
        "layers": _layer_rows(network),
        "lesson": lesson,
        "pictures": [{"title": name, "source": _picture(name, text)} for name, text in pictures.items()],
    }


def _descent(network: AnyNetwork, descent: PageDescent) -> dict[str, Any]:
    """How the page descends, in words and in numbers."""
    optimizer, states = descent.optimizer, program_for(network, descent).states
    rule = inspect.getdoc(type(optimizer)) or ""
    return {
        "learningRate": float(descent.learning_rate),
        "optimizer": type(optimizer).__name__,
        "rule": rule.splitlines()[0] if rule else "",
        "plain": optimizer == Sgd() and descent.clip_norm is None,
        "states": [{"name": name, "size": prod(map(int, node.shape))} for name, node in states.items()],
        "batchSize": descent.batch_size,
        "seed": descent.seed,
        "stream": 2**31 + BATCHES,
        "training": None if descent.training_rows is None else [int(row) for row in descent.training_rows],
        "stable": descent.stable,
    }


def _symbols(network: AnyNetwork) -> list[list[str]]:
    """What each number of each parameter is called, in row-major order."""
    graph = network.graph()
    return [
        [text(graph.symbols.of(name, index)) for index in np.ndindex(*map(int, node.shape))]
        for name, node in graph.parameters.items()
    ]


def _outputs(network: AnyNetwork) -> int:
    return int(network.graph().prediction.shape[1])


def _kind(network: AnyNetwork) -> str:
    """What is predicted: one of two classes, one of several, or numbers."""
    if network.loss == "cross_entropy":
        return "classes"
    return "binary" if network.loss == "binary_cross_entropy" and _outputs(network) == 1 else "numbers"


def _penalised(network: AnyNetwork) -> bool:
    members = [network] if isinstance(network, Network) else network.networks
    return any(member.l1 or member.l2 for member in members)


def _numbered(names: Sequence[str], count: int) -> Sequence[str]:
    """What the outputs are called: by their own names, or by numbers behind the one that they share."""
    if len(names) == count:
        return names
    if len(names) > 1:
        raise DownslopeError(f"target names {len(names)}, and the network has {count} outputs")
    return [f"{names[0]} {i + 1}" for i in range(count)]


def _class_names(network: AnyNetwork, classes: Sequence[str]) -> Sequence[str]:
    wanted = {"classes": _outputs(network), "binary": 2, "numbers": 0}[_kind(network)]
    if classes and len(classes) != wanted:
        raise DownslopeError(f"classes names {len(classes)}, and the network has {wanted} classes")
    return classes or [str(i) for i in range(wanted)]


def _packed(value: NDArray[Any]) -> dict[str, str]:
    """The bytes of an array, in float32 where that holds its numbers exactly."""
    with np.errstate(over="ignore"):
        short = value.astype("<f4")
    numbers = short if np.array_equal(short, value) else value.astype("<f8")
    return {"type": numbers.dtype.str[1:], "bytes": base64.b64encode(numbers.tobytes()).decode()}


def _picture(title: str, text: str) -> str:
    """A picture as an address that holds it."""
    if text.startswith(("data:image/png;base64,", "data:image/svg+xml;base64,")):
        return text
    if "<svg" in text[:2000]:
        return "data:image/svg+xml;base64," + base64.b64encode(text.encode()).decode()
    raise DownslopeError(f"the picture {title!r} is neither the text of an SVG nor a data URL of a PNG")


def _plain_layers(network: AnyNetwork) -> list[Dense]:
    """The layers of a network whose every layer is dense; none of any other."""
    if not isinstance(network, Network) or not network.is_dense:
        return []
    return [layer for layer in network.layers if isinstance(layer, Dense)]


def _tables(
    network: AnyNetwork, layers: Sequence[Dense], features: Sequence[str], results: Sequence[str]
) -> list[dict[str, Any]]:
    """The weights as tables: each cell is the place of a parameter and that of the number in it."""
    if layers:
        return _dense_tables(layers, features, results)
    tables = []
    for place, (name, node) in enumerate(network.graph().parameters.items()):
        shape = tuple(map(int, node.shape))
        rows, columns = (1, *shape) if len(shape) == 1 else shape
        tables.append(
            {
                "title": name,
                "note": " × ".join(map(str, shape)),
                "rows": [str(i + 1) for i in range(rows)] if len(shape) > 1 else [""],
                "columns": [str(j + 1) for j in range(columns)],
                "cells": [[[place, i * columns + j] for j in range(columns)] for i in range(rows)],
            }
        )
    return tables


def _dense_tables(
    layers: Sequence[Dense], features: Sequence[str], results: Sequence[str]
) -> list[dict[str, Any]]:
    tables, sources, place = [], list(features), 0
    for number, layer in enumerate(layers, start=1):
        units = list(results) if number == len(layers) else [f"unit {i + 1}" for i in range(layer.units)]
        biased = layer.bias is not False
        cells = [[[place, i * len(sources) + j] for j in range(len(sources))] for i in range(layer.units)]
        if biased:
            cells = [[*row, [place + 1, i]] for i, row in enumerate(cells)]
        activation = "" if layer.activation == "identity" else f", {layer.activation}"
        tables.append(
            {
                "title": f"Layer {number}",
                "note": f"{len(sources)} → {layer.units}{activation}",
                "rows": units,
                "columns": [*sources, *(["bias"] if biased else [])],
                "cells": cells,
            }
        )
        sources, place = units, place + 1 + biased
    return tables


def _drawing(layers: Sequence[Dense], features: Sequence[str], results: Sequence[str]) -> dict[str, Any]:
    """The names of the units of each layer, the places of its parameters, whether numbers stand on lines."""
    hidden = [[""] * layer.units for layer in layers[:-1]]
    units = [list(features), *hidden, list(results)]
    weights: list[int] = []
    biases: list[int | None] = []
    for layer in layers:
        place = len(weights) + sum(one is not None for one in biases)
        weights.append(place)
        biases.append(place + 1 if layer.bias is not False else None)
    few = len(layers) <= 2 and max(map(len, units)) <= _ON_LINES
    return {"units": units, "weights": weights, "biases": biases, "onLines": few}


def _layer_rows(network: AnyNetwork) -> list[dict[str, Any]]:
    """The layers in words, or the kinds of members of an ensemble, each with its number of parameters."""
    if not isinstance(network, Network):
        return [
            {"name": f"{many} ×", "what": _chain(member), "count": many * _count(member)}
            for member, many in Counter(network.networks).items()
        ]
    rows, before = [], 0
    for i in range(len(network.layers)):
        through = _count_through(network, i + 1)
        rows.append({"name": str(i + 1), "what": described(network.layers[i]), "count": through - before})
        before = through
    return rows


def _chain(network: Network) -> str:
    layers = [layer for layer in network.layers if not isinstance(layer, Dropout)]
    return " → ".join([f"{network.inputs} inputs", *map(described, layers)])


def _count(network: Network) -> int:
    return sum(prod(map(int, node.shape)) for node in network.graph().parameters.values())


def _count_through(network: Network, layers: int) -> int:
    """The number of parameters of the first layers."""
    return _count(Network(network.inputs, network.layers[:layers]))
