"""``downslope compare``: several models on the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from downslope.cli._tables import How, source_of
from downslope.cli._targets import loaded, print_found
from downslope.fitting import compare

__all__ = ["compare_models"]


def compare_models(
    *,
    models: Sequence[str],
    table: str,
    target: str | None,
    metric: str | None,
    row_weights: str | None,
    as_json: bool,
    how: How,
) -> None:
    """Print the comparison."""
    rows = loaded(models[0]).read(table, **how)
    asked: dict[str, Any] = {"metric": metric, "row_weights": row_weights, "source": source_of(table)}
    print_found(compare(models, rows, target, **asked), as_json)
