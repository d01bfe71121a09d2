"""What was decided before training: how the table was read, which rows and columns count, how they are "
"encoded."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from downslope.fitting.record import ColumnUse
from downslope.fitting.reports._findings import Findings
from downslope.fitting.reports._html import definitions
from downslope.fitting.reports._rows import source_name
from downslope.tables import Numeric

__all__ = ["decisions_section"]

_NAMES = 20
_ENCODERS = {
    "number": (
        "Numbers",
        "less the median, divided by the range of the middle half; long tails are compressed like logarithms",
    ),
    "as they are": ("Numbers", "as they are"),
    "two levels": ("Two levels", "as −1 and 1"),
    "one-hot": ("Levels", "an input of 0 or 1 for each"),
    "embedding": ("Many levels", "a vector for each, which is learned"),
    "date": ("Dates", "the time, and places on the circles of year, week and day"),
}
"""What each encoder is for, and what it makes."""


def decisions_section(found: Findings) -> str:
    """Terms, and what was decided."""
    model, record = found.model, found.model.record
    pairs = [("Table", source_name(record.source))]
    if str(model.reading):
        pairs.append(("Read as", str(model.reading)))
    rows = f"{record.rows:,} used"
    if record.gap_rows:
        rows += f"; {record.gap_rows:,} left out, which have no value of {model.target.name}"
    pairs.append(("Rows", rows))
    pairs += [("Note", said) for said in record.notes]
    pairs.append(("Task", record.task_reason))
    pairs.append(("Asked for", ", ".join(record.asked) or "the defaults"))
    uses = model.summary.columns
    numbers = [part for part in model.encoder.encodings if isinstance(part, Numeric)]
    plain = {part.name for part in numbers if (part.centre, part.scale, part.tails) == (0, 1, "kept")}
    pairs += _by_encoder([replace(u, encoder="as they are") if u.name in plain else u for u in uses])
    pairs += [("Left out", f"{c.name}: {c.kind}, {c.reason}") for c in uses if not c.inputs][:_NAMES]
    return definitions(pairs)


def _by_encoder(uses: list[ColumnUse]) -> list[tuple[str, str]]:
    used = sorted((use for use in uses if use.inputs), key=lambda use: list(_ENCODERS).index(use.encoder))
    found = []
    for encoder, group in groupby(used, key=lambda use: use.encoder):
        names = [use.name for use in group]
        more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
        what, how = _ENCODERS[encoder]
        found.append((what, f"{', '.join(names[:_NAMES])}{more}: {how}"))
    return found
