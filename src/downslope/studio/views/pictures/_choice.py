"""Which picture shows the most of a table and a network, and over which columns."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.insight import dense_layers
from downslope.studio.session._settings import Settings
from downslope.studio.table._rows import Rows
from downslope.studio.views.pictures._sampling import evenly_spaced, quiet

__all__ = ["picture_for", "plane_of"]

_ROWS = 500  # that are looked at
_TRIED = 500  # columns that are looked at, the first of a table
_BEST = 8  # columns of which pairs are tried
_FEW = 8  # weights of a neuron whose error is a surface to walk on
_LARGE = 100_000  # weights of a network of which a map takes long


def picture_for(rows: Rows, settings: Settings) -> dict[str, Any]:
    """The picture that a page opens with.

    Of a neuron with few weights it is the error over two of them; over one column it is a line; over two
    columns of numbers, or the two that say most of the target, a map; else predictions against targets. A
    map of a large network takes long.

    Returns:
        ``kind`` of the picture, and the ``columns`` of a line or a map, counted from 0.
    """
    numbers = _numbers(rows)
    columns = [*plane_of(rows)] if len(numbers) > 1 else numbers or [0]
    if len(rows.features) == 1:
        kind = "fitted"
    elif _is_neuron(settings):
        kind = "surface"
    else:
        kind = "fitted" if numbers and settings.weights <= _LARGE else "residuals"
    return {"kind": kind, "columns": columns}


def _is_neuron(settings: Settings) -> bool:
    layers = dense_layers(settings.network)
    one = len(layers) == 1 and layers[0].weight.shape[0] == 1
    return one and layers[0].activation == "identity" and settings.weights <= _FEW


def _numbers(rows: Rows) -> list[int]:
    """The columns of numbers, counted among all that a network is given; without those of formulas."""
    kinds = {column.name: column.kind for column in rows.columns if column.used}
    names = {name for name, kind in kinds.items() if kind == "number"} - set(rows.choices.formulas)
    return [j for j, name in enumerate(rows.features) if name in names]


def plane_of(rows: Rows) -> tuple[int, int]:
    """The two columns of numbers that together say most of the target, in their order.

    Raises:
        DownslopeError: if there are no two columns of numbers.
    """
    known = _numbers(rows)[:_TRIED]
    if len(known) < 2:
        raise DownslopeError("a map needs two columns of numbers")
    if len(known) > 2:
        alone = sorted(known, key=lambda j: -_explained(rows, [j]))[:_BEST]
        known = sorted(max(combinations(sorted(alone), 2), key=lambda pair: _explained(rows, [*pair])))
    return known[0], known[1]


@quiet
def _explained(rows: Rows, columns: list[int]) -> float:
    """The share of the target's variance, or of the memberships in classes, that a parabola explains."""
    kept = evenly_spaced(len(rows.x), _ROWS)
    x, y = rows.x[kept][:, columns].astype(np.float64), rows.y[kept].astype(np.float64)
    targets: NDArray[np.float64] = (y[:, None] == np.unique(y)).astype(float) if y.ndim == 1 else y
    x = x / (np.abs(x).max(axis=0) + 1e-300)
    products = [x[:, i] * x[:, j] for i in range(x.shape[1]) for j in range(i + 1)]
    terms = np.column_stack([np.ones(len(x)), x, *products])
    rest = targets - terms @ np.linalg.lstsq(terms, targets)[0]
    total = np.sum((targets - targets.mean(axis=0)) ** 2)
    return float(1 - np.sum(rest**2) / total) if total > 0 else 0.0
