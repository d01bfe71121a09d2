"""Predictions that do not look at the row: what any model has to be better than."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from downslope.fitting._scores import FREQUENCIES, MEAN, MEDIAN
from downslope.fitting.evaluation._rows import LabelledRows
from downslope.fitting.evaluation._statistics import weighted_quantiles
from downslope.tables import Target

__all__ = ["baseline_for", "baselines"]


def baseline_for(metric: str) -> str:
    """The name of the baseline that is the best by a score.

    >>> baseline_for("mean_absolute_error"), baseline_for("root_mean_squared_error")
    ('baseline (median)', 'baseline (mean)')
    """
    return {"log_loss": FREQUENCIES, "mean_absolute_error": MEDIAN}.get(metric, MEAN)


def baselines(
    constants: Sequence[float], target: Target, rows: LabelledRows
) -> dict[str, NDArray[np.float64]]:
    """The predictions of the baselines for some rows, by their names.

    Args:
        constants: the mean and the median of the targets, or the shares of the classes, of the rows that a
            model was fitted to; where they are not known, those of the rows themselves are taken.
        target: what is predicted.
        rows: with their targets.
    """
    known = np.array(constants or _constants(target, rows))
    if target.classes:
        return {FREQUENCIES: np.tile(known, (len(rows), 1))}
    return {name: np.full(len(rows), value) for name, value in zip((MEAN, MEDIAN), known, strict=True)}


def _constants(target: Target, rows: LabelledRows) -> list[float]:
    if not target.classes:
        median = weighted_quantiles(rows.true, rows.weights, [0.5])[0]
        return [float(np.average(rows.true, weights=rows.weights)), float(median)]
    counts = np.bincount(rows.true.astype(int), rows.weights, minlength=len(target.classes))
    return list(counts / counts.sum())
