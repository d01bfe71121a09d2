"""What all rows of a dataset hold, found in one pass: exact figures, and a uniform sample of the rows."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import field, replace

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope._row_keys import row_keys
from downslope.tables._columns import Column, column_kind, finite_numbers
from downslope.tables._whole import Whole
from downslope.tables.dataset._counted import CountedRows, LeftOut, rows_named_in
from downslope.tables.dataset._dataset import Dataset

__all__ = ["Summary", "summarised"]

SAMPLED = 200_000
"""Rows of the sample at most."""
_FEWEST = 1000
_LEVELS = 100_000  # distinct cells that are counted of text, of the target and of what is asked for
_NUMBERS = 1000  # and of other columns of numbers, which are mostly none of few levels
_SURE = 0.01  # the chance that some quantile of a sample is farther off than is said
_DAY = 86_400e6  # of microseconds
_KEY, _PLACE = "\0key", "\0place"  # the names of no columns


@dataclass(frozen=True, eq=False)
class Summary:
    """A dataset as the rows of it that count have it.

    Attributes:
        sample: rows drawn without repetition, each as likely as any other, in the order of the dataset.
        places: where they stand among all rows that count, (rows of the sample,).
        counts: rows of each block that count.
        left_out: how many do not.
        columns: what all rows that count hold, by column.
    """

    sample: pl.DataFrame
    places: NDArray[np.int64]
    counts: tuple[int, ...]
    left_out: LeftOut
    columns: dict[str, Whole] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """All that count."""
        return sum(self.counts)

    def described(self, column: Column) -> Column:
        """What the sample tells of a column, with the figures of all rows."""
        about = self.columns[column.name]
        if self.sample.height == self.rows or column.kind == "dropped":
            return column
        cells = None if about.cells is None else about.cells.drop_nulls("cell")["cell"]
        if column.kind in ("constant", "empty") and (
            about.low != about.high or (cells is not None and len(cells) > 1)
        ):
            values = pl.Series([about.low, about.high]) if cells is None else cells
            column = column_kind(values.alias(column.name))  # what is rare was not in the sample
        gaps = f", {about.gaps:,} gap{'s' * (about.gaps > 1)}" if about.gaps else ""
        if column.kind == "number" and about.low is not None:
            count = "" if cells is None else f"{len(cells):,} "
            return replace(column, reason=f"{count}values from {about.low:.6g} to {about.high:.6g}{gaps}")
        if column.kind == "category" and cells is not None:
            return replace(column, reason=f"{column.reason.split(', ')[0]}, {len(cells):,} levels{gaps}")
        return column

    def said(self, used: Collection[str] = ()) -> str:
        """How far the sample can be off, in words: the bound of Dvoretzky, Kiefer, Wolfowitz and Massart.

        Of the columns that are used, it says where levels were too many to be counted exactly.
        """
        sampled = self.sample.height
        if sampled == self.rows:
            return f"all {self.rows:,} rows were looked at"
        off = 100 * math.sqrt(math.log(2 / _SURE) / (2 * sampled))
        low = [
            f"{name} by at most {w.undercount:,}"
            for name, w in self.columns.items()
            if w.undercount and name in used
        ]
        counts = f"; counts of levels are too low in {', '.join(low)} rows" if low else ""
        return (
            f"kinds and quantiles of columns are of a uniform sample of {sampled:,} of {self.rows:,} rows: a "
            f"quantile is off by at most {off:.2g} % of the rows, in 99 of 100 samples{counts}; gaps, levels "
            "and ranges are of all rows"
        )


def summarised(rows: CountedRows, levels: Collection[str], seed: int) -> Summary:
    """One pass over a dataset.

    Args:
        rows: of it, which need not fit into memory.
        levels: columns that are categories, whatever they hold.
        seed: of the sample, which depends on it and on the places of the rows alone.

    Raises:
        DownslopeError: for an infinity, a weight or a time that is none.
    """
    dataset, left_out = rows.dataset, LeftOut()
    drawn = _Sample(seed, _sample_size(dataset))
    counted = {rows.target, *levels}
    found = {
        name: _Column(name, _LEVELS if name in counted or not kind.is_numeric() else _NUMBERS)
        for name, kind in dataset.schema.items()
    }
    counts: list[int] = []
    for block in dataset.blocks:
        read = rows.block(block)
        with rows_named_in(read.path, read.index):
            for column in read.frame:
                found[column.name].see(column)
        drawn.see(read.frame, sum(counts))
        counts.append(read.frame.height)
        left_out += read.left_out
    sample, places = drawn.taken()
    columns = {name: column.whole() for name, column in found.items()}
    return Summary(sample, places, tuple(counts), left_out, columns)


def _sample_size(dataset: Dataset) -> int:
    """As many rows as take an eighth of the memory, which is few only of wide tables."""
    width = max(1, dataset.bytes // len(dataset))
    return int(min(SAMPLED, max(_FEWEST, dataset.budget // (8 * width))))


class _Sample:
    """The rows with the smallest keys so far (a bottom-k sample)."""

    def __init__(self, seed: int, size: int) -> None:
        self._seed, self._size = seed, size
        self._parts: list[pl.DataFrame] = []
        self._held = 0
        self._limit: np.uint64 | None = None

    def see(self, frame: pl.DataFrame, first: int) -> None:
        keys = row_keys(first, frame.height, self._seed)
        chosen = np.arange(frame.height) if self._limit is None else np.flatnonzero(keys < self._limit)
        own = pl.DataFrame({_KEY: keys[chosen], _PLACE: first + chosen})
        self._parts.append(pl.concat([frame[chosen], own], how="horizontal"))
        self._held += len(chosen)
        if self._held > 2 * self._size:
            self._cut()

    def taken(self) -> tuple[pl.DataFrame, NDArray[np.int64]]:
        self._cut()
        whole = self._parts[0].sort(_PLACE)
        return whole.drop(_KEY, _PLACE), whole[_PLACE].to_numpy().astype(np.int64)

    def _cut(self) -> None:
        whole = pl.concat(self._parts, how="vertical_relaxed")
        if whole.height > self._size:
            whole = whole.bottom_k(self._size, by=_KEY)
            self._limit = whole[_KEY].to_numpy().max()
        self._parts, self._held = [whole], whole.height


class _Column:
    """What was seen of a column so far."""

    def __init__(self, name: str, most: int) -> None:
        self._name, self._most = name, most
        self._about = Whole(0, 0)
        self._squares = 0.0  # the sum of the squares of the distances from the mean
        self._cells: list[pl.DataFrame] | None = []

    def see(self, column: pl.Series) -> None:
        """Some more rows."""
        about, gaps = self._about, column.null_count()
        if column.dtype in (pl.Date, pl.Datetime):
            days = column.drop_nulls().cast(pl.Datetime("us")).cast(pl.Int64).to_numpy() / _DAY
            about = self._with_numbers(about, days)
        elif column.dtype.is_numeric() or column.dtype in (pl.Duration, pl.Time):
            values = finite_numbers(column)
            gaps = values.null_count()
            about = self._with_numbers(about, values.drop_nulls().to_numpy())
        self._about = replace(about, rows=about.rows + len(column), gaps=about.gaps + gaps)
        if self._cells is not None and not column.dtype.is_nested():
            self._count(column)

    def whole(self) -> Whole:
        """The figures of all rows."""
        self._merge()
        about = self._about
        present = max(about.rows - about.gaps, 1)
        cells = self._cells[0] if self._cells else None
        return replace(about, deviation=math.sqrt(self._squares / present), cells=cells)

    def _with_numbers(self, about: Whole, present: NDArray[np.float64]) -> Whole:
        """With further numbers; mean and squares as of Chan, Golub and LeVeque (1979)."""
        if not len(present):
            return about
        before, more = about.rows - about.gaps, len(present)
        mean = float(present.mean())
        apart = mean - about.mean
        self._squares += float(np.sum((present - mean) ** 2)) + apart**2 * before * more / (before + more)
        low, high = float(present.min()), float(present.max())
        return replace(
            about,
            low=low if about.low is None else min(low, about.low),
            high=high if about.high is None else max(high, about.high),
            mean=about.mean + apart * more / (before + more),
        )

    def _count(self, column: pl.Series) -> None:
        assert self._cells is not None
        if self._most == _NUMBERS and column.n_unique() > _NUMBERS:
            self._cells = None  # numbers of which each has few rows are no levels
            return
        text = column.cast(pl.String) if column.dtype in (pl.Categorical, pl.Enum) else column
        self._cells.append(text.alias("cell").value_counts(name="rows").cast({"rows": pl.Int64}))
        if len(self._cells) > 16:
            self._merge()

    def _merge(self) -> None:
        """One table of counts, of the most frequent cells where there are too many."""
        if not self._cells:
            return
        counts = (
            pl.concat(self._cells)
            .group_by("cell")
            .agg(pl.col("rows").sum())
            .sort("rows", "cell", descending=True)
        )
        if counts.height > self._most:
            if self._most == _NUMBERS:
                self._cells = None
                return
            dropped = int(counts["rows"][self._most])
            self._about = replace(self._about, undercount=self._about.undercount + dropped)
            counts = counts.head(self._most)
        self._cells = [counts]
