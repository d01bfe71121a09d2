"""Predictions of held-out rows, which a model keeps: its errors on rows that it had not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._extras import polars as pl
from downslope.fitting._sampling import MOST_ROWS, sampled_rows
from downslope.fitting.ensemble import COVERAGES
from downslope.fitting.evaluation import LabelledRows, PredictedRows, baselines
from downslope.tables import Target

__all__ = ["held_out_rows"]

_PROBABILITIES = 40_000


def held_out_rows(
    rows: LabelledRows,
    target: Target,
    constants: Sequence[float],
    outputs: Mapping[str, NDArray[np.float64]],
    scaled_ends: NDArray[Any] | None,
    seed: int,
) -> PredictedRows:
    """At most 2000 of the held-out rows, and of classes as many as have 40,000 probabilities.

    Args:
        rows: all of them.
        target: what is predicted.
        constants: what the baselines predict.
        outputs: probabilities (rows, classes), or numbers in the target's units (rows,), by what they are of.
        scaled_ends: of intervals, as the loss takes numbers, for each of ``COVERAGES``, (rows, coverages, 2);
            NaN for rows that have none.
        seed: decides which rows are kept.
    """
    kept = np.arange(len(rows))
    if scaled_ends is not None:
        with_interval = np.isfinite(scaled_ends[:, 0, 0])
        kept = kept[with_interval] if np.count_nonzero(with_interval) >= MOST_ROWS else kept
    kept = kept[sampled_rows(len(kept), seed)]
    if target.classes:
        kept = kept[:: -(-len(kept) * len(target.classes) // _PROBABILITIES)]
        # as a file has them, so that a loaded model says the same
        outputs = {of: found.astype(np.float32).astype(np.float64) for of, found in outputs.items()}
    weights = rows.weights[kept]
    some = LabelledRows(pl.DataFrame(), rows.index[kept], rows.true[kept], weights / weights.mean(), 0)
    intervals = {}
    if scaled_ends is not None:
        ends = target.numbers(scaled_ends[kept])
        intervals = {level: ends[:, i] for i, level in enumerate(COVERAGES)}
    compared = baselines(constants, target, some) | {of: found[kept] for of, found in outputs.items()}
    return PredictedRows(some, compared, intervals)
