"""What the reading of a table decided, and what to do where it is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from downslope.studio.session._state import SessionState
from downslope.studio.table._reading import Source
from downslope.tables import Reading

__all__ = ["reading_view"]


class _Option(NamedTuple):
    """An option of reading: a title, its name on the command line, what is said where nothing was found.

    ``choices`` are its values and what is written for them; where there are none, one is typed, such as
    ``example``.
    """

    what: str
    option: str
    usual: str = ""
    choices: Mapping[str, str] = {}
    example: str = ""


_OPTIONS: Mapping[str, _Option] = {
    "delimiter": _Option(
        "Between cells",
        "--delimiter",
        choices={
            ",": "commas",
            ";": "semicolons",
            "tab": "tabs",
            "|": "vertical bars",
            " ": "spaces",
            ":": "colons",
            "": "nothing: one column",
        },
    ),
    "decimal": _Option(
        "Decimal mark", "--decimal", "no decimal numbers", {".": "decimal point", ",": "decimal comma"}
    ),
    "thousands": _Option(
        "Thousands",
        "--thousands",
        "no mark between thousands",
        {",": "commas", ".": "points", " ": "spaces", "'": "apostrophes", "_": "underscores"},
    ),
    "dates": _Option(
        "Dates",
        "--date-format",
        "no unclear dates",
        {"%d/%m/%Y": "day first", "%m/%d/%Y": "month first"},
    ),
    "encoding": _Option("Encoding", "--encoding", "utf-8", example="such as cp1252"),
    "skip_rows": _Option("Above the header", "--skip-rows", "nothing", example="number of lines"),
    "header": _Option(
        "Header",
        "--no-header",
        "the first row names the columns",
        {"yes": "the first row names the columns", "no": "no header"},
    ),
    "comment": _Option("Comments", "--comment", "none", example="such as #"),
}
"""By the attribute of a reading."""
_SHEET = _Option("Sheet", "--sheet", "the first one", example="such as Sales!B3:F20")
_ANYWHERE = ("decimal", "thousands", "dates")  # of text in cells of any file
_WITH_SHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")


def reading_view(state: SessionState) -> dict[str, Any]:
    """How the table was read.

    ``read``: whether it was at all; ``decided``: what, the answer and the option that changes it; ``columns``
    with what each was taken for and how it was ``written``; ``left_out`` and ``notes``, in sentences;
    ``path``: of the file, if the page opened one; ``model``: whether a model has decided; ``again``: whether
    its file can be read again with other options; ``keep_rows``: whether it is said that no row is left out.
    """
    rows, source = state.rows, state.rows.source
    found = Source(Reading()) if source is None else source
    target = {"name": rows.target.name, "kind": "target", "reason": rows.task_reason, "used": True}
    others = [{"name": c.name, "kind": c.kind, "reason": c.reason, "used": c.used} for c in rows.columns]
    return {
        "read": source is not None,
        "decided": [] if source is None else _decided(found, rows.name),
        "columns": [_with_notation(one, found.reading) for one in [target, *others]],
        "left_out": list(found.left_out),
        "notes": list(found.notes),
        "no_target": rows.left_out,
        "path": found.path,
        "model": rows.model is not None,
        "again": found.file is not None and rows.model is None,
        "keep_rows": "keep_rows" in found.given,
    }


def _with_notation(column: dict[str, Any], reading: Reading) -> dict[str, Any]:
    """A column with what is special about how it is written."""
    unit = dict(reading.units).get(column["name"])
    other = "a decimal point" if reading.decimal == "," else "a decimal comma"
    special = [*([unit] if unit else []), *([other] * (column["name"] in reading.exchanged))]
    return {**column, "written": f"written with {' and '.join(special)}" if special else ""}


def _decided(source: Source, name: str) -> list[dict[str, Any]]:
    """Each option: what was found by it, and what is ``given``, as one of its choices or as it is typed."""
    found, given = source.reading.described, source.given
    shown = dict(_OPTIONS if source.reading.layout else {n: _OPTIONS[n] for n in _ANYWHERE})
    if Path(source.path or name).suffix.lower() in _WITH_SHEETS:
        shown = {"sheet": _SHEET, **shown}
    return [
        {
            "name": name,
            "what": one.what,
            "answer": found.get(name) or one.usual,
            "option": one.option,
            "given": _as_written(given.get(name)),
            "choices": [list(choice) for choice in one.choices.items()],
            "example": one.example,
        }
        for name, one in shown.items()
    ]


def _as_written(value: Any) -> str | None:
    """A value that was given, as the page sends it."""
    words = {None: None, True: "yes", False: "no", "\t": "tab"}
    return words[value] if isinstance(value, bool | None) or value == "\t" else str(value)
