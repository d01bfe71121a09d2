"""Prediction intervals: quantiles of the errors made on held-out rows, widened to the right coverage.

Koenker and Bassett, "Regression quantiles" (1978); calibrated as by Romano, Patterson and Candès,
"Conformalized quantile regression" (2019), from the inner interval to the outer, so that each holds the one
before it (Gupta, Kuchibhotla and Ramdas, "Nested conformal prediction", 2022).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.fitting.ensemble._folds import folds_of, forward_folds
from downslope.fitting.ensemble._group import train_group
from downslope.fitting.ensemble._hooks import FitHooks
from downslope.fitting.ensemble._recipe import FitSettings, interval_network
from downslope.fitting.ensemble._rows import EncodedRows
from downslope.fitting.ensemble._units import in_units, unit_of
from downslope.fitting.ensemble._within import SURE, seconds_of_a_step, within
from downslope.nets import AnyNetwork, Network
from downslope.tables import TableEncoder
from downslope.training import forward

__all__ = ["COVERAGES", "QUANTILES", "IntervalNetworks", "between_coverages", "fit_intervals"]

COVERAGES = (0.5, 0.8, 0.9, 0.95, 0.99)
"""The shares of the targets within the intervals that are learned; other intervals lie between these."""

QUANTILES = tuple(sorted({round(0.5 + side * share / 2, 4) for share in COVERAGES for side in (-1, 1)}))
"""The levels of the quantiles that are learned."""

_MEMBERS, _FEWEST_MEMBERS = 4, 2
_GETTING_READY = 1.0  # seconds, below which getting ready for all members is too large a share
_MOST_ROWS = 50_000
_FEWEST_ROWS, _FEWEST_EPOCHS = 1000, 8  # where time is short
_TRIAL_SHARE = 0.05  # of the seconds that there are


@dataclass(frozen=True)
class IntervalNetworks:
    """Networks that predict quantiles of the error of another prediction.

    Attributes:
        network, parameters: an output for each of ``QUANTILES``, of the prediction and the inputs behind it.
        widening: for each of ``COVERAGES``, by how much both ends move to reach it on held-out rows.
    """

    network: AnyNetwork
    parameters: Mapping[str, NDArray[Any]]
    widening: tuple[float, ...]

    def intervals(
        self, x: NDArray[Any], predicted: NDArray[Any], levels: Sequence[float]
    ) -> list[NDArray[np.float64]]:
        """For each level the ends around each prediction, as the loss takes numbers, (rows, 2).

        An interval of a higher level holds those of lower levels.

        Args:
            x: encoded inputs, (rows, inputs).
            predicted: as the loss takes numbers, (rows,).
            levels: the shares of targets that lie within, between 0 and 1.
        """
        quantiles = np.sort(forward(self.network, self.parameters, _inputs(x, predicted)), axis=1)
        ends = nested(quantiles.astype(np.float64), self.widening)
        return [predicted[:, None] + _of_level(ends, level) for level in levels]


def _of_level(ends: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """The interval of one level from those of ``COVERAGES``, (rows, coverages, 2): (rows, 2)."""
    right, share = between_coverages(level)
    middle = ends[:, 0].mean(axis=1, keepdims=True).repeat(2, axis=1)
    inner, outer = middle if right == 1 else ends[:, right - 2], ends[:, right - 1]
    between = inner + share * (outer - inner)
    # rounding must not cross the ends
    if share <= 1:
        low, high = np.maximum(between[:, 0], outer[:, 0]), np.minimum(between[:, 1], outer[:, 1])
    else:
        low, high = np.minimum(between[:, 0], outer[:, 0]), np.maximum(between[:, 1], outer[:, 1])
    return np.stack([low, high], axis=1)


def between_coverages(level: float) -> tuple[int, float]:
    """Before which of 0 and ``COVERAGES`` a level is, and how far towards it, along a normal distribution.

    Below the smallest coverage the way begins in its middle; above the largest it goes on.

    >>> between_coverages(0.8), between_coverages(0.999)[0]
    ((2, 1.0), 5)
    """
    normal = NormalDist()
    *known, asked = (normal.inv_cdf((1 + share) / 2) for share in (0.0, *COVERAGES, level))
    right = int(np.clip(np.searchsorted(known, asked), 1, len(known) - 1))
    return right, float((asked - known[right - 1]) / (known[right] - known[right - 1]))


def _inputs(x: NDArray[Any], predicted: NDArray[Any]) -> NDArray[np.float32]:
    return np.concatenate([predicted[:, None], x], axis=1, dtype=np.float32)


def nested(quantiles: NDArray[np.float64], widening: Sequence[float]) -> NDArray[np.float64]:
    """The intervals of the first so many coverages, each around the one before it, (rows, coverages, 2).

    Args:
        quantiles: ascending, (rows, quantiles).
        widening: of the coverages, as many as are known.

    >>> four = np.array([[-4.0, -3.0, -2.0, -1.5, -1.0, 1.0, 1.5, 2.0, 3.0, 4.0]])
    >>> nested(four, [0.0, 0.0, -1.0])[0].tolist()
    [[-1.0, 1.0], [-1.5, 1.5], [-1.5, 1.5]]
    """
    middle = len(COVERAGES)
    wider = np.array(widening)
    low = quantiles[:, middle - 1 :: -1][:, : len(wider)] - wider
    high = quantiles[:, middle:][:, : len(wider)] + wider
    centre = (low[:, :1] + high[:, :1]) / 2  # ends that cross meet here
    low, high = np.minimum(low, centre), np.maximum(high, centre)
    return np.stack([np.minimum.accumulate(low, axis=1), np.maximum.accumulate(high, axis=1)], axis=2)


def fit_intervals(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    weights: NDArray[np.float32],
    predicted: NDArray[np.float64],
    encoder: TableEncoder,
    settings: FitSettings,
    hooks: FitHooks,
    groups: NDArray[np.int64] | None = None,
    times: NDArray[np.int64] | None = None,
    seconds: float | None = None,
) -> tuple[IntervalNetworks, NDArray[np.float32]]:
    """Learn intervals from predictions of held-out rows.

    Beside them the intervals of these rows that do not know them, as of ``cross_fitted``, (rows, coverages,
    2); NaN for rows that were not taken, and for those that no network of intervals held out.

    Args:
        x, y, weights: those rows, encoded.
        predicted: their predictions, as the loss takes numbers, (rows,).
        encoder: of x.
        settings: the seed and the batches.
        hooks: what goes along.
        groups: which group each row belongs to, (rows,); None where rows stand alone.
        times: the places of their times in order, (rows,), where no later row may teach what is measured on
            an earlier one; not heeded where all are the same.
        seconds: that this may take; None for as long as it takes.
    """
    ends = np.full((len(y), len(COVERAGES), 2), np.nan, np.float32)
    some: Any = slice(None)
    if len(y) > _MOST_ROWS:
        rng = np.random.Generator(np.random.Philox(key=settings.seed))
        some = rng.choice(len(y), _MOST_ROWS, replace=False)
        x, y, weights, predicted = x[some], y[some], weights[some], predicted[some]
        groups = None if groups is None else groups[some]
        times = None if times is None else times[some]
    inputs = _inputs(x, predicted)
    errors = (y - predicted).astype(np.float32)
    unit = unit_of(errors, weights)
    targets = np.repeat(errors[:, None] / unit, len(QUANTILES), axis=1)
    quick = seconds is not None and seconds < _GETTING_READY and not hooks.repeated
    members = _FEWEST_MEMBERS if quick else _MEMBERS
    members = members if groups is None else min(members, len(np.unique(groups)))
    forward = None if times is None else forward_folds(times, members, groups)
    folds, unknown = forward or (folds_of(np.abs(errors), members, settings.seed, groups), None)
    rows = EncodedRows(inputs, targets, weights, folds, unknown)
    network = interval_network(encoder, QUANTILES, inputs)
    training, asked = _trained_on(network, rows, settings, seconds, hooks)
    going_along = {"seed": settings.seed, **hooks.of("intervals")}
    group = train_group("intervals", network, rows, training=training, **asked, **going_along)
    if group.run.stopped == "interrupted":
        raise KeyboardInterrupt
    quantiles, held = np.sort(group.predictions, axis=1) * unit, folds.held_out
    errors, weights = errors[held], weights[held]
    found = cross_fitted(quantiles, errors, weights, folds.of[held])
    ends[np.arange(len(ends))[some][held]] = predicted[held, None, None] + found
    widening = calibrated(quantiles, errors, weights)
    parameters = in_units(group.ensemble, group.parameters, unit)
    return IntervalNetworks(group.ensemble, parameters, widening), ends


def _trained_on(
    network: Network, rows: EncodedRows, settings: FitSettings, seconds: float | None, hooks: FitHooks
) -> tuple[EncodedRows, Mapping[str, Any]]:
    """The rows that teach intervals, and the settings of the descent.

    Where time is short they are fewer, so that a few epochs are left. All rows calibrate the intervals.
    """
    epochs = settings.epochs_of_intervals_for(len(rows.y))
    asked = settings.descent(len(rows.y), epochs)
    if seconds is None:
        return rows, asked
    end, step = hooks.now() + seconds, None
    if not hooks.repeated and seconds > 0:
        step = seconds_of_a_step(network, rows, asked, settings.seed, seconds * _TRIAL_SHARE)
        batches = (end - hooks.now()) * SURE / step / min(_FEWEST_EPOCHS, epochs)
        most = min(len(rows.y), max(_FEWEST_ROWS, batches * asked["batch_size"]))
        rows = rows.every(math.ceil(len(rows.y) / most))
        asked = settings.descent(len(rows.y), epochs)
    left = max(end - hooks.now(), 0.0)
    return rows, within(left, "intervals", network, rows, asked, settings.seed, hooks, step)


def cross_fitted(
    quantiles: NDArray[np.float64], errors: NDArray[Any], weights: NDArray[Any], of: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The interval of each row without what the row itself says, (rows, coverages, 2).

    NaN where one member held all rows out, so that no others tell.

    Args:
        quantiles: of each row by the member that held it out, ascending, (rows, quantiles).
        errors, weights: as of ``calibrated``, which is told those of the rows that other members held out.
        of: which member that is, (rows,).
    """
    ends = np.full((len(errors), len(COVERAGES), 2), np.nan)
    for fold in np.unique(of):
        own = of == fold
        if own.all():
            break
        ends[own] = nested(quantiles[own], calibrated(quantiles[~own], errors[~own], weights[~own]))
    return ends


