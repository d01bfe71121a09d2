"""The table: its rows, and every column with what it holds."""

from __future__ import annotations

from downslope.drawing import Picture, small_histogram
from downslope.fitting._written import cell_text
from downslope.fitting.reports._findings import Findings
from downslope.fitting.reports._html import folded, note, paragraph, table
from downslope.fitting.reports._rows import column_counts
from downslope.tables import Column, Numeric

__all__ = ["data_section"]

_SHOWN = 40
_LEVELS = 8


def data_section(found: Findings) -> str:
    """A row for each column."""
    record, target = found.model.record, found.model.target
    used = [column for column in record.columns if column.used]
    unused = [column for column in record.columns if not column.used]
    rows = record.rows + record.gap_rows
    others = f", {len(unused)} that they do not" if unused else ""
    parts = [
        paragraph(
            f"{rows:,} rows and {len(record.columns) + 1} columns: the target, {len(used)} that predictions "
            f"use{others}."
        )
    ]
    own = Column(target.name, "target", found.model.summary.values)
    parts.append(_columns(found, [own, *used[:_SHOWN]], "Columns that predictions use"))
    if len(used) > _SHOWN:
        more = used[_SHOWN:]
        parts.append(folded(f"{len(more)} further columns", _columns(found, more, "Further columns")))
    if unused:
        names = _columns(found, unused[: 5 * _SHOWN], "Columns that predictions do not use")
        parts.append(folded(f"{len(unused)} columns that predictions do not use", names))
    if found.rows is None:
        parts.append(note(found.missing))
    return "".join(parts)


def _seen(found: Findings, column: Column) -> str:
    """The reason of its kind, with the levels of a category, and the range where it was not told."""
    part = {part.name: part for part in found.model.encoder.encodings}.get(column.name)
    if isinstance(part, Numeric) and " from " not in column.reason:
        return f"{column.reason}, from {part.low:.6g} to {part.high:.6g}"
    levels = [cell_text(level) for level in getattr(part, "levels", ())]
    if column.kind != "category" or not levels:
        return column.reason
    more = f" and {len(levels) - _LEVELS} more" if len(levels) > _LEVELS else ""
    return f"{column.reason}: {', '.join(levels[:_LEVELS])}{more}"


def _columns(found: Findings, columns: list[Column], caption: str) -> str:
    frame = None if found.rows is None else found.rows.described
    inputs = {use.name: f"{use.inputs}" for use in found.model.summary.columns if use.inputs}
    rows, pictures = [["column", "kind", "what it holds", "inputs", *["gaps"] * (frame is not None)]], []
    for column in columns:
        row, picture = [column.name, column.kind, _seen(found, column), inputs.get(column.name, "–")], None
        if frame is not None:
            present = column.name in frame.columns
            row.append(f"{frame[column.name].null_count():,}" if present else "–")
            picture = _picture(found, column) if present else None
        rows.append(row)
        pictures.append(picture)
    return table(rows, caption, left=(0, 1, 2), pictures=pictures if any(pictures) else ())


def _picture(found: Findings, column: Column) -> Picture | None:
    kind = column.kind
    if kind == "target":
        kind = "category" if found.model.target.classes else "number"
    if found.rows is None or kind not in ("number", "date", "category", "yes-no"):
        return None
    counts = column_counts(found.rows.described[column.name], kind)
    return small_histogram(counts, f"distribution of {column.name}") if counts else None
