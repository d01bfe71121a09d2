"""``downslope compare``: several models on the same rows."""

from __future__ import annotations

import json
from collections.abc import Sequence

from downslope.cli._tables import source_of, weights_in
from downslope.fitting import compare
from downslope.tables import read_table

__all__ = ["compare_models"]


def compare_models(
    *,
    models: Sequence[str],
    table: str,
    metric: str | None,
    row_weights: str | None,
    as_json: bool,
    sheet: str | None,
) -> None:
    """Print the comparison."""
    frame = read_table(table, sheet=sheet)
    weights = weights_in(frame, row_weights)
    found = compare(models, frame, metric=metric, row_weights=weights, source=source_of(table))
    print(json.dumps(found.to_json(), ensure_ascii=False, indent=1) if as_json else found)
