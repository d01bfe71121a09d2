"""Little noise, as the first group of networks finds it, and the networks that go on without dropout."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from downslope.fitting.ensemble._group import EncodedRows
from downslope.fitting.ensemble._hooks import Until
from downslope.fitting.ensemble._recipe import FitSettings, networks_for
from downslope.nets import Network
from downslope.tables import TableEncoder, Target
from downslope.training import Progress

__all__ = ["networks_without_dropout", "until_little_noise"]

_LITTLE = 0.03  # of the variance
_WITHOUT = ", no dropout"  # after the name of the architecture


def until_little_noise(rows: EncodedRows, target: Target, settings: FitSettings) -> Until | None:
    """What ends a group as soon as it errs little on the numbers that it holds out; None where nothing does.

    Its squared error is then below 3 % of their variance: what dropout adds to it can be as large as what it
    saves. Of absolute errors it is the root of that share, of their mean around the median.

    Args:
        rows: that it is trained on.
        target: classes always have noise in this sense.
        settings: a dropout that was given stays.
    """
    if target.classes or settings.dropout is not None:
        return None
    held = rows.folds.held_out
    limit = _limit(rows.y[held].astype(np.float64), rows.weights[held], settings.loss_of_numbers)

    def little(epoch: Progress) -> bool:
        return epoch.validation_error is not None and epoch.validation_error < limit

    return little


def _limit(y: NDArray[np.float64], weights: NDArray[np.float32], loss: str) -> float:
    if loss == "absolute_error":
        distances = np.abs(y - np.quantile(y, 0.5, weights=weights, method="inverted_cdf"))
        return math.sqrt(_LITTLE) * float(np.average(distances, weights=weights))
    return _LITTLE * float(np.average((y - np.average(y, weights=weights)) ** 2, weights=weights))


def networks_without_dropout(
    encoder: TableEncoder, target: Target, settings: FitSettings, x: NDArray[np.float32], rows: int
) -> Mapping[str, Network]:
    """The architectures of ``networks_for`` without dropout, under names that say so."""
    found = networks_for(encoder, target, replace(settings, dropout=0.0), x, rows)
    return {name + _WITHOUT: network for name, network in found.items()}
