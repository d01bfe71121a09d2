"""Rows that a picture looks at, and other parts that pictures share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.nets import Network
from downslope.studio.session._session import Session
from downslope.studio.table._choices import STANDARD

__all__ = ["column_of", "counted", "evenly_spaced", "names_of", "quiet", "sample_of", "task_of"]

quiet = np.errstate(all="ignore")
"""A descent that diverged is shown too."""


def evenly_spaced(count: int, most: int) -> NDArray[np.int64]:
    """The indices below ``count``, or so many of them, evenly spaced with both ends.

    >>> evenly_spaced(100, 5).tolist()
    [0, 25, 50, 74, 99]
    """
    if count <= most:
        return np.arange(count)
    return np.round(np.linspace(0, count - 1, most)).astype(np.int64)


def sample_of(data: Mapping[str, NDArray[Any]], most: int) -> dict[str, NDArray[Any]]:
    """The rows that count, or so many of them, evenly spaced."""
    if len(data["x"]) <= most:
        return dict(data)
    counted_rows = np.flatnonzero(data["row_weights"])
    chosen = counted_rows[evenly_spaced(len(counted_rows), most)]
    return {name: np.ascontiguousarray(column[chosen]) for name, column in data.items()}


def task_of(network: Network) -> str:
    """``"regression"``, ``"binary"`` or ``"classes"``."""
    return {"cross_entropy": "classes", "binary_cross_entropy": "binary"}.get(str(network.loss), "regression")


def column_of(y: NDArray[Any], output: int) -> NDArray[Any]:
    """The targets of one output, (rows,)."""
    return y if y.ndim == 1 else y[:, output]


def counted(values: NDArray[np.float64], bins: int) -> dict[str, NDArray[Any]]:
    """The histogram of those values that are finite."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
    if high - low <= 1e-12 * max(abs(low), abs(high)):  # too narrow for edges that differ
        half = max(0.5, 1e-6 * abs(low))
        low, high = low - half, high + half
    counts, edges = np.histogram(finite, bins, (low, high))
    return {"counts": counts, "edges": edges}


def names_of(session: Session) -> dict[str, Any]:
    """What the target and its classes are called, and whether numbers are standardised."""
    rows = session.state.rows
    scaled = rows.choices.scaling == STANDARD
    return {"target": rows.choices.targets[0], "names": list(rows.target.classes), "scaled": scaled}
