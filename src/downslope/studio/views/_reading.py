"""What the reading of a table decided, and what to do where it is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from downslope.studio.session._state import SessionState
from downslope.studio.table._reading import Source
from downslope.tables import Reading

__all__ = ["reading_view"]

_DECIDED: Mapping[str, tuple[str, str, str]] = {
    "delimiter": ("Between cells", "--delimiter", ""),
    "decimal": ("Decimal mark", "--decimal", ""),
    "thousands": ("Thousands", "--thousands", "no mark between thousands"),
    "dates": ("Dates", "--date-format", "no dates that could be read in two ways"),
    "encoding": ("Encoding", "--encoding", "utf-8"),
    "skip_rows": ("Above the header", "--skip-rows", "nothing"),
    "header": ("Header", "--no-header", "the first row names the columns"),
    "comment": ("Comments", "--comment", "none"),
}
"""By what is decided: a title, the option that says it otherwise, what is said where nothing was found."""


def reading_view(state: SessionState) -> dict[str, Any]:
    """How the table was read.

    ``read``: whether it was at all; ``decided``: what, the answer and the option that changes it; ``columns``
    with what each was taken for and how it was ``written``; ``left_out`` and ``notes``, in sentences;
    ``path``: of the file, if the page opened one; ``model``: whether a model has decided.
    """
    rows, source = state.rows, state.rows.source
    found = Source(Reading()) if source is None else source
    target = {"name": rows.target.name, "kind": "target", "reason": rows.task_reason, "used": True}
    others = [{"name": c.name, "kind": c.kind, "reason": c.reason, "used": c.used} for c in rows.columns]
    return {
        "read": source is not None,
        "decided": [] if source is None else _decided(found.reading),
        "columns": [_with_notation(one, found.reading) for one in [target, *others]],
        "left_out": list(found.left_out),
        "notes": list(found.notes),
        "no_target": rows.left_out,
        "path": found.path,
        "model": rows.model is not None,
    }


def _with_notation(column: dict[str, Any], reading: Reading) -> dict[str, Any]:
    """A column with what is special about how it is written."""
    unit = dict(reading.units).get(column["name"])
    other = "a decimal point" if reading.decimal == "," else "a decimal comma"
    special = [*([unit] if unit else []), *([other] * (column["name"] in reading.exchanged))]
    return {**column, "written": f"written with {' and '.join(special)}" if special else ""}


def _decided(reading: Reading) -> list[dict[str, str]]:
    found, is_text = reading.described, bool(reading.layout)
    shown = _DECIDED if is_text else {name: _DECIDED[name] for name in ("decimal", "thousands", "dates")}
    return [
        {"what": what, "answer": found.get(name) or usual, "option": option}
        for name, (what, option, usual) in shown.items()
        if name in found or (usual and is_text)
    ]
