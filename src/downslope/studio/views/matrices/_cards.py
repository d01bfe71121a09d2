"""Dense layers of any size in a few numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.insight.diagnosis import dead_units

__all__ = ["card"]

_LISTED = 50  # dead units that are named


def card(
    name: str,
    weight: NDArray[Any],
    bias: NDArray[Any] | None,
    activations: NDArray[Any] | None,
    activation: str,
) -> dict[str, Any]:
    """What is said of a dense layer beside the picture of its weights.

    Args:
        name: of the layer.
        weight: (units, inputs).
        bias: (units,), or None where the layer has none.
        activations: a of some rows, (rows, units), or None where they are not known.
        activation: φ, by name.

    Returns:
        ``name``, ``activation``, ``shape`` [units, inputs], ``weights`` and ``biases`` (how many), ``norm``
        and ``largest`` (in size) of the weights; and where activations are known ``rows``, ``mean`` and
        ``std`` (the standard deviation) over all of them, and ``dead``: ``units`` (the first 50, counted
        from 0), ``count``, ``share``. Otherwise these four are None.

    >>> found = card("layer1", np.ones((2, 3)), None, np.array([[0.0, 1.0], [0.0, 3.0]]), "relu")
    >>> found["weights"], found["mean"], found["dead"]
    (6, 1.0, {'units': array([0], dtype=int32), 'count': 1, 'share': 0.5})
    """
    with np.errstate(over="ignore", invalid="ignore"):
        found = {
            "name": name,
            "activation": activation,
            "shape": list(weight.shape),
            "weights": weight.size,
            "biases": 0 if bias is None else bias.size,
            "norm": float(np.sqrt(np.vdot(weight, weight))),
            "largest": max(float(weight.max()), -float(weight.min())),
        }
        if activations is None or not len(activations):
            return {**found, "rows": None, "mean": None, "std": None, "dead": None}
        return {
            **found,
            "rows": len(activations),
            "mean": float(activations.mean()),
            "std": float(activations.std()),
            "dead": _dead(activations, activation),
        }


def _dead(a: NDArray[Any], activation: str) -> dict[str, Any]:
    found = np.flatnonzero(dead_units(a, activation))
    return {"units": found[:_LISTED].astype(np.int32), "count": len(found), "share": len(found) / a.shape[1]}
