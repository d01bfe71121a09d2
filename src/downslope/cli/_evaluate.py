"""``downslope evaluate``: the scores of a model on other rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from downslope.cli._screen import note
from downslope.cli._tables import source_of
from downslope.fitting import Model, load
from downslope.tables import Reading

__all__ = ["evaluate_table"]


def evaluate_table(
    *,
    model: str,
    table: str,
    metric: str | None,
    worst: int,
    row_weights: str | None,
    as_json: bool,
    sheet: str | None,
    reading: Mapping[str, Any],
) -> None:
    """Print the evaluation, or the one score that was asked for."""
    fitted = load(model, Model)
    frame = fitted.read(table, sheet=sheet, reading=Reading(**reading)).frame
    found = fitted.evaluate(frame, row_weights=row_weights, worst=worst, source=source_of(table))
    if metric is None:
        print(json.dumps(found.to_json(), ensure_ascii=False, indent=1) if as_json else found)
        return
    score = found.score(metric)
    for line in found.notes:
        note(line)
    if as_json:
        print(json.dumps({metric: score.value, "standard_error": score.standard_error}))
    else:
        print("–" if score.value is None else f"{score.value:.15g}")
