"""``downslope importance``: how much worse predictions get without the information of a column."""

from __future__ import annotations

from downslope.cli._results import chosen_form, write_result
from downslope.cli._tables import How, name_of, refuse_same
from downslope.cli._targets import loaded_model

__all__ = ["show_importance"]


def show_importance(
    *,
    model: str,
    target: str | None,
    table: str,
    repeats: int,
    seed: int,
    form: str | None,
    output: str | None,
    how: How,
) -> None:
    """Write the importance of the columns in the form asked for."""
    form = chosen_form(form, output)
    refuse_same("the answer", output, model, table)
    fitted = loaded_model(model, target, table, how)
    found = fitted.importance(fitted.read(table, **how), repeats=repeats, seed=seed)
    write_result(found, f"Importance of the columns of {name_of(table)}", form, output)
