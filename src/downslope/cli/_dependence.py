"""``downslope dependence``: the mean prediction by the values of one column, or of two."""

from __future__ import annotations

from pathlib import Path

from downslope.cli._results import chosen_form, write_result
from downslope.cli._targets import loaded_model

__all__ = ["show_dependence"]


def show_dependence(
    *,
    model: str,
    target: str | None,
    table: str,
    columns: tuple[str, ...],
    points: int | None,
    of_class: str | None,
    log_odds: bool,
    form: str | None,
    output: str | None,
    sheet: str | None,
) -> None:
    """Write the partial dependence in the form asked for."""
    form = chosen_form(form, output)
    fitted = loaded_model(model, target)
    frame = fitted.read(table, sheet=sheet).frame
    found = fitted.partial_dependence(frame, columns, points=points, of_class=of_class, log_odds=log_odds)
    name = "standard input" if table == "-" else Path(table).name
    write_result(found, f"Partial dependence on {' and '.join(columns)}, rows of {name}", form, output)
