"""Whether rows held out at random flatter a model, where a column may well order the rows in time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from downslope._extras import polars as pl
from downslope.fitting._scores import scores
from downslope.fitting.ensemble import (
    EncodedRows,
    FitHooks,
    FitSettings,
    FittedEnsemble,
    class_weights_of,
    replayed,
)
from downslope.fitting.evaluation import LabelledRows, metric_of, statistics_of
from downslope.fitting.record import LaterScores
from downslope.fitting.rows import LaterPart, TargetRows
from downslope.training import Folds

__all__ = ["time_checks"]

_FEWEST = 10  # later rows that were held out
_TELLING = 3.0  # standard errors
_MATTERS = 1.1  # times the error
_TIMES = 2  # that networks are trained before an alarm: one may go astray


def time_checks(
    rows: TargetRows,
    held: NDArray[np.int64],
    fitted: FittedEnsemble,
    settings: FitSettings,
    hooks: FitHooks,
    seconds: float | None,
) -> tuple[LaterScores, ...]:
    """The scores of later rows twice: by networks that knew other rows of all times, and earlier rows alone.

    Args:
        rows: that were fitted to, with the columns to check.
        held: those that were held out at random, which ``fitted`` has predictions of.
        fitted: networks that knew rows of all times.
        settings: as they were trained.
        hooks: what goes along.
        seconds: that this may take; None for as long as it takes.

    Raises:
        KeyboardInterrupt: if it was interrupted.
    """
    end = None if seconds is None else hooks.now() + seconds
    found = []
    for part in rows.checked:
        check = _checked(rows, held, part, fitted, settings, hooks, end)
        found += [check] if check is not None else []
    return tuple(found)


def _checked(
    rows: TargetRows,
    held: NDArray[np.int64],
    part: LaterPart,
    fitted: FittedEnsemble,
    settings: FitSettings,
    hooks: FitHooks,
    end: float | None,
) -> LaterScores | None:
    """The scores by one column; None where too few later rows were held out, or there is no time."""
    chosen = np.flatnonzero(part.later[held])
    if len(chosen) < _FEWEST or not part.earlier.any():
        return None
    known, of = part.rows, held[chosen]
    folds, unknown = Folds(np.where(part.later, 0, -1)), ~(part.later | part.earlier)
    counts = class_weights_of(settings, known.target, known.y)
    encoded = EncodedRows(known.x, known.y, known.w, folds, unknown[:, None], class_weights=counts)
    among, places = fitted.blend[chosen], np.searchsorted(folds.held_out, of)
    future, found = [], None
    for place in range(_TIMES):
        left = None if end is None else max(end - hooks.now(), 0.0)
        predicted = replayed(
            fitted, encoded, known.encoder, known.target, settings, hooks, place=place, seconds=left
        )
        if predicted is None:
            return found
        future.append(predicted[places])
        metric = metric_of(fitted.network.loss)
        found = _compared(rows, part, metric, of, among, np.mean(future, axis=0))
        if not found.flattered:
            break
    return found


def _compared(
    rows: TargetRows,
    part: LaterPart,
    metric: str,
    of: NDArray[np.int64],
    among: NDArray[np.float64],
    future: NDArray[np.float64],
) -> LaterScores:
    """What networks predict of later rows that knew others of all times, and that knew earlier ones alone."""
    labelled = LabelledRows(pl.DataFrame(), rows.index[of], rows.true[of], rows.w[of].astype(np.float64), 0)
    guesses = ((rows, rows.in_units(among)), (part.rows, part.rows.in_units(future)))
    before, after = (statistics_of(labelled, rows.target, guess)[metric] for _, guess in guesses)
    apart = (after - before).estimate(labelled.weights)
    beyond = (apart.value or 0.0) > _TELLING * (apart.standard_error or 0.0)
    at_random, of_the_future = (scores(by.target, by.y[of], guess, labelled.weights) for by, guess in guesses)
    flattered = bool(beyond and after.value > _MATTERS * before.value)
    return LaterScores(part.about, at_random, of_the_future, flattered)
