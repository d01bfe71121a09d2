"""What is trained on the rows of a table: networks that hold some out, then what a model consists of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.fitting._steering import blend_score
from downslope.fitting._time_check import time_checks
from downslope.fitting.ensemble import (
    EncodedRows,
    FitHooks,
    FitSettings,
    FittedEnsemble,
    IntervalNetworks,
    class_weights_of,
    fit_ensemble,
    fit_intervals,
    fit_single,
    folds_of,
    later_folds,
    on_all_rows,
    room_for,
)
from downslope.fitting.record import LaterScores
from downslope.fitting.rows import LaterPart, TargetRows
from downslope.training import Folds

__all__ = ["Trained", "encoded_rows", "shuffled_as", "train", "with_folds"]

_LEAST_SECONDS = 0.001
_CHECK_SHARE = 0.1  # of a time limit
_INTERVALS_SHARE, _MOST_OF_INTERVALS = 0.2, 0.4  # of a time limit; of a whole fit they take the first
_INTERVALS_READY = 0.3  # seconds that they need to get ready and to be measured
_FEWEST_MEMBERS = 4  # beside which one more network is a small share of the work


@dataclass(frozen=True)
class Trained:
    """Networks, and what they predicted of rows that they were not trained on.

    Attributes:
        fitted: the networks; their predictions are of the rows that ``validation`` names.
        rows: as the networks take them.
        measured: the same rows as the networks took them that held some out.
        validation: the rows that the scores are of, (rows,).
        held_out: whether each of them was predicted by networks that were not trained on it.
        part: the rows that were held out by time, where they were.
        intervals, ends: networks of intervals, and the intervals of the held-out rows; None for classes, few
            rows and where Ctrl-C left no time for them.
        time_checks: what scores of later rows say.
    """

    fitted: FittedEnsemble
    rows: TargetRows
    measured: TargetRows
    validation: NDArray[np.int64]
    held_out: bool
    part: LaterPart | None = None
    intervals: IntervalNetworks | None = None
    ends: NDArray[np.float32] | None = None
    time_checks: tuple[LaterScores, ...] = ()


def train(rows: TargetRows, settings: FitSettings, hooks: FitHooks) -> Trained:
    """Train what suits the rows.

    Raises:
        DownslopeError: if training diverges, or groups and times together leave no row to train on.
        KeyboardInterrupt: if nothing was trained before it.
    """
    if not settings.holds_out(len(rows.y)):
        nowhere = Folds(np.full(len(rows.y), -1))
        class_weights = class_weights_of(settings, rows.target, rows.y)
        encoded = EncodedRows(rows.x, rows.y, rows.w, nowhere, class_weights=class_weights)
        fitted = fit_single(encoded, rows.encoder, rows.target, settings, hooks)
        return Trained(fitted, rows, rows, np.arange(len(rows.y)), held_out=False)
    limit, first = settings.time_limit, settings
    end = None if limit is None else hooks.now() + limit
    if limit is not None and not rows.target.classes:
        apart = min(max(limit * _INTERVALS_SHARE, _INTERVALS_READY), limit * _MOST_OF_INTERVALS)
        first = replace(settings, time_limit=limit - apart)
    trained = _held_out_and_whole(rows, first, hooks)
    if not rows.target.classes and not trained.fitted.interrupted:
        left = None if end is None else max(end - hooks.now(), 0.0)
        trained = _with_intervals(trained, settings, hooks, left)
    return trained


def shuffled_as(trained: Trained, settings: FitSettings) -> tuple[str, ...]:
    """How far the rows of a dataset were shuffled, in words; nothing of rows in memory."""
    stream = trained.rows.stream
    if stream is None:
        return ()
    ensemble, batch = trained.fitted.groups[-1].ensemble, settings.batch_for(stream.summary.rows)
    return (f"in training, {stream.said(ensemble, batch)}",)


def _held_out_and_whole(rows: TargetRows, settings: FitSettings, hooks: FitHooks) -> Trained:
    """Networks that hold rows out, then what a model consists of, which knows all of them."""
    limit = settings.time_limit
    end = None if limit is None else hooks.now() + limit
    measured = rows if rows.held_out is None else rows.held_out.rows
    encoded, at_first, first = with_folds(rows, measured, settings), None, settings
    again = encoded.alone or rows.held_out is not None
    share = 0.5 if again else 1.0
    if limit is not None:
        encoded, at_first = _with_room(limit * share, encoded, rows, measured, settings, hooks)
    checks = bool(rows.checked) and encoded.members >= _FEWEST_MEMBERS
    if end is not None:
        share -= _CHECK_SHARE * (checks and not again)
        first = replace(settings, time_limit=max((end - hooks.now()) * share, _LEAST_SECONDS))
    score = blend_score(settings, measured, encoded.folds.held_out)
    fitted = fit_ensemble(encoded, measured.encoder, measured.target, first, hooks, score, at_first)
    trained = Trained(fitted, measured, measured, encoded.folds.held_out, True, rows.held_out)
    if fitted.interrupted:
        return trained
    left = None if end is None else max(end - hooks.now(), 0.0)
    try:
        if again or fitted.alone:
            counts = class_weights_of(settings, rows.target, rows.y)
            every = encoded_rows(rows, encoded.folds, counts)
            whole = on_all_rows(fitted, every, rows.encoder, rows.target, settings, hooks, seconds=left)
            return trained if whole is None else replace(trained, fitted=whole, rows=rows)
        if checks:
            found = time_checks(rows, trained.validation, fitted, settings, hooks, left)
            return replace(trained, time_checks=found)
    except KeyboardInterrupt:
        return replace(trained, fitted=replace(fitted, interrupted=True))
    return trained


def _with_room(
    seconds: float,
    encoded: EncodedRows,
    rows: TargetRows,
    measured: TargetRows,
    settings: FitSettings,
    hooks: FitHooks,
) -> tuple[EncodedRows, int | None]:
    """The rows with as many members as there is time for, and the groups that share it."""
    room = room_for(seconds, encoded, measured.encoder, measured.target, settings, hooks)
    if rows.held_out is None:
        return encoded.of_first(room.members), room.groups
    return with_folds(rows, measured, replace(settings, members=room.members)), room.groups


def with_folds(rows: TargetRows, measured: TargetRows, settings: FitSettings) -> EncodedRows:
    """The rows with those that each member holds out."""
    members, groups = settings.members_for(len(rows.y)), rows.groups
    class_weights = class_weights_of(settings, measured.target, measured.y)
    if rows.held_out is None:
        most = members if groups is None else len(np.unique(groups))
        members = min(members, most)
        folds = folds_of(measured.y, members, settings.seed, groups, settings.folds_for(len(rows.y)))
        return encoded_rows(measured, folds, class_weights)
    folds, unknown = later_folds(measured.y, rows.held_out.later, members, settings.seed, groups)
    found = replace(encoded_rows(measured, folds, class_weights), unknown=unknown)
    if not found.known_weights[folds.of < 0].any(axis=0).all():
        raise DownslopeError(
            "no earlier row is of another group than the rows that are held out by time, so that nothing is "
            "left to train on; leave out group or time"
        )
    return found


def encoded_rows(
    rows: TargetRows, folds: Folds, class_weights: NDArray[np.float32] | None = None
) -> EncodedRows:
    """The rows with those that are held out, of which every member may know all others."""
    return EncodedRows(*(rows.x, rows.y, rows.w, folds, None, rows.stream, class_weights), groups=rows.groups)


def _with_intervals(
    trained: Trained, settings: FitSettings, hooks: FitHooks, seconds: float | None
) -> Trained:
    """With intervals, where Ctrl-C leaves time for them."""
    rows, held = trained.rows, trained.validation
    some: Any = held if len(held) < len(rows.y) else slice(None)
    predicted = trained.fitted.blend[:, 0]
    if trained.measured is not rows:
        units = trained.measured.target.numbers(predicted)
        predicted = (units - rows.target.mean) / rows.target.scale
    groups, times = (None if of is None else of[some] for of in (rows.groups, rows.times))
    if groups is not None and len(np.unique(groups)) < 2:  # nothing can be measured on another group
        return trained
    try:
        intervals, ends = fit_intervals(
            *(rows.x[some], rows.y[some], rows.w[some], predicted),
            rows.encoder,
            settings,
            hooks,
            groups,
            times,
            seconds,
        )
    except KeyboardInterrupt:
        return replace(trained, fitted=replace(trained.fitted, interrupted=True))
    return replace(trained, intervals=intervals, ends=ends)
