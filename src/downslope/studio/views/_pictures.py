"""The numbers behind pictures: what a network fits, how well, and how its values are spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines import Evaluator
from downslope.errors import DownslopeError
from downslope.graph import Node, gradient
from downslope.nets import Embedding, Network
from downslope.training import forward, r_squared

__all__ = ["evenly", "fitted", "histograms", "residuals", "spread"]

_LINE, _SIDE = 200, 48  # points of a line, and along the side of a map
_PAIRS = 2000
_ROWS = 2048  # whose activations are counted
_RESIDUAL_BINS = 30
_OFFSETS = ("bias", "shift", "offset", "phase")  # roles of parameters that are no weights

_quiet = np.errstate(all="ignore")  # a descent that diverged is shown too


def evenly(count: int, most: int) -> NDArray[np.int64]:
    """The numbers below ``count``, or so many of them, spread evenly with both ends.

    >>> evenly(100, 5).tolist()
    [0, 25, 50, 74, 99]
    """
    if count <= most:
        return np.arange(count)
    return np.round(np.linspace(0, count - 1, most)).astype(np.int64)


def spread(data: Mapping[str, NDArray[Any]], most: int) -> dict[str, NDArray[Any]]:
    """The rows that count, or so many of them, spread evenly."""
    if len(data["x"]) <= most:
        return dict(data)
    counted = np.flatnonzero(data["row_weights"])
    chosen = counted[evenly(len(counted), most)]
    return {name: np.ascontiguousarray(column[chosen]) for name, column in data.items()}


@_quiet
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
) -> dict[str, Any]:
    """What a network predicts along one column of x or over two, beside the rows it learns from.

    Args:
        network, parameters: what predicts.
        x, y: the rows, (n, inputs) and as the graph takes y.
        columns: one column or two different ones, counted from 0.
        features: the names of all columns, (inputs,).
        at: what the other columns are held at, (inputs,); their medians where not given.
        points: rows that are shown, at most, spread evenly.
        output: which output, where there are several that are no classes.

    Returns:
        ``task``: regression, binary or classes; ``labels`` of the columns; ``points`` (k, 1 or 2) and
        ``targets`` (k,) of the rows; ``slice``: whether other columns are held, and at which values,
        ``held``; ``sampled``. Of one column ``x`` (200,) and ``y`` (200, 1): the prediction or the
        probability, or (200, classes). Of two ``x`` (48,), ``y`` (48,) and ``values`` (48, 48) [y, x]: the
        prediction, the probability of class 1, or of the class in ``classes`` (48, 48), the most probable
        one, which is ahead of the next by ``margins`` (48, 48). A column that an embedding reads has its
        levels instead.

    Raises:
        DownslopeError: if the columns are not one or two of the network's.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=2, layers=[Dense(1, bias=False)])
    >>> w, x = {"layer1.weight": np.array([[2.0, 1.0]])}, np.array([[0.0, 1.0], [10.0, 3.0]])
    >>> found = fitted(net, w, x, np.array([[1.0], [23.0]]), [0], features=["a", "b"])
    >>> found["y"].shape, found["held"]
    ((200, 1), {'b': 2.0})
    """
    if len(columns) not in (1, 2) or len({*columns}) < len(columns) or not {*columns} <= {*range(x.shape[1])}:
        raise DownslopeError(
            f"a picture of what is fitted needs one column or two different ones of 0 to {x.shape[1] - 1}, "
            f"not {list(columns)}"
        )
    held = _held(network, x) if at is None else np.asarray(at, x.dtype)
    axes = [_axis(network, column, x[:, column], _LINE if len(columns) == 1 else _SIDE) for column in columns]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, len(columns))
    rows = np.tile(held, (len(grid), 1))
    for i, column in enumerate(columns):
        rows[:, column] = grid[:, i]
    predicted = forward(network, parameters, rows)
    kept = evenly(len(x), points)
    others = [i for i in range(x.shape[1]) if i not in columns]
    return {
        "task": _task(network),
        "labels": [features[column] for column in columns],
        **_shown(network, axes, predicted, output),
        "points": x[kept][:, list(columns)],
        "targets": _column(y, output)[kept],
        "slice": bool(others),
        "held": {features[i]: float(held[i]) for i in others},
        "rows": len(x),
        "sampled": len(kept) < len(x),
    }


@_quiet
def residuals(
    network: Network,
    parameters: Mapping[str, NDArray[Any]],
    data: Mapping[str, NDArray[Any]],
    *,
    scale: float = 1.0,
    centre: float = 0.0,
    output: int = 0,
) -> dict[str, Any]:
    """How far predictions are from targets; each row counts by its weight.

    Args:
        network, parameters: what predicts.
        data: x (n, inputs), y as the graph takes it, row_weights (n,).
        scale, centre: of a regression: a target is scale·y + centre in its own units.
        output: which output, where there are several that are no classes.

    Returns:
        Of a regression ``predicted`` and ``targets`` (k,) of at most 2,000 rows, spread evenly; ``r2`` (None
        where all targets are the same), ``rms`` and ``mean`` of the residuals, target − predicted; their
        histogram, ``counts`` (30,) and ``edges`` (31,). Of classes ``confusion`` (classes, classes) [target,
        predicted], ``accuracy`` and ``log_loss``; a probability is of the second of two classes.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=1, layers=[Dense(1, bias=False)])
    >>> rows = {"x": np.array([[1.0], [2.0]]), "y": np.array([[3.0], [3.0]]), "row_weights": np.ones(2)}
    >>> residuals(net, {"layer1.weight": np.array([[1.0]])}, rows)["mean"]
    1.5
    """
    weights = np.asarray(data["row_weights"], np.float64)
    targets = _column(data["y"], output).astype(np.float64)
    found = {"task": _task(network), "rows": len(targets)}
    if found["task"] != "regression":
        return found | _classified(network, {**parameters, **data}, targets, weights, output)
    predicted = forward(network, parameters, data["x"])[:, output].astype(np.float64)
    return found | _regressed(scale * predicted + centre, scale * targets + centre, weights)


@_quiet
def histograms(
    network: Network, parameters: Mapping[str, NDArray[Any]], data: Mapping[str, NDArray[Any]], bins: int = 40
) -> dict[str, Any]:
    """How weights, activations and gradients of the error by the weights are spread, layer by layer.

    Activations and gradients are those of at most 2,048 rows, spread evenly.

    Returns:
        ``rows``, whether they are ``sampled``, and ``layers``: for each with weights its ``name``,
        ``activation`` and ``weights``, ``activations`` and ``gradients``, each with ``counts`` (bins,),
        ``edges`` (bins + 1,), ``min``, ``max``, ``mean``, ``zeros``: the share that is 0, and ``unbounded``:
        how many are not finite and not counted.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=1, layers=[Dense(2, "relu", initializer=[[1.0], [-1.0]]), Dense(1)])
    >>> rows = {"x": np.array([[1.0], [2.0]]), "y": np.zeros((2, 1)), "row_weights": np.ones(2)}
    >>> first = histograms(net, net.initial_parameters(), rows)["layers"][0]
    >>> first["name"], first["activations"]["zeros"], first["activations"]["max"]
    ('layer1', 0.5, 2.0)
    """
    chosen = spread(data, _ROWS)
    values = {**parameters, **chosen}
    names, weights, stages = _layers(network)
    activations, slopes = _histogram_programs(network)
    activated, sloped = activations.rows(values), iter(slopes.mean(values))
    layers = [
        {
            "name": name,
            "activation": stage.op.name if stage.op.name not in ("add", "matmul", "concatenate") else "",
            "weights": _histogram([parameters[weight] for weight in own], bins),
            "activations": _histogram([a], bins),
            "gradients": _histogram([next(sloped) for _ in own], bins),
        }
        for name, own, stage, a in zip(names, weights, stages, activated, strict=True)
    ]
    return {"layers": layers, "rows": len(chosen["x"]), "sampled": len(chosen["x"]) < len(data["x"])}


def _task(network: Network) -> str:
    return {"cross_entropy": "classes", "binary_cross_entropy": "binary"}.get(str(network.loss), "regression")


def _column(y: NDArray[Any], output: int) -> NDArray[Any]:
    return y if y.ndim == 1 else y[:, output]


def _levels(network: Network) -> dict[int, int]:
    """How many levels the columns have that hold the numbers of levels."""
    found = [zip(e.columns, e.levels, strict=True) for e in network.layers if isinstance(e, Embedding)]
    return {column: levels for pairs in found for column, levels in pairs}


def _held(network: Network, x: NDArray[Any]) -> NDArray[Any]:
    held: NDArray[Any] = np.median(x, axis=0)
    levels = list(_levels(network))
    held[levels] = np.floor(held[levels])
    return held


def _axis(network: Network, column: int, values: NDArray[Any], count: int) -> NDArray[Any]:
    levels = _levels(network)
    if column in levels:
        return np.arange(levels[column], dtype=values.dtype)
    low, high = float(values.min()), float(values.max())
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


@lru_cache(maxsize=2)
def _classifier(network: Network) -> Evaluator:
    graph = network.graph()
    return Evaluator([graph.output, graph.errors])


def _classified(
    network: Network,
    values: Mapping[str, NDArray[Any]],
    targets: NDArray[np.float64],
    weights: NDArray[np.float64],
    output: int,
) -> dict[str, Any]:
    scores, errors = _classifier(network).rows(values)
    if network.loss == "cross_entropy":
        classes, predicted = scores.shape[1], scores.argmax(axis=1)
    else:
        score = scores[:, output].astype(np.float64)
        classes, predicted = 2, (score > 0).astype(np.int64)
        # of the score, because log(1 − p) is lost where p is 1 within rounding
        errors = np.logaddexp(0, score) - targets * score
    actual = np.round(targets).astype(np.int64)
    confusion = np.bincount(actual * classes + predicted, weights, classes**2).reshape(classes, classes)
    return {
        "confusion": confusion,
        "accuracy": float(np.trace(confusion) / confusion.sum()),
        "log_loss": float(np.average(errors, weights=weights)),
    }


def _regressed(
    predicted: NDArray[np.float64], targets: NDArray[np.float64], weights: NDArray[np.float64]
) -> dict[str, Any]:
    residual = targets - predicted
    square = float(np.average(residual**2, weights=weights))
    r2 = float(r_squared(targets, predicted, weights))
    kept = evenly(len(targets), _PAIRS)
    return {
        "predicted": predicted[kept],
        "targets": targets[kept],
        "r2": None if np.isnan(r2) else r2,
        "rms": square**0.5,
        "mean": float(np.average(residual, weights=weights)),
        **_counted(residual, _RESIDUAL_BINS),
        "sampled": len(kept) < len(targets),
    }


def _layers(network: Network) -> tuple[list[str], list[list[str]], list[Node]]:
    """The layers with weights, the names of these, and what comes out of each layer."""
    graph = network.graph()
    own: dict[str, list[str]] = {}
    for stage in graph.stages:
        weights = [node.name for role, node in stage.parameters.items() if role not in _OFFSETS]
        if weights:
            own.setdefault(stage.layer, []).extend(weights)
    last = {stage.layer: stage.node for stage in graph.stages}
    return list(own), list(own.values()), [last[layer] for layer in own]


@lru_cache(maxsize=2)
def _histogram_programs(network: Network) -> tuple[Evaluator, Evaluator]:
    graph, (_, weights, stages) = network.graph(), _layers(network)
    nodes = [graph.parameters[name] for own in weights for name in own]
    return Evaluator(stages), Evaluator(gradient(graph.error, nodes))


def _histogram(arrays: Sequence[NDArray[Any]], bins: int) -> dict[str, Any]:
    values = np.concatenate([np.ravel(array) for array in arrays]).astype(np.float64)
    finite = values[np.isfinite(values)]
    some = len(finite) > 0
    return {
        **_counted(values, bins),
        "min": float(finite.min()) if some else None,
        "max": float(finite.max()) if some else None,
        "mean": float(finite.mean()) if some else None,
        "zeros": float(np.mean(values == 0)),
        "unbounded": len(values) - len(finite),
    }


def _counted(values: NDArray[np.float64], bins: int) -> dict[str, NDArray[Any]]:
    """The histogram of those values that are finite."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
    if high - low <= 1e-12 * max(abs(low), abs(high)):  # too narrow for edges that differ
        half = max(0.5, 1e-6 * abs(low))
        low, high = low - half, high + half
    counts, edges = np.histogram(finite, bins, (low, high))
    return {"counts": counts, "edges": edges}
