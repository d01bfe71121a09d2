"""``downslope compare``: several models on the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from downslope.cli._tables import How, source_of
from downslope.cli._targets import columns_of, loaded, print_found
from downslope.fitting import compare, file_names

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
    found = [loaded(model, target, columns_of(model, table, how)) for model in models]
    rows = found[0].read(table, **how)
    asked: dict[str, Any] = {"metric": metric, "row_weights": row_weights, "source": source_of(table)}
    print_found(compare(dict(zip(file_names(models), found, strict=True)), rows, target, **asked), as_json)
