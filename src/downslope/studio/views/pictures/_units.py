"""What every unit computes over the plane of two inputs, as small pictures."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines import Evaluator
from downslope.errors import DownslopeError
from downslope.insight import dense_layers
from downslope.nets import Network
from downslope.studio.session._session import Session
from downslope.studio.views.pictures._choice import plane_of
from downslope.studio.views.pictures._sampling import column_of, quiet, task_of
from downslope.studio.views.pictures._typical import held_row
from downslope.training import Arrays

__all__ = ["make", "units"]

_SIDE = 24  # points along the side of a picture
_MOST_UNITS = 200
_TOP = 127  # the largest level


def make(session: Session, options: Mapping[str, Any], parameters: Arrays) -> dict[str, Any]:
    """A picture of every unit of the network that is shown."""
    state = session.state
    network, data = state.settings.network, state.descent.split.data
    columns = plane_of(state.rows)
    held, _ = held_row(state.rows)
    found = units(network, parameters, data["x"], data["y"], columns, at=held)
    return {**found, "labels": [state.rows.features[column] for column in columns]}


@quiet
def units(
    network: Network,
    parameters: Mapping[str, NDArray[Any]],
    x: NDArray[Any],
    y: NDArray[Any],
    columns: tuple[int, int],
    *,
    at: NDArray[Any] | None = None,
) -> dict[str, Any]:
    """What the units of the dense layers compute over the plane of two inputs, the others held.

    Args:
        network, parameters: whose units.
        x, y: the rows, (n, inputs) and as the graph takes y.
        columns: two different ones, counted from 0: to the right and up.
        at: what the others are held at, (inputs,); their medians where not given.

    Returns:
        ``x`` and ``y``, (24,): the values of the two columns, ``y`` from the top down. ``levels``, for each
        layer int8 (units, 24, 24) [y, x]; ``centres`` and ``sizes``, for each layer (units,): a unit's value
        is about centre + size · level / 127. The centre is 0, or the mean of the target for the outputs of
        a regression.

    Raises:
        DownslopeError: if there are too many units.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=2, layers=[Dense(1, bias=False)])
    >>> rows = np.array([[0.0, 0.0], [1.0, 1.0]])
    >>> found = units(net, {"layer1.weight": np.array([[1.0, 0.0]])}, rows, np.array([[0.0], [0.0]]), (0, 1))
    >>> found["levels"][0].shape, found["levels"][0][0, 0, -1]
    ((1, 24, 24), np.int8(127))
    """
    layers = dense_layers(network)
    if sum(int(dense.weight.shape[0]) for dense in layers) > _MOST_UNITS:
        raise DownslopeError(f"there are no pictures of more than {_MOST_UNITS} units")
    right, up = (_axis(x[:, column]) for column in columns)
    rows = np.tile(np.asarray(np.median(x, axis=0) if at is None else at, x.dtype), (_SIDE * _SIDE, 1))
    grid = np.meshgrid(right, up[::-1])
    for column, values in zip(columns, grid, strict=True):
        rows[:, column] = values.ravel()
    values = _activations(network).rows({**parameters, "x": rows})
    centres = [np.zeros(int(dense.weight.shape[0])) for dense in layers]
    if task_of(network) == "regression":
        centres[-1] = np.array([column_of(y, i).mean() for i in range(len(centres[-1]))])
    pictures = [_picture(value, centre) for value, centre in zip(values, centres, strict=True)]
    return {
        "x": right,
        "y": up[::-1],
        "levels": [levels for levels, _ in pictures],
        "sizes": [size for _, size in pictures],
        "centres": centres,
    }


@lru_cache(maxsize=2)
def _activations(network: Network) -> Evaluator:
    return Evaluator([dense.a for dense in dense_layers(network)])


def _axis(values: NDArray[Any]) -> NDArray[Any]:
    """From the least to the largest value of a column."""
    low, high = float(values.min()), float(values.max())
    return np.linspace(low, high if high > low else low + 1, _SIDE, dtype=values.dtype)


def _picture(
    values: NDArray[Any], centres: NDArray[np.float64]
) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """The values of a layer's units at the points of the grid as levels, and the size of the largest."""
    beyond = np.nan_to_num(values.astype(np.float64) - centres)
    sizes = np.abs(beyond).max(axis=0)
    shares = beyond / np.where(sizes > 0, sizes, 1)
    levels = np.round(_TOP * shares).astype(np.int8)
    return np.ascontiguousarray(levels.T).reshape(-1, _SIDE, _SIDE), sizes
