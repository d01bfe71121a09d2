"""The rows that a descent is given."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from downslope._checks import NOT_NEGATIVE, Interval, array, choice
from downslope.errors import DownslopeError
from downslope.graph import source_column, topological
from downslope.nets import AnyNetwork, checked_network

__all__ = [
    "Arrays",
    "checked_data",
    "checked_inputs",
    "count_alike",
    "dtype_of",
    "precision_of",
    "relative_weights",
    "shares_may_be_empty",
]

Arrays = dict[str, NDArray[Any]]

_DTYPES: dict[str, type[np.floating[Any]]] = {
    "float32": np.float32,
    "bfloat16": np.float32,
    "float64": np.float64,
}

_TARGETS = {
    "binary_cross_entropy": (Interval(0, 1), "probabilities from 0 to 1; write two classes as 0 and 1"),
    "poisson": (NOT_NEGATIVE, "counts of at least 0"),
}
"""The targets that a loss can have, and what to say of others."""


def precision_of(given: str | None) -> str | None:
    """The name of a precision; None where none is given.

    Raises:
        DownslopeError: if there is no such precision.
    """
    return None if given is None else choice("precision", given, _DTYPES)


def dtype_of(precision: str) -> type[np.floating[Any]]:
    """The dtype of weights and sums in a precision."""
    return _DTYPES[precision]


def checked_inputs(network: AnyNetwork, x: ArrayLike, dtype: DTypeLike | None = None) -> NDArray[Any]:
    """x in the shape of the program, of any number of rows; float32 stays, unless a dtype is asked for."""
    checked_network(network)
    inputs = array("x", x, dtype)
    if inputs.ndim != 2 or inputs.shape[1] != network.inputs:
        raise DownslopeError(f"x needs the shape (rows, {network.inputs}), not {inputs.shape}")
    for column, name, levels in _level_columns(network):
        codes = inputs[:, column]
        wrong = np.flatnonzero((codes != np.floor(codes)) | (codes < 0) | (codes >= levels))
        if len(wrong):
            raise DownslopeError(
                f"x[{wrong[0]}, {column}] is {codes[wrong[0]]:g}, and {name} has vectors for the whole "
                f"numbers from 0 to {levels - 1}"
            )
    return inputs


@lru_cache(maxsize=64)
def _level_columns(network: AnyNetwork) -> tuple[tuple[int, str, int], ...]:
    """The columns of x that hold level numbers: each with its embedding and the number of its levels."""
    graph = network.graph()
    found = []
    for node in topological([graph.output]):
        if node.op.name == "take":
            table, index = node.inputs
            source = source_column(index, 0)
            if source is not None and source[0] is graph.x:
                found.append((source[1], table.name, int(table.shape[0])))
    return tuple(found)


def checked_data(
    network: AnyNetwork,
    x: ArrayLike,
    y: ArrayLike,
    row_weights: ArrayLike | None,
    dtype: DTypeLike | None = None,
) -> Arrays:
    """x, y and row weights in the shapes of the program, all in the dtype of x or in the one asked for.

    Raises:
        DownslopeError: for a wrong shape, for cells that are no finite numbers, for targets that the loss
            cannot have, and for weights that are negative or all 0; it names the first such cell.
    """
    inputs = checked_inputs(network, x, dtype)
    if not len(inputs):
        raise DownslopeError("x has no rows; give at least one")
    targets = _checked_targets(network, array("y", y, inputs.dtype), len(inputs))
    if row_weights is None:
        shape = (len(inputs), *map(int, network.graph().row_weights.shape[1:]))
        weights = np.ones(shape, inputs.dtype)
    else:
        weights = _checked_weights(network, array("row_weights", row_weights, inputs.dtype), len(inputs))
    return {"x": inputs, "y": targets, "row_weights": weights}


def _checked_targets(network: AnyNetwork, targets: NDArray[Any], rows: int) -> NDArray[Any]:
    shape = tuple(rows if d == "n" else int(d) for d in network.graph().y.shape)
    if targets.shape != shape and not (len(shape) == 2 and shape[1] == 1 and targets.shape == shape[:1]):
        raise DownslopeError(f"y needs the shape {shape}, not {targets.shape}")
    loss = network.loss if isinstance(network.loss, str) else network.loss_function.title
    if loss == "cross_entropy":
        classes = int(network.graph().output.shape[1])
        wrong = (targets != np.floor(targets)) | (targets < 0) | (targets >= classes)
        _refuse("y", targets, wrong, f"{loss} takes class numbers from 0 to {classes - 1} for this network")
    elif loss in _TARGETS:
        within, words = _TARGETS[loss]
        _refuse("y", targets, (targets < within.low) | (targets > within.high), f"{loss} takes {words}")
    if not math.isfinite(np.vdot(targets, targets)):  # else the sum of any loss is finite too
        largest = float(np.abs(targets).max())
        if loss == "squared_error" or largest * targets.size > float(np.finfo(targets.dtype).max):
            beyond = f"its {loss.replace('_', ' ')} is beyond {targets.dtype}"
            _refuse("y", targets, np.abs(targets) == largest, f"{beyond}; divide y by its standard deviation")
    return targets.reshape(shape)


def _checked_weights(network: AnyNetwork, weights: NDArray[Any], rows: int) -> NDArray[Any]:
    shape = (rows, *map(int, network.graph().row_weights.shape[1:]))
    if weights.shape == shape[:1]:
        weights = np.broadcast_to(weights.reshape(rows, *[1] * (len(shape) - 1)), shape)
    if weights.shape != shape:
        raise DownslopeError(f"row_weights needs the shape {shape}, not {weights.shape}")
    _refuse("row_weights", weights, weights < 0, "a weight is at least 0")
    lacking = np.flatnonzero(~np.any(weights > 0, axis=0).reshape(-1))
    if len(lacking):
        whose = f" for member {lacking[0] + 1}" if len(shape) == 2 else ""
        raise DownslopeError(f"all row_weights{whose} are 0; give at least one row a weight above 0")
    return np.ascontiguousarray(weights)


def _refuse(name: str, values: NDArray[Any], wrong: NDArray[np.bool_], reason: str) -> None:
    """An error that names the first wrong cell."""
    if np.any(wrong):
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise DownslopeError(f"{name}[{', '.join(map(str, index))}] is {values[index]:g}, and {reason}")


def relative_weights(weights: NDArray[Any]) -> NDArray[Any]:
    """Row weights with a mean of 1 over the rows that have any, (rows,) or (rows, members) by member.

    A training step divides by the number of such rows of its batch (``Means``).

    >>> relative_weights(np.array([1e-9, 3e-9, 0.0]))
    array([0.5, 1.5, 0. ])
    """
    if count_alike(weights):
        return weights
    relative = weights.astype(np.float64)
    relative /= np.max(relative, axis=0)  # so that no sum overflows
    counted = relative > 0
    relative /= np.sum(relative, axis=0) / np.sum(counted, axis=0)
    alike = np.all(~counted | (weights == np.max(weights, axis=0)), axis=0)
    return np.where(alike & counted, 1.0, relative).astype(weights.dtype)


def count_alike(weights: NDArray[Any]) -> bool:
    """Whether the rows that have a weight all have the weight 1."""
    ones = weights == 1
    return bool(ones.all() or (ones | (weights == 0)).all())


def shares_may_be_empty(shares: NDArray[np.float64], rows: int, size: int, steps: int) -> bool:
    """Whether any batch of a descent can have no row with a weight, for some member of an ensemble.

    What happens in fewer than one of 10¹² descents counts as impossible: a step that allows for it takes
    longer.

    Args:
        shares: of the rows without a weight for each member, (members,).
        rows: how many there are.
        size: rows of a batch.
        steps: of the descent.

    >>> half = np.array([0.5])
    >>> shares_may_be_empty(half, 100, 10, 1000), shares_may_be_empty(half, 100, 50, 1000)
    (True, False)
    """
    if size >= rows:
        return False
    smallest = rows % size or size
    return bool(np.sum(shares**smallest) * steps > 1e-12)
