"""What networks say of rows that they did not learn from (Stone 1974)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.insight.diagnosis.measured._budget import Budget
from downslope.insight.diagnosis.measured._call import Call
from downslope.insight.diagnosis.measured._score import output_of
from downslope.training import Arrays

__all__ = ["OutOfFold", "mean_of", "out_of_fold"]

_FOLDS = 3
_LEAST_ROWS = 30  # of which a third is held out


@dataclass(frozen=True)
class OutOfFold:
    """Outputs on rows that were not learned from.

    Attributes:
        rows: of each row, by the network that did not see it, at its best epoch, (rows, outputs).
        measured: of each of the rows that measure the call, the mean of all these networks; where none were
            held out these are the rows themselves.
        last: the same as ``rows``, at the last epoch.
        best_epoch: the median of the best epochs.
    """

    rows: NDArray[np.float64]
    measured: NDArray[np.float64]
    last: NDArray[np.float64]
    best_epoch: int


def out_of_fold(
    call: Call,
    rows: Arrays,
    factors: NDArray[np.float64],
    steps: int,
    budget: Budget,
    draw: int = 0,
) -> OutOfFold | None:
    """Three runs of a call, each without a third of the rows.

    None where there are too few rows, or a run is refused or comes to what is not finite.

    Args:
        call: whose network and settings are taken.
        rows: x, y and row_weights.
        factors: what the weight of each row is multiplied by, (rows,).
        steps: of each run.
        budget: the time that they may take.
        draw: which third each row is in, and the seed of the runs; 0 keeps that of the call.

    Raises:
        OutOfTime: if they would take, or took, longer.
    """
    count = len(rows["x"])
    if count < _LEAST_ROWS:
        return None
    folds = np.random.default_rng(draw).permutation(count) % _FOLDS
    outputs = np.empty((count, int(call.network.graph().output.shape[1])))
    last, measured, best = np.empty_like(outputs), [], []
    for fold in range(_FOLDS):
        kept, out = folds != fold, folds == fold
        settings = {
            "validation": (rows["x"][out], rows["y"][out]),
            "row_weights": rows["row_weights"][kept] * factors[kept],
            "steps": steps,
            "seed": call.settings.get("seed", 0) + draw,
        }
        part = replace(call, x=rows["x"][kept], y=rows["y"][kept], held=None, numbers=None)
        try:
            run = budget.run(part, **settings, epochs=None)
        except DownslopeError:
            return None
        if run.stopped == "not finite":
            return None
        outputs[out] = output_of(call.network, run.parameters, rows["x"][out])
        state = {name: (run.state or run.parameters)[name] for name in run.parameters}
        last[out] = output_of(call.network, state, rows["x"][out])
        best.append(run.best_epoch or 0)
        if call.measured is not call.rows:
            measured.append(output_of(call.network, run.parameters, call.measured["x"]))
    if not np.isfinite(outputs).all():
        return None
    means = np.mean(measured, axis=0) if measured else outputs
    return OutOfFold(outputs, means, last, int(np.median(best)))


def mean_of(drawn: Sequence[OutOfFold]) -> OutOfFold:
    """What several such networks of each row say on average."""
    rows, measured, last = (
        np.mean([getattr(each, name) for each in drawn], axis=0) for name in ("rows", "measured", "last")
    )
    return OutOfFold(rows, measured, last, int(np.median([each.best_epoch for each in drawn])))
