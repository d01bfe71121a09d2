"""The arguments of ``descend`` that train a network of a model."""

from __future__ import annotations

import math
from ast import literal_eval
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.fitting.ensemble import LINEAR_DESCENT, FitSettings
from downslope.nets import AnyNetwork, Dense, Ensemble, Network

__all__ = ["descent_arguments", "settings_asked"]

_SHARE = 0.2  # of the rows, held out


def descent_arguments(
    network: AnyNetwork, settings: FitSettings, x: NDArray[np.float32], y: NDArray[np.float32]
) -> dict[str, Any]:
    """All arguments of ``descend`` for the network that is largest.

    Args:
        network: of the model.
        settings: of its fit.
        x, y: rows, as the network takes them.
    """
    networks = network.networks if isinstance(network, Ensemble) else (network,)
    largest = max(networks, key=_parameters)
    found: dict[str, Any] = {"network": largest, "x": x, "y": y}
    if settings.holds_out(len(x)):
        found["validation"] = _SHARE
    if not any(isinstance(layer, Dense) for layer in largest.layers[:-1]):
        return {**found, **LINEAR_DESCENT}
    descent = settings.descent(len(x), settings.epochs_for(len(x)))
    if "validation" not in found:
        descent = {name: value for name, value in descent.items() if name not in ("patience", "ema_decay")}
    return {**found, **descent, "seed": settings.seed}


def _parameters(network: Network) -> int:
    return sum(math.prod(shape) for shape in network.graph().shapes.values())


def settings_asked(asked: Sequence[str]) -> FitSettings:
    """The settings of a fit from how they are written; what is no plain value stays the default."""
    # a model says on which engine it was trained; here there may be another
    names = {each.name for each in fields(FitSettings)} - {"engine", "device", "parallel"}
    given: dict[str, Any] = {}
    for line in asked:
        name, _, written = line.partition("=")
        if name in names:
            try:
                given[name] = literal_eval(written)
            except (ValueError, SyntaxError):
                continue
    return FitSettings(**given)
