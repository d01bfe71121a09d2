"""The inputs of a network as buttons: each column, and the usual formulas of a few columns of numbers."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

from downslope._extras import polars as pl
from downslope.studio.session._state import SessionState
from downslope.studio.table._rows import rows_of

__all__ = ["features_view"]

_FEW = 3  # columns of numbers, up to which formulas are offered


def features_view(state: SessionState) -> list[dict[str, Any]]:
    """Columns that are inputs, or were switched off, and formulas; none where a model has its own inputs.

    Each has its ``name``, which is the text of a formula, a ``label``, whether it is ``on``, and whether it
    is a ``formula``.
    """
    rows = state.rows
    if state.encode is not rows_of or state.settings.fixed is not None:
        return []
    given = rows.choices.formulas
    columns = [c for c in rows.columns if (c.used or c.name in rows.choices.drop) and c.name not in given]
    found = [_feature(c.name, c.name, c.used, False) for c in columns]
    labels = _usual([c.name for c in columns if rows.shown[c.name].dtype.is_numeric()])
    for formula in dict.fromkeys([*labels, *given]):
        found.append(_feature(formula, labels.get(formula, formula), formula in given, True))
    return found


def _feature(name: str, label: str, on: bool, formula: bool) -> dict[str, Any]:
    return {"name": name, "label": label, "on": on, "formula": formula}


def _usual(names: list[str]) -> dict[str, str]:
    """Squares, products and sines of a few columns: what is shown for the text of each formula.

    >>> _usual(["x1", "width of it"])["pow(x1, 2)"]
    'x1²'
    """
    if len(names) > _FEW:
        return {}
    written = {name: _in_sql(name) for name in names if '"' not in name}
    squares = {f"pow({sql}, 2)": f"{name}²" for name, sql in written.items()}
    products = {f"{written[a]}*{written[b]}": f"{a}·{b}" for a, b in combinations(written, 2)}
    sines = {f"sin({sql})": f"sin {name}" for name, sql in written.items()}
    return {**squares, **products, **sines}


def _in_sql(name: str) -> str:
    """The name of a column as formulas have it: in quotes where it would be taken for something else.

    >>> _in_sql("x1"), _in_sql("order"), _in_sql("my size")
    ('x1', '"order"', '"my size"')
    """
    if re.fullmatch(r"[A-Za-z_]\w*", name):
        try:
            if pl.sql_expr(name).meta.root_names() == [name] and not _BEGINS_QUERIES.fullmatch(name):
                return name
        except pl.exceptions.PolarsError:
            pass
    return f'"{name}"'


_BEGINS_QUERIES = re.compile("select|from|table|values|with", re.IGNORECASE)
