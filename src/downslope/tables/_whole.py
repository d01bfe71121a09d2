"""Exact figures of all rows of a column, of which the rows at hand may be a sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._extras import polars as pl

__all__ = ["Whole"]


@dataclass(frozen=True, eq=False)
class Whole:
    """What all rows of a column hold.

    Attributes:
        rows, gaps: how many rows there are, and how many of them have no value.
        low, high: the ends of its numbers, or of its dates in days; None where it holds neither.
        mean, deviation: of its numbers.
        cells: the distinct cells ``cell`` and the ``rows`` of each; None where they were not counted.
        undercount: by how many rows the count of a cell may be too low, and which cells may be lacking.
    """

    rows: int
    gaps: int
    low: float | None = None
    high: float | None = None
    mean: float = 0.0
    deviation: float = 0.0
    cells: pl.DataFrame | None = None
    undercount: int = 0

    def ends(self, present: NDArray[np.float64]) -> tuple[float, float]:
        """The least and the largest number, at least as far apart as those at hand."""
        low, high = float(present.min()), float(present.max())
        return (
            low if self.low is None else min(low, self.low),
            high if self.high is None else max(high, self.high),
        )
