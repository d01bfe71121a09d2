"""What a descent is given: rows, starting values, batches."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope.errors import DownslopeError
from downslope.graph import source_column, topological
from downslope.nets import AnyNetwork

__all__ = [
    "Arrays",
    "checked_data",
    "checked_inputs",
    "dtype_of",
]

Arrays = dict[str, NDArray[Any]]

_DTYPES: dict[str, type[np.floating[Any]]] = {
    "float32": np.float32,
    "bfloat16": np.float32,
    "float64": np.float64,
}


def dtype_of(precision: str) -> type[np.floating[Any]]:
    """The dtype of weights and sums in a precision."""
    if precision not in _DTYPES:
        raise DownslopeError(f"there is no precision {precision!r}; choose one of {', '.join(_DTYPES)}")
    return _DTYPES[precision]


def checked_inputs(network: AnyNetwork, x: ArrayLike) -> NDArray[Any]:
    """x in the shape and the dtype of the program, of any number of rows."""
    inputs = np.asarray(x)
    try:
        inputs = inputs.astype(inputs.dtype if inputs.dtype == np.float32 else np.float64, copy=False)
    except (TypeError, ValueError) as error:
        raise DownslopeError(f"x holds numbers only: {error}") from None
    if inputs.ndim != 2 or inputs.shape[1] != network.inputs:
        raise DownslopeError(f"x needs the shape (rows, {network.inputs}), not {inputs.shape}")
    _refuse_infinite("x", inputs)
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


def _refuse_infinite(name: str, array: NDArray[Any]) -> None:
    # a sum is not finite where an element is not, and takes no memory; it can also overflow
    with np.errstate(all="ignore"):
        if np.isfinite(np.sum(array)):
            return
    if not np.all(np.isfinite(array)):
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise DownslopeError(
            f"{name}[{', '.join(map(str, place))}] is not a finite number; mend or leave it out"
        )


def checked_data(network: AnyNetwork, x: ArrayLike, y: ArrayLike, row_weights: ArrayLike | None) -> Arrays:
    """x, y and row weights in the shapes and the dtype of the program."""
    inputs = checked_inputs(network, x)
    dtype = inputs.dtype
    if not len(inputs):
        raise DownslopeError("x has no rows; give at least one")
    try:
        targets = np.asarray(y).astype(dtype)
        weights = np.asarray(1 if row_weights is None else row_weights).astype(dtype)
    except (TypeError, ValueError) as error:
        raise DownslopeError(f"y and row_weights hold numbers only: {error}") from None
    shape = tuple(len(inputs) if d == "n" else int(d) for d in network.graph().y.shape)
    if targets.shape != shape and not (len(shape) == 2 and shape[1] == 1 and targets.shape == shape[:1]):
        raise DownslopeError(f"y needs the shape {shape}, not {targets.shape}")
    wanted = (len(inputs), *map(int, network.graph().row_weights.shape[1:]))
    if row_weights is None or (len(wanted) == 2 and weights.shape == wanted[:1]):
        weights = np.broadcast_to(
            weights.reshape(weights.shape + (1,) * (len(wanted) - weights.ndim)), wanted
        )
    if weights.shape != wanted or np.any(weights < 0) or not np.any(weights > 0):
        raise DownslopeError(
            f"row_weights needs numbers of at least 0, not all of them 0, in the shape {wanted}"
        )
    weights = np.ascontiguousarray(weights)
    _refuse_infinite("y", targets)
    _refuse_infinite("row_weights", weights)
    if network.loss == "cross_entropy":
        classes = int(network.graph().output.shape[1])
        if np.any((targets != np.floor(targets)) | (targets < 0) | (targets >= classes)):
            raise DownslopeError(f"y holds class numbers from 0 to {classes - 1} for this network")
    return {"x": inputs, "y": targets.reshape(shape), "row_weights": weights}
