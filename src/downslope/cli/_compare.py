"""``downslope compare``: several models on the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from downslope.cli._tables import source_of
from downslope.cli._targets import loaded, print_found
from downslope.fitting import compare
from downslope.tables import Reading

__all__ = ["compare_models"]


def compare_models(
    *,
    models: Sequence[str],
    table: str,
    target: str | None,
    metric: str | None,
    row_weights: str | None,
    as_json: bool,
    sheet: str | None,
    reading: Mapping[str, Any],
) -> None:
    """Print the comparison."""
    frame = loaded(models[0]).read(table, sheet=sheet, reading=Reading(**reading)).frame
    asked: dict[str, Any] = {"metric": metric, "row_weights": row_weights, "source": source_of(table)}
    print_found(compare(models, frame, target, **asked), as_json)
