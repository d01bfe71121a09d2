"""A column as its distinct cells: what is costly for text is done once for each, and not for each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from downslope.tables._cells import level_text

__all__ = ["GAP_LEVEL", "Levels"]

GAP_LEVEL = "(gap)"
"""The name of the level that gaps are, where they are one."""


@dataclass(frozen=True)
class Levels:
    """The distinct cells of a column.

    Attributes:
        cell: which of them each row has, (rows,).
        text: the distinct cells as names of levels, null for gaps; several may have one name.
        rows: how many rows have each.

    >>> levels = Levels.of(pl.Series(["b", "a ", "a", None]))
    >>> levels.places(["a", "b"])[levels.cell]
    array([2, 1, 1, 0])
    """

    cell: NDArray[np.uint32]
    text: pl.Series
    rows: NDArray[np.uint32]

    @classmethod
    def of(cls, column: pl.Series) -> Levels:
        """The distinct cells of a column of any type."""
        named = column.dtype.is_float()  # a float is no key to join on
        cells = (level_text(column) if named else column).alias("cell")
        counts = cells.value_counts(name="rows").with_row_index("place")
        place = cells.to_frame().join(counts, on="cell", how="left", maintain_order="left")["place"]
        if place.null_count():  # a null equals nothing in a join
            place = place.fill_null(counts.filter(pl.col("cell").is_null())["place"][0])
        text = counts["cell"] if named else level_text(counts["cell"])
        return cls(place.to_numpy(), text, counts["rows"].to_numpy())

    def places(self, levels: Sequence[str]) -> NDArray[np.int64]:
        """The place of each distinct cell among some levels, counted from 1; 0 for those not among them."""
        place = {level: i for i, level in enumerate(levels, 1)}
        return np.array([place.get(GAP_LEVEL if t is None else t, 0) for t in self.text.to_list()], np.int64)

    @property
    def absent(self) -> NDArray[np.bool_]:
        """Which distinct cells are gaps."""
        return self.text.is_null().to_numpy()
