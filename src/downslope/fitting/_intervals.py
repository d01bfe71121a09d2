"""How far targets lie from what is predicted: quantiles of the errors made on rows that were held out.

Koenker and Bassett, "Regression quantiles" (1978); widened until they hold as often as they say, by Romano,
Patterson and Candès, "Conformalized quantile regression" (2019).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.fitting._folds import folds_of
from downslope.fitting._group import Rows, train
from downslope.fitting._recipe import Settings, spread_network
from downslope.nets import AnyNetwork
from downslope.tables import TableEncoder
from downslope.training import Progress, forward

__all__ = ["CENTRAL", "LEVELS", "Spread", "spread_of"]

CENTRAL = (0.5, 0.8, 0.9, 0.95, 0.99)
"""Shares of the targets between two quantiles that are learned; others lie between these."""

LEVELS = tuple(sorted({round(0.5 + side * share / 2, 4) for share in CENTRAL for side in (-1, 1)}))
"""The levels of the quantiles that are learned."""

_MEMBERS = 4
_EPOCHS = 32
_MOST_ROWS = 50_000


@dataclass(frozen=True)
class Spread:
    """Networks that predict quantiles of the error of another prediction.

    Attributes:
        network, parameters: an output for each level, of the prediction and the inputs behind it.
        widening: by central share: what each end has to move by for the interval to hold as often as it says.
    """

    network: AnyNetwork
    parameters: Mapping[str, NDArray[Any]]
    widening: tuple[float, ...]

    def interval(self, x: NDArray[Any], predicted: NDArray[Any], level: float) -> NDArray[np.float64]:
        """The ends of the interval around each prediction, as the loss takes numbers, (rows, 2).

        Args:
            x: encoded inputs, (rows, inputs).
            predicted: as the loss takes numbers, (rows,).
            level: the share of targets that lie within, between 0 and 1.
        """
        errors = np.sort(forward(self.network, self.parameters, _beside(x, predicted)), axis=1)
        ends = [_between(errors, (1 + side * level) / 2) for side in (-1, 1)]
        wider = float(np.interp(level, CENTRAL, self.widening))
        low, high = predicted + ends[0] - wider, predicted + ends[1] + wider
        middle = (low + high) / 2
        return np.stack([np.minimum(low, middle), np.maximum(high, middle)], axis=1)


def _beside(x: NDArray[Any], predicted: NDArray[Any]) -> NDArray[np.float32]:
    return np.concatenate([predicted[:, None], x], axis=1, dtype=np.float32)


def _between(quantiles: NDArray[Any], level: float) -> NDArray[np.float64]:
    """The quantile of a level, from those of ``LEVELS`` along a normal distribution."""
    from scipy.special import ndtri

    places, place = ndtri(np.array(LEVELS)), float(ndtri(level))
    right = int(np.clip(np.searchsorted(places, place), 1, len(places) - 1))
    share = (place - places[right - 1]) / (places[right] - places[right - 1])
    found: NDArray[np.float64] = quantiles[:, right - 1] * (1 - share) + quantiles[:, right] * share
    return found


def spread_of(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    weights: NDArray[np.float32],
    predicted: NDArray[np.float64],
    encoder: TableEncoder,
    settings: Settings,
    progress: Callable[[Progress], None] | None = None,
) -> Spread:
    """Learned from predictions of rows that were held out.

    Args:
        x, y, weights: those rows, encoded.
        predicted: what was said of them, as the loss takes numbers, (rows,).
        encoder: of x.
        settings: the seed and the batches.
        progress: called after each epoch.
    """
    if len(y) > _MOST_ROWS:
        rng = np.random.Generator(np.random.Philox(key=settings.seed))
        some = rng.choice(len(y), _MOST_ROWS, replace=False)
        x, y, weights, predicted = x[some], y[some], weights[some], predicted[some]
    inputs = _beside(x, predicted)
    missed = (y - predicted).astype(np.float32)
    targets = np.repeat(missed[:, None], len(LEVELS), axis=1)
    rows = Rows(inputs, targets, weights, folds_of(np.abs(missed), _MEMBERS, settings.seed))
    network = spread_network(encoder, LEVELS, inputs)
    asked = settings.descent(len(y), settings.epochs or _EPOCHS)
    group = train("intervals", network, rows, **asked, seed=settings.seed, progress=progress)
    if group.run.stopped == "interrupted":
        raise KeyboardInterrupt
    guesses = np.sort(group.guesses, axis=1)
    widening = tuple(_widening(guesses, missed, share) for share in CENTRAL)
    return Spread(group.ensemble, group.parameters, widening)


def _widening(quantiles: NDArray[Any], missed: NDArray[Any], share: float) -> float:
    """What both ends have to move by to have the right share of the held-out errors between them."""
    low, high = (LEVELS.index(round(0.5 + side * share / 2, 4)) for side in (-1, 1))
    outside = np.maximum(quantiles[:, low] - missed, missed - quantiles[:, high])
    rank = min(1.0, np.ceil((len(missed) + 1) * share) / len(missed))
    return float(np.quantile(outside, rank))
