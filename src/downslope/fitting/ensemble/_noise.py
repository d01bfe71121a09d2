"""Little noise, as the first group of networks finds it, and the networks that go on without dropout."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from downslope.fitting.ensemble._recipe import FitSettings
from downslope.fitting.ensemble._rows import EncodedRows
from downslope.nets import Dropout, Network
from downslope.tables import Target

__all__ = ["HARDLY_ANY", "LITTLE_NOISE", "error_of_share", "networks_without_dropout", "noise_limit"]

LITTLE_NOISE, HARDLY_ANY = 0.03, 0.01  # of the variance
_WITHOUT = ", no dropout"  # after the name of the architecture


def noise_limit(share: float, rows: EncodedRows, target: Target, settings: FitSettings) -> float:
    """The error on held-out numbers below which there is little noise; 0 where dropout stays in any case.

    Args:
        share: of their variance. ``LITTLE_NOISE``: what dropout adds can be as large as what it saves.
            ``HARDLY_ANY``: networks with dropout count for nothing beside those without.
        rows: that are held out by some member.
        target: classes always have noise in this sense.
        settings: a dropout that was given stays.
    """
    if target.classes or settings.dropout is not None:
        return 0.0
    return error_of_share(share, rows, settings)


def error_of_share(share: float, rows: EncodedRows, settings: FitSettings) -> float:
    """The error that is a share of the variance of the held-out numbers.

    Of absolute errors it is the root of that share, of their mean around the median.
    """
    held = rows.folds.held_out
    y, weights = rows.y[held].astype(np.float64), rows.weights[held]
    if settings.loss_of_numbers == "absolute_error":
        distances = np.abs(y - np.quantile(y, 0.5, weights=weights, method="inverted_cdf"))
        return math.sqrt(share) * float(np.average(distances, weights=weights))
    return share * float(np.average((y - np.average(y, weights=weights)) ** 2, weights=weights))


def networks_without_dropout(networks: Mapping[str, Network]) -> Mapping[str, Network]:
    """The same architectures without dropout, under names that say so."""
    return {
        name + _WITHOUT: replace(n, layers=[layer for layer in n.layers if not isinstance(layer, Dropout)])
        for name, n in networks.items()
    }
