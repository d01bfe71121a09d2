"""Which table an address is of: its name and its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from downslope.errors import DownslopeError
from downslope.studio.session._samples import FIVE_ROWS, SAMPLES, checked_recipe, opening_of
from downslope.studio.session._settings import Settings
from downslope.studio.session._state import SessionState
from downslope.studio.table._choices import Recipe
from downslope.studio.table._rows import Rows, rows_of

__all__ = ["addressed", "table_in_address"]

_NAMED = 6  # columns in a message


def addressed(state: SessionState, table: Mapping[str, Any] | None) -> tuple[Rows, Settings]:
    """The table that an address is of, and the settings to begin with: the open one, or one of the page's."""
    if table is None:
        return state.rows, state.settings
    asked, own = _described(table), table_in_address(state.rows)
    of_the_page = {asked["name"], own["name"]} & {FIVE_ROWS, *SAMPLES}
    if asked == own or ({**asked, "name": ""} == {**own, "name": ""} and not of_the_page):
        return state.rows, state.settings
    if asked["name"] in of_the_page:
        rows, settings, _ = opening_of(asked["name"], _recipe(asked))
        rows = _with_inputs(rows, asked["inputs"])
        if table_in_address(rows) == asked:
            return rows, settings.on_inputs(len(rows.features), ())
    raise DownslopeError(
        f"this address is of the table {_written(asked)}, and this page is on {_written(own)}; open that "
        "table, then the address again"
    )


def table_in_address(rows: Rows) -> dict[str, Any]:
    """What an address says of a table: its name, its columns and how a sample was made, and no cell."""
    inputs = [column.name for column in rows.columns if column.used]
    found = {"name": rows.name, "inputs": inputs, "targets": list(rows.choices.targets)}
    return found if rows.recipe is None else {**found, "recipe": asdict(rows.recipe)}


def _described(table: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of a table, from whatever an address says."""
    listed = {k: table.get(k) for k in ("inputs", "targets")}
    columns = {k: [str(c) for c in found] if isinstance(found, list) else [] for k, found in listed.items()}
    found = {"name": str(table.get("name")), **columns}
    return {**found, "recipe": asdict(_recipe(table))} if found["name"] in SAMPLES else found


def _recipe(table: Mapping[str, Any]) -> Recipe:
    """How the sample was made that an address is of; it says nothing where that is the usual way."""
    given = table.get("recipe")
    given = given if isinstance(given, Mapping) else {}
    return checked_recipe(Recipe(), given.get("noise"), given.get("rows"), given.get("seed"))


def _with_inputs(rows: Rows, inputs: list[str]) -> Rows:
    """A table of the page with other inputs: those columns alone, the rest are formulas."""
    own = [column.name for column in rows.columns if column.used]
    if inputs == own:
        return rows
    drop = tuple(name for name in own if name not in inputs)
    formulas = tuple(name for name in inputs if name not in own)
    choices = replace(rows.choices, drop=drop, formulas=formulas)
    return replace(rows_of(rows.frame, choices, rows.name), recipe=rows.recipe)


def _written(table: Mapping[str, Any]) -> str:
    shown = table["inputs"][:_NAMED]
    more = len(table["inputs"]) - len(shown)
    inputs = ", ".join(shown) + (f" and {more} more" if more else "")
    return f"{table['name']!r} ({inputs} → {', '.join(table['targets'][:_NAMED])})"
