"""Which columns the predictions need, and how they depend on each."""

from __future__ import annotations

from downslope.fitting.contributions import PartialDependence
from downslope.fitting.reports._findings import Findings
from downslope.fitting.reports._html import figure, folded, grid, note, paragraph, subtitle, table

__all__ = ["columns_section"]


def columns_section(found: Findings) -> str:
    """Importance, then a curve of each of the most important columns."""
    if found.rows is None:
        return note(found.missing)
    return _importance(found) + _curves(found)


def _importance(found: Findings) -> str:
    importance, rows = found.importance, found.rows
    if importance is None or rows is None:
        return note(
            f"{found.rows.name if found.rows else 'The table'} has no targets to measure importance by."
        )
    before = f"{importance.before:,.4g} on {importance.rows:,} rows"
    seen = (
        " The networks have seen these rows: a column that they have learned by heart looks important too."
        if found.predicted is found.model.held_out
        else ""
    )
    said = paragraph(
        f"How much the {importance.score}, {before} of {rows.name}, grows when the values of a column are "
        "shuffled over the rows; lines are standard errors. Of two columns that say the same, each may look "
        "unimportant." + seen
    )
    numbers = folded("As a table", table(importance.table(), "Importance of the columns", titled=False))
    return said + figure(importance.picture().untitled, "Importance", numbers, wide=True)


def _curves(found: Findings) -> str:
    if not found.curves:
        return ""
    said = paragraph(
        "The mean prediction when all rows have one value of a column, for one value after another, above "
        "the share of the rows that have it: where there are few, little confirms the curve. It says what "
        "the model does, not what would happen if someone changed the column." + _which_class(found)
    )
    ordered = sorted(found.curves, key=lambda curve: not curve.axes[0].numbers)  # lines beside lines
    tables = (table(curve.table(), _caption(curve)) for curve in ordered)
    return (
        subtitle("Curves")
        + said
        + grid(*(figure(curve.picture().untitled, _caption(curve)) for curve in ordered))
        + folded("The curves as tables", grid(*(f"<div>{found}</div>" for found in tables)))
    )


def _which_class(found: Findings) -> str:
    if len(found.model.target.classes) < 3:
        return ""
    return " The curves are of one class; --of-class, or of_class in Python, chooses another."


def _caption(curve: PartialDependence) -> str:
    return f"{curve.of} by {curve.columns[0]}"
