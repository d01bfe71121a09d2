"""Columns at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from downslope._extras import polars as pl

__all__ = ["histogram"]

_BARS = 12


def histogram(column: pl.Series) -> Mapping[str, Any]:
    """A column at a glance: counts in equal bins of its numbers, or of its most frequent levels.

    Returns:
        ``counts``, at most 12, with ``low`` and ``high`` of the numbers or the ``labels`` of the levels.

    >>> histogram(pl.Series(["b", "a", "b"]))
    {'counts': [2, 1], 'labels': ['b', 'a']}
    """
    cells = column.drop_nulls()
    if not len(cells):
        return {"counts": [], "labels": []}
    if cells.dtype.is_numeric() and cells.n_unique() > _BARS:
        counts, edges = np.histogram(cells.cast(pl.Float64).to_numpy(), bins=_BARS)
        return {"counts": counts.tolist(), "low": float(edges[0]), "high": float(edges[-1])}
    levels = (
        cells.cast(pl.String, strict=False).alias("level").value_counts(sort=True, name="rows").head(_BARS)
    )
    return {"counts": levels["rows"].to_list(), "labels": levels["level"].to_list()}
