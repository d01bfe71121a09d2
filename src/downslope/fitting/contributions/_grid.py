"""The places of a column at which its partial dependence is taken."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.drawing import Axis
from downslope.errors import DownslopeError
from downslope.fitting._written import cell_text
from downslope.tables import Encoding, Numeric, TableEncoder, did_you_mean, finite_numbers, listed

__all__ = ["Grid", "grid_of"]

_ENDS = (0.05, 0.95)


@dataclass(frozen=True, eq=False)
class Grid:
    """Places along a column.

    Attributes:
        axis: their labels, and their numbers where the column is one.
        inputs: what the network gets of each, (places, inputs of the column).
        nearest: the place that each row of the table is nearest to, (rows,); -1 for none.
    """

    axis: Axis
    inputs: NDArray[np.float32]
    nearest: NDArray[np.int64]


def grid_of(encoder: TableEncoder, frame: pl.DataFrame, name: str, points: int) -> Grid:
    """The places of a column: its values or levels; of many, some.

    Of many numbers, evenly spaced ones from the 5th to the 95th percentile; of many levels the most frequent
    ones; of many dates, some that are evenly spaced in the order of the rows.

    Args:
        encoder: of the columns.
        frame: the rows.
        name: of the column.
        points: how many at most.

    Raises:
        DownslopeError: if the model does not use the column, or no row has a value of it.
    """
    parts = {part.name: part for part in encoder.encodings}
    if name not in parts:
        raise DownslopeError(
            f'the model uses no column "{name}"{did_you_mean(name, parts)}; it uses {listed(list(parts))}'
        )
    if name not in frame.columns:
        raise DownslopeError(f"the table lacks the column {name}; it has {listed(frame.columns)}")
    if frame[name].null_count() == frame.height:
        raise DownslopeError(f'no row has a value of "{name}"; give a table with some')
    part = parts[name]
    if isinstance(part, Numeric):
        cells, nearest = _numbers(finite_numbers(frame[name]), points)
    elif part.encoding == "date":
        cells, nearest = _dates(frame[name], _encoded(part, frame[name])[:, 0], points)
    else:
        cells, nearest = _levels(frame[name], points)
    labels = tuple(cell_text(cell) for cell in cells)
    numbers = tuple(map(float, cells)) if isinstance(part, Numeric) else ()
    return Grid(Axis(name, labels, numbers), _encoded(part, cells), nearest)


def _encoded(part: Encoding, cells: pl.Series) -> NDArray[np.float32]:
    inputs = np.empty((len(cells), len(part.features)), np.float32)
    part.encode(cells, inputs)
    return inputs


def _numbers(column: pl.Series, points: int) -> tuple[pl.Series, NDArray[np.int64]]:
    values = column.to_numpy()
    present = values[np.isfinite(values)]
    places = np.unique(present)
    if len(places) > points:
        low, high = np.quantile(present, _ENDS)
        step = (high - low) / (points - 1)
        decimals = 2 - int(np.floor(np.log10(step))) if step else 0
        # few digits; and one place only where most rows have the same value
        places = np.unique(np.linspace(low, high, points).round(decimals)) if step else np.array([low])
    if len(places) == 1:
        return pl.Series(column.name, places), np.where(values == places[0], 0, -1)
    middles = (places[1:] + places[:-1]) / 2
    edges = np.array([2 * places[0] - middles[0], *middles, 2 * places[-1] - middles[-1]])
    nearest = np.searchsorted(edges, values, side="right") - 1
    nearest[values == edges[-1]] = len(places) - 1
    nearest[~(values >= edges[0]) | (nearest >= len(places))] = -1
    return pl.Series(column.name, places), nearest


def _levels(column: pl.Series, points: int) -> tuple[pl.Series, NDArray[np.int64]]:
    present = column.drop_nulls()
    counts = present.value_counts(name="\0rows").sort(["\0rows", column.name], descending=[True, False])
    cells = counts[column.name].head(points)
    places = {cell: place for place, cell in enumerate(cells)}
    return cells, np.array([places.get(cell, -1) for cell in column])


def _dates(column: pl.Series, times: NDArray[np.float32], points: int) -> tuple[pl.Series, NDArray[np.int64]]:
    known = np.flatnonzero(column.is_not_null().to_numpy())
    _, first = np.unique(times[known], return_index=True)
    if len(first) > points:
        first = first[np.linspace(0, len(first) - 1, points).round().astype(int)]
    rows = known[first]
    nearest = np.searchsorted((times[rows][1:] + times[rows][:-1]) / 2, times)
    nearest[column.is_null().to_numpy()] = -1
    return column.gather(rows), nearest
