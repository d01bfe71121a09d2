"""The record of a fit, and the held-out rows that a model keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._extras import polars as pl
from downslope.fitting._held_out import held_out_rows
from downslope.fitting._scores import LINEAR_MODEL, NETWORK, baseline_prediction, scores
from downslope.fitting._training import Trained
from downslope.fitting.ensemble import FittedEnsemble
from downslope.fitting.evaluation import (
    Estimate,
    LabelledRows,
    PredictedRows,
    baseline_for,
    baselines,
    metric_of,
    metric_title,
    statistics_of,
    weighted_quantiles,
)
from downslope.fitting.record import Decided, GroupRecord, Record, Steered
from downslope.tables import Description, Target

__all__ = ["kept_rows", "record_of", "validated_rows"]


def record_of(
    trained: Trained,
    description: Description,
    *,
    source: str,
    asked: tuple[str, ...],
    group: str,
    notes: tuple[str, ...] = (),
    decided: Decided | None = None,
    metric: str | Callable[..., Any] | None = None,
) -> Record:
    """The record of a fit.

    Args:
        trained: what was trained.
        description: of the table.
        source: where the table came from.
        asked: the settings that were no defaults.
        group: the column of groups, or "".
        notes: what was said of the table.
        decided: for which metric classes are said.
        metric: that was asked for.
    """
    fitted, measured, rows = trained.fitted, trained.measured, trained.validation
    target, y, w = measured.target, measured.y, measured.w.astype(np.float64)
    known = slice(None) if trained.part is None else trained.part.earlier
    constants = _constants(target, y[known], w[known])
    baseline = baseline_for(metric_of(fitted.network.loss))
    predictions = {
        "baseline": baselines(constants, target, validated_rows(trained))[baseline],
        "linear": measured.in_units(fitted.linear),
        "network": measured.in_units(fitted.blend),
    }
    compared = {
        of: scores(target.plain if of == "baseline" else target, y[rows], found, w[rows])
        for of, found in predictions.items()
    }
    steered = Steered(metric_title(metric), *fitted.reached) if metric and fitted.reached else None
    return Record(
        source,
        description.columns,
        f"{description.task}: {description.task_reason}",
        trained.rows.count,
        description.rows + description.gap_rows - trained.rows.count,
        len(rows),
        trained.held_out,
        compared["baseline"],
        compared["linear"],
        compared["network"],
        groups=_groups(fitted),
        interrupted=fitted.interrupted,
        constants=_constants(trained.rows.target, trained.rows.y, w),
        asked=asked,
        group=group,
        notes=notes,
        gain=_gain(trained),
        later=None if trained.part is None else trained.part.about,
        time_checks=trained.time_checks,
        decided=decided,
        steered=steered,
    )


def _constants(target: Target, y: NDArray[np.float32], w: NDArray[Any]) -> tuple[float, ...]:
    """What the baselines predict: the mean and the median, or the shares of the classes."""
    found = np.ravel(baseline_prediction(target, y, 1, w))
    if not target.classes:
        found = np.append(found, weighted_quantiles(target.numbers(y), w, [0.5]))
    return tuple(found.tolist())


def _groups(fitted: FittedEnsemble) -> tuple[GroupRecord, ...]:
    records = []
    for group, count in zip(fitted.groups, fitted.counts, strict=True):
        run = group.run
        epochs = max(1, len(run.validation_losses))
        train = tuple(float(part.mean()) for part in np.array_split(run.losses, epochs) if len(part))
        records.append(
            GroupRecord(
                group.name,
                len(group.ensemble.networks),
                count,
                run.best_epoch or len(run.losses),
                len(run.validation_losses) or len(run.losses),
                train,
                tuple(run.validation_losses.tolist()),
            )
        )
    return tuple(records)


def _gain(trained: Trained) -> Estimate:
    """By how much the loss of the blend is below that of the linear model."""
    labelled, measured = validated_rows(trained), trained.measured
    metric = metric_of(trained.fitted.network.loss)
    linear, blend = (
        statistics_of(labelled, measured.target, measured.in_units(found))[metric]
        for found in (trained.fitted.linear, trained.fitted.blend)
    )
    return (linear - blend).estimate(labelled.weights)


def validated_rows(trained: Trained) -> LabelledRows:
    """The rows that the scores are of."""
    rows, held = trained.measured, trained.validation
    return LabelledRows(pl.DataFrame(), rows.index[held], rows.true[held], rows.w[held].astype(float), 0)


def kept_rows(trained: Trained, seed: int) -> PredictedRows | None:
    """Some of the held-out rows, with what was predicted of them; None where none were."""
    if not trained.held_out:
        return None
    fitted, measured = trained.fitted, trained.measured
    outputs = {LINEAR_MODEL: fitted.linear, NETWORK: fitted.blend}
    outputs = {of: measured.in_units(found) for of, found in outputs.items()}
    # where rows are held out by time, the baselines know the earlier rows alone
    known = slice(None) if trained.part is None else trained.part.earlier
    constants = _constants(measured.target, measured.y[known], measured.w[known].astype(np.float64))
    target, labelled = trained.rows.target, validated_rows(trained)
    return held_out_rows(labelled, target, constants, outputs, trained.ends, seed)