def calibrated(
    quantiles: NDArray[np.float64], errors: NDArray[Any], weights: NDArray[Any]
) -> tuple[float, ...]:
    """By how much the intervals of each coverage are widened to hold the right share of the errors.

    Args:
        quantiles: predicted for each held-out row, ascending, (rows, quantiles).
        errors: of those rows, (rows,).
        weights: how much each row counts, (rows,).
    """
    widening: list[float] = []
    within = np.zeros(len(errors), bool)
    for place, share in enumerate(COVERAGES):
        low, high = quantiles[:, len(COVERAGES) - 1 - place], quantiles[:, len(COVERAGES) + place]
        outside = np.maximum(low - errors, errors - high)
        # rows within the interval before this one are within this one, whatever its widening
        outside[within] = np.minimum(outside[within], outside[~within].min(initial=np.inf))
        widening.append(_weighted_quantile(outside, weights, share))
        within |= outside <= widening[-1]
    return tuple(widening)


def _weighted_quantile(values: NDArray[Any], weights: NDArray[Any], share: float) -> float:
    """The smallest value that is not exceeded by a share of the rows, with one more row to come."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order], dtype=np.float64)
    one_more = reached[-1] / np.count_nonzero(weights)
    rank = np.searchsorted(reached, share * (reached[-1] + one_more) * (1 - 1e-12))
    return float(values[order][min(rank, len(values) - 1)])
