"""The outer rows, which no training and no choice of settings knows, and the scores on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.fitting._fit import OpenedFit
from downslope.fitting.ensemble import folds_of
from downslope.fitting.evaluation import LabelledRows, Statistic
from downslope.fitting.model import Model
from downslope.fitting.rows import LATER_SHARE, TargetRows, first_later, places_of, target_rows
from downslope.fitting.search._scoring import Scoring
from downslope.tables import Description

__all__ = ["OuterRows", "split_rows"]

_FOLDS = 5  # one of which is outer


@dataclass(frozen=True, eq=False)
class OuterRows:
    """The rows of a table in two parts.

    Attributes:
        inner: those of the search, as networks take them.
        description: of their table.
        frame: of the outer rows.
        labelled: their targets and weights.
    """

    inner: TargetRows
    description: Description
    frame: pl.DataFrame
    labelled: LabelledRows

    def statistic(self, model: Model, scoring: Scoring) -> Statistic:
        """The score of a model on the outer rows."""
        outputs = model.outputs(model.encoder.encode(self.frame).x)
        return scoring.statistic(self.labelled, model.target, outputs)


def split_rows(opened: OpenedFit, rows: TargetRows) -> OuterRows:
    """A fifth of the rows is outer: whole groups, the last by time, or any, spread over the targets.

    Args:
        opened: the table.
        rows: all of it, as networks take them.

    Raises:
        DownslopeError: if there are too few rows, or too few groups.
    """
    if not opened.settings.holds_out(len(rows.y) * (_FOLDS - 1) // _FOLDS):
        raise DownslopeError(
            f"{len(rows.y):,} rows with a target are too few to search settings and to measure what they "
            "gain on other rows; downslope fit, or ds.fit, takes the defaults"
        )
    outer = _outer(opened, rows)
    inner = ~outer
    if rows.groups is not None:
        inner &= ~np.isin(rows.groups, rows.groups[outer])
    if not opened.settings.holds_out(int(inner.sum())):
        raise DownslopeError(
            f"only {int(inner.sum()):,} rows are left for the search once the outer rows and their groups "
            "are set apart; leave out group or order"
        )
    frame, about = opened.frame, opened.about
    places = places_of(frame)
    description = replace(opened.descriptions[0], rows=int(inner.sum()), gap_rows=0)
    parts = (frame.filter(pl.Series(np.isin(places, rows.index[part]))) for part in (inner, outer))
    inner_frame, outer_frame = parts
    known = target_rows(
        inner_frame, description, about.group, about.time, holds_out=opened.settings.holds_out
    )
    weights = rows.w[outer].astype(np.float64)
    labelled = LabelledRows(pl.DataFrame(), rows.index[outer], rows.true[outer], weights / weights.mean(), 0)
    return OuterRows(known, description, outer_frame, labelled)


def _outer(opened: OpenedFit, rows: TargetRows) -> NDArray[np.bool_]:
    """Which rows are outer, (rows,); a class that would be unknown to the search has none."""
    if rows.times is not None:
        first = first_later(rows.times, LATER_SHARE)
        outer = rows.times >= (np.inf if first is None else first)
    else:
        folds = _FOLDS if rows.groups is None else min(_FOLDS, len(np.unique(rows.groups)))
        outer = folds_of(rows.y, folds, opened.settings.seed, rows.groups).of == 0
    if rows.target.classes:
        outer = outer & np.isin(rows.y, rows.y[~outer])
    return outer
