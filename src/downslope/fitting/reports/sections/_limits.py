"""What the model cannot know, and what its scores do not say."""

from __future__ import annotations

from collections.abc import Iterator

from downslope.fitting._written import cell_text
from downslope.fitting.reports._findings import Findings
from downslope.fitting.reports._html import bullets
from downslope.nets import Ensemble
from downslope.tables import Numeric

__all__ = ["limits_section"]

_FEW_ROWS, _FEW_OF_A_CLASS, _FEW_OF_A_LEVEL = 500, 20, 10
_NAMES = 12


def limits_section(found: Findings) -> str:
    """Sentences."""
    return bullets(_sentences(found))


def _sentences(found: Findings) -> Iterator[str]:
    yield from _of_rows(found)
    yield from _of_scores(found)
    yield from _of_columns(found)
    yield (
        "Importance, curves and contributions say how the model predicts. They do not say what causes "
        f"{found.model.target.name}."
    )


def _of_rows(found: Findings) -> Iterator[str]:
    """New rows beside those of the fit."""
    record, target = found.model.record, found.model.target
    if record.rows < _FEW_ROWS:
        yield (
            f"{record.rows:,} rows are few: the scores themselves are uncertain, by the standard errors "
            "beside them, and so is each curve."
        )
    small = [
        f"{c.name} ({c.rows})"
        for c in (found.evaluation.classes if found.evaluation else ())
        if c.rows < _FEW_OF_A_CLASS
    ]
    if small:
        yield f"Classes with so few rows that their scores are rough: {_listed(small)}."
    if not target.classes and isinstance(found.model.network, Ensemble):
        low, high = target.ends
        yield (
            f"Targets were from {target.low:.6g} to {target.high:.6g}: predictions are never below {low:.6g} "
            f"or above {high:.6g}."
        )


def _of_scores(found: Findings) -> Iterator[str]:
    """What the scores are of."""
    model, record = found.model, found.model.record
    if found.predicted is not model.held_out or found.predicted is None:
        return
    dates = [c.name for c in record.columns if c.kind == "date"]
    if record.later is not None:
        yield (
            f"The scores are of {record.later}: one stretch of time. Rows still later may be predicted worse."
        )
    elif record.group:
        yield (
            f"Rows were held out by {record.group}: the scores are of rows of another {record.group}, drawn "
            "from the same table."
        )
    else:
        yield (
            "Rows were held out at random: the scores are of rows like these. Rows of a later time, another "
            "place or another way of measuring are often predicted worse."
        )
    if dates and record.later is None:
        yield (
            f"{_listed(dates)} holds dates: if the model is to predict what comes later, hold rows out by "
            "time, downslope fit --time COLUMN, or judge it on later rows, downslope report MODEL --table "
            "LATER."
        )
    if len(record.groups) > 1:
        chosen = "the best epochs, and the shares of the groups"
        chosen += ", and the temperature" if model.summary.temperature != 1 else ""
        yield (
            f"What was chosen on the held-out rows ({chosen}) makes their scores a little better than those "
            "of new rows."
        )


def _of_columns(found: Findings) -> Iterator[str]:
    """Ranges, levels and gaps."""
    parts = found.model.encoder.encodings
    if any(isinstance(part, Numeric) for part in parts):
        yield (
            "Beyond the ranges that were seen (The data) the networks extrapolate, and nothing tells how "
            "well; downslope predict counts such cells."
        )
    levels = [part.name for part in parts if hasattr(part, "levels")]
    if levels:
        yield (
            f"A level that was not seen in {_listed(levels)} is predicted as none of them; downslope predict "
            "counts such cells."
        )
    never = [part.name for part in parts if hasattr(part, "gaps") and not part.gaps]
    if never and len(never) < len(parts):
        yield f"There was never a gap in {_listed(never)}: how a gap there is predicted was not learned."
    elif never:
        yield "There was never a gap in any column: how a gap is predicted was not learned."
    rare = list(_rare_levels(found))
    if rare:
        yield f"Little could be learned of levels with fewer than {_FEW_OF_A_LEVEL} rows: {_listed(rare)}."


def _rare_levels(found: Findings) -> Iterator[str]:
    if found.rows is None:
        return
    for part in found.model.encoder.encodings:
        if hasattr(part, "levels") and part.name in found.rows.described.columns:
            counts = found.rows.described[part.name].drop_nulls().value_counts(sort=True, name="\0rows")
            for level, count in counts.iter_rows():
                if count < _FEW_OF_A_LEVEL:
                    yield f"{part.name} {cell_text(level)} ({count})"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more
