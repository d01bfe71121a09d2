"""What a report says of one model, as data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.fitting._importance import REPEATS, Importance
from downslope.fitting.contributions import Contributions, PartialDependence
from downslope.fitting.evaluation import Evaluation, LabelledRows, PredictedRows, baselines
from downslope.fitting.model import Model
from downslope.fitting.reports._rows import ReportRows

__all__ = ["Findings", "findings_of"]

_CURVES = 6
_SHUFFLES = 300
"""Of all columns together, each of which is predicting all rows: one of a column where there are so many."""
_WORST = 10
_MANY = 20
"""Rows whose targets are hardly the same by chance."""


@dataclass(frozen=True, eq=False)
class Findings:
    """What a report says of one model.

    Attributes:
        model: the model.
        rows: the table that columns are judged on; None where there is none.
        missing: why there is none, and what to do, in a sentence.
        predicted: rows that the errors are of, none of which the networks had seen, if the table allows it;
            None where there are none.
        evaluation: of them.
        of: which rows they are, in words.
        notices: what a reader should know before anything else, in sentences.
        importance: of the columns.
        curves: the partial dependence of the most important columns.
        row: the explained row, from 0.
        contributions: to its prediction.
    """

    model: Model
    rows: ReportRows | None
    missing: str
    predicted: PredictedRows | None
    evaluation: Evaluation | None
    of: str
    notices: tuple[str, ...]
    importance: Importance | None
    curves: tuple[PartialDependence, ...]
    row: int
    contributions: Contributions | None

    def to_json(self) -> dict[str, Any]:
        """Plain data at full precision."""
        model, found = self.model, self.contributions
        return {
            "target": model.target.name,
            "task": model.target.task,
            "source": model.record.source,
            "rows": model.record.rows,
            "read_as": str(model.reading),
            "asked": list(model.record.asked),
            "columns": [{"column": c.name, "kind": c.kind, "reason": c.reason} for c in model.record.columns],
            "errors_are_of": self.of,
            "notices": list(self.notices),
            "evaluation": None if self.evaluation is None else self.evaluation.to_json(),
            "importance": None if self.importance is None else self.importance.to_json(),
            "partial_dependence": [curve.to_json() for curve in self.curves],
            "row": None if found is None else {"index": self.row, **found.to_json()},
        }


def findings_of(
    model: Model,
    rows: ReportRows | None,
    missing: str,
    *,
    given: bool,
    row: int | None,
    of_class: Any,
    seed: int,
    step: Callable[[str], None],
) -> Findings:
    """What there is to say of a model.

    Args:
        model: the model.
        rows: a table; None where there is none.
        missing: why there is none.
        given: whether the table was given for this report, and is not only that of the fit.
        row: the one to explain, from 0; None for the first.
        of_class: the class of curves and contributions; None for the most probable one.
        seed: of shuffles and random orders.
        step: called with what is computed next.

    Raises:
        DownslopeError: if the table does not serve, or has no such row.
    """
    step("errors")
    predicted, of, notices = _judged(model, rows, given)
    evaluation = None if predicted is None else predicted.evaluation(model.target, _WORST)
    importance: Importance | None = None
    contributions: Contributions | None = None
    curves: tuple[PartialDependence, ...] = ()
    if rows is not None:
        row = int(rows.table.index[0]) if row is None else row
        explained = rows.table.only(row)
        step("importance of the columns")
        importance = _importance(model, rows, seed)
        step("curves of the columns")
        curves = _curves(model, rows, importance, of_class)
        step("contributions to a prediction")
        if rows.frame.height > 1:
            contributions = model.contributions(explained, rows.table, of_class=of_class, seed=seed)
    return Findings(
        model,
        rows,
        missing,
        predicted,
        evaluation,
        of,
        notices,
        importance,
        curves,
        row or 0,
        contributions,
    )


def _judged(
    model: Model, rows: ReportRows | None, given: bool
) -> tuple[PredictedRows | None, str, tuple[str, ...]]:
    """The rows that errors are of, which they are in words, and what to say of it."""
    held_out, labelled = model.held_out, None if rows is None else rows.labelled
    own = held_out is not None and labelled is not None and held_out.are_in(labelled)
    if given and rows is not None and not own:
        found, notes = model.predicted_rows(labelled or model.labelled(rows.frame, None, None))
        notes = (*notes, *(model.flattered(rows.frame, rows.path) or _alike(model, found.rows)))
        return found, f"rows of {rows.name}", notes
    notices: list[str] = []
    if rows is not None and held_out is not None and not own:
        notices.append(
            f"{rows.name} is not as it was when the model was fitted: importance, curves and the explained "
            "row are of the rows that are there now, errors of those that were there then."
        )
    notices += model.summary.notes
    if held_out is None:
        return None, "", tuple(notices)
    every = model.record.validation_rows
    some = f" of the {every:,}" if len(held_out.rows) < every else ""
    return held_out, f"{len(held_out.rows):,}{some} held-out rows", tuple(notices)


def _alike(model: Model, rows: LabelledRows) -> tuple[str, ...]:
    """A warning where rows look like those of the fit, or like some of them."""
    constants = model.record.constants
    if model.held_out is not None:
        alike = model.held_out.found_in(rows) >= _MANY
    elif len(rows) == model.record.rows and constants:
        own, known = (baselines(of, model.target, rows).values() for of in ((), constants))
        alike = all(np.allclose(a[0], b[0], rtol=1e-5) for a, b in zip(own, known, strict=True))
    else:
        alike = False
    warning = (
        "These look like rows that the model was fitted to: then the scores are better than on rows it has "
        "not seen."
    )
    return (warning,) if alike else ()


def _importance(model: Model, rows: ReportRows, seed: int) -> Importance | None:
    """None where the table has no targets to measure it by."""
    if rows.labelled is None or len(rows.labelled) < 2:
        return None
    columns = max(1, len(model.encoder.encodings))
    return model.importance(rows.frame, repeats=min(REPEATS, max(1, _SHUFFLES // columns)), seed=seed)


def _curves(
    model: Model, rows: ReportRows, importance: Importance | None, of_class: Any
) -> tuple[PartialDependence, ...]:
    """Of the columns whose importance stands out from chance, or of the first of them."""
    used = [part.name for part in model.encoder.encodings]
    names = used
    if importance is not None:
        certain = importance.increases > 2 * importance.errors
        names = [name for name, clear in zip(importance.columns, certain, strict=True) if clear]
        names = names or list(importance.columns[:1])
    shown = [name for name in names if _has_values(rows.frame, name)][:_CURVES]
    return tuple(model.partial_dependence(rows.frame, name, of_class=of_class) for name in shown)


def _has_values(frame: pl.DataFrame, name: str) -> bool:
    column = frame[name]
    return column.null_count() < len(column) and not (
        column.dtype.is_float() and not np.isfinite(column.drop_nulls().to_numpy()).any()
    )
