"""``downslope doctor``: what is wrong with how a network learns a table."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from downslope._known_files import is_saved
from downslope.cli._options import how_in
from downslope.cli._results import chosen_form, write_result
from downslope.cli._screen import Screen
from downslope.cli._tables import name_of, refuse_same
from downslope.cli._targets import loaded_model
from downslope.errors import DownslopeError
from downslope.fitting import table_descent
from downslope.insight import Diagnosis, doctor

__all__ = ["diagnose"]


def diagnose(
    *,
    what: str,
    table: str | None,
    target: str | None,
    no_proof: bool,
    seconds: float | None,
    form: str | None,
    output: str | None,
    given: Collection[str],
    **options: Any,
) -> int:
    """Write the diagnosis; 1 where there is a fault.

    Args:
        given: the names of the options that were given.
        options: those of ``fit``.
    """
    form = chosen_form(form, output)
    refuse_same("the diagnosis", output, what, table)
    asked: dict[str, Any] = {"prove": not no_proof, "seconds": seconds}
    with Screen(stderr=True, highlight=False).status("Trying what may mend it …"):
        if what.endswith(".downslope") or is_saved(what):
            found = _of_model(what, table, target, given, options, asked)
        else:
            found = _of_table(what, table, target, options, asked)
    write_result(found, f"How {name_of(table or what)} is learned", form, output)
    return 0 if found.healthy else 1


def _of_table(
    what: str, table: str | None, target: str | None, options: dict[str, Any], asked: dict[str, Any]
) -> Diagnosis:
    if table is not None:
        raise DownslopeError(
            f"{what} holds no model, and {table} is a table too many: give one TABLE with --target, or a "
            "MODEL and a TABLE"
        )
    if target is None:
        raise DownslopeError(f"name the column of {what} to predict, such as --target price")
    arguments, features = table_descent(what, target, **options)
    return doctor(arguments, features=features, **asked)


def _of_model(
    what: str,
    table: str | None,
    target: str | None,
    given: Collection[str],
    options: dict[str, Any],
    asked: dict[str, Any],
) -> Diagnosis:
    how = how_in(options)
    idle = [name for name in given if name in options]
    if idle:
        written = ", ".join(f"--{name.replace('_', '-')}" for name in idle)
        raise DownslopeError(f"a model keeps the settings of its fit: leave out {written}, or name its table")
    model = loaded_model(what, target, table, how)
    rows = model.read(model.record.table(table, "downslope doctor MODEL TABLE"), **how)
    return doctor(model, rows, **asked)
