"""Little noise, as the first group of networks finds it, and the networks that go on without dropout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from downslope.fitting.ensemble._group import EncodedRows, EnsembleGroup
from downslope.fitting.ensemble._recipe import FitSettings, networks_for
from downslope.nets import Network
from downslope.tables import TableEncoder, Target

__all__ = ["little_noise", "networks_without_dropout", "unexplained"]

_LITTLE = 0.03  # of the variance
_WITHOUT = ", no dropout"  # after the name of the architecture


def little_noise(group: EnsembleGroup, rows: EncodedRows, target: Target, settings: FitSettings) -> bool:
    """Whether dropout is left to the fit, and the group errs little on the numbers that it held out.

    Its squared error is then below 3 % of their variance: what dropout adds to it can be as large as what it
    saves.

    Args:
        group: trained with dropout.
        rows: that it was trained on.
        target: classes always have noise in this sense.
        settings: a dropout that was given stays.
    """
    return not target.classes and settings.dropout is None and unexplained(group, rows) < _LITTLE


def unexplained(group: EnsembleGroup, rows: EncodedRows) -> float:
    """The mean squared error on the numbers that the group held out, as a share of their variance."""
    held = rows.folds.held_out
    y, weights = rows.y[held].astype(np.float64), rows.weights[held]
    variance = np.average((y - np.average(y, weights=weights)) ** 2, weights=weights)
    error = np.average((y - group.predictions[:, 0]) ** 2, weights=weights)
    return float(error / variance) if variance else np.inf


def networks_without_dropout(
    encoder: TableEncoder, target: Target, settings: FitSettings, x: NDArray[np.float32], rows: int
) -> Mapping[str, Network]:
    """The architectures of ``networks_for`` without dropout, under names that say so."""
    found = networks_for(encoder, target, replace(settings, dropout=0.0), x, rows)
    return {name + _WITHOUT: network for name, network in found.items()}
