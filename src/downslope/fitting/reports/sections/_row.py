"""One prediction, from the average to the row, column by column."""

from __future__ import annotations

from downslope.fitting._written import cell_text
from downslope.fitting.reports._findings import Findings
from downslope.fitting.reports._html import figure, folded, note, paragraph, table

__all__ = ["row_section"]


def row_section(found: Findings) -> str:
    """A bar for each column."""
    contributions, rows = found.contributions, found.rows
    if rows is None:
        return note(found.missing)
    if contributions is None:
        return note(f"{rows.name} has a single row, and nothing to compare it with.")
    name = found.model.target.name
    true = ""
    if name in rows.frame.columns:
        true = f" The table says {name} = {cell_text(rows.table.only(found.row).frame[name][0])}."
    said = paragraph(
        f"Row {found.row + 1} of {rows.name}: what each column adds to the prediction, from the average over "
        f"{contributions.background} rows to the prediction of this one. The parts are Shapley values of the "
        f"whole model and add up exactly.{true}"
    )
    numbers = folded(
        "As a table, with derivatives: what one unit more of a column would change",
        table(contributions.table(), f"Contributions to row {found.row + 1}", left=(0, 1), titled=False),
    )
    return said + figure(contributions.picture().untitled, contributions.title, numbers, wide=True)
