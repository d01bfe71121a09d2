"""``downslope dependence``: the mean prediction by the values of one column, or of two."""

from __future__ import annotations

from downslope.cli._results import chosen_form, write_result
from downslope.cli._tables import How, name_of, refuse_same
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
    how: How,
) -> None:
    """Write the partial dependence in the form asked for."""
    form = chosen_form(form, output)
    refuse_same("the answer", output, model, table)
    fitted = loaded_model(model, target, table, how)
    rows = fitted.read(table, **how)
    found = fitted.partial_dependence(rows, columns, points=points, of_class=of_class, log_odds=log_odds)
    title = f"Partial dependence on {' and '.join(columns)}, rows of {name_of(table)}"
    write_result(found, title, form, output)
