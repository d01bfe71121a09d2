"""``downslope compare``: several models on the same rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from downslope.cli._tables import source_of
from downslope.fitting import Model, compare, load
from downslope.tables import Reading

__all__ = ["compare_models"]


def compare_models(
    *,
    models: Sequence[str],
    table: str,
    metric: str | None,
    row_weights: str | None,
    as_json: bool,
    sheet: str | None,
    reading: Mapping[str, Any],
) -> None:
    """Print the comparison."""
    frame = load(models[0], Model).read(table, sheet=sheet, reading=Reading(**reading)).frame
    found = compare(models, frame, metric=metric, row_weights=row_weights, source=source_of(table))
    print(json.dumps(found.to_json(), ensure_ascii=False, indent=1) if as_json else found)
