"""The table that a report looks at, and what its columns hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.fitting.evaluation import LabelledRows
from downslope.tables import Table, finite_numbers

__all__ = ["ReportRows", "column_counts", "source_name"]

_BARS = 20
_LEVELS = 12


@dataclass(frozen=True, eq=False)
class ReportRows:
    """A table.

    Attributes:
        name: of the file, or how it was given.
        table: its rows, read as those of the fitted table.
        labelled: those of them that have a target; None where that is not in the table.
        path: where it was read from; None where it was given as data.
    """

    name: str
    table: Table
    labelled: LabelledRows | None
    path: str | None

    @property
    def frame(self) -> pl.DataFrame:
        """The rows."""
        return self.table.frame

    @property
    def described(self) -> pl.DataFrame:
        """The rows that columns are described by: those with a target, where there are any."""
        return self.frame if self.labelled is None else self.labelled.frame


def source_name(source: str) -> str:
    """Where a table came from, without its folder.

    >>> source_name("/home/ada/penguins.csv"), source_name("dict")
    ('penguins.csv', 'a dict')
    """
    return f"a {source}" if source.isidentifier() else Path(source).name or source


def column_counts(column: pl.Series, kind: str) -> list[float]:
    """How many rows there are in ranges of numbers or dates, or of the most frequent levels; [] for none."""
    if kind in ("category", "yes-no"):
        counts = column.drop_nulls().value_counts(sort=True, name="\0rows").head(_LEVELS)
        return [float(count) for count in counts.sort(column.name)["\0rows"]]
    try:
        temporal = column.dtype.is_temporal()
        numbers = column.cast(pl.Int64).cast(pl.Float64) if temporal else finite_numbers(column)
    except (DownslopeError, pl.exceptions.PolarsError):
        return []
    values = numbers.drop_nulls().to_numpy()
    values = values[np.isfinite(values)]
    if not len(values):
        return []
    distinct = len(np.unique(values))
    counted, _ = np.histogram(values / (np.abs(values).max() or 1.0), bins=min(_BARS, max(distinct, 1)))
    return [float(count) for count in counted]
