"""Partial dependence: the mean prediction where a column, or two, have the same value in every row."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks import Interval, flag, items, show, whole
from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.drawing import Axis, Bar, Drawn, Picture, bars_picture, line_picture, map_picture, panel, table
from downslope.errors import DownslopeError
from downslope.fitting._sampling import sampled_rows
from downslope.fitting._written import aligned, in_digits_of
from downslope.fitting.contributions._grid import Grid, grid_of
from downslope.fitting.contributions._quantity import Predictor, Quantity, quantity_of
from downslope.tables import name_text

__all__ = ["PartialDependence", "partial_dependence"]

_POINTS = {1: 20, 2: 10}
_PREDICTIONS = 100_000
_NUMBERS = 4_000_000  # in the rows that are predicted at once


@dataclass(frozen=True, eq=False)
class PartialDependence(Drawn):
    """The mean prediction over the rows of a table, where one or two columns have a value in every row.

    Attributes:
        of: what is predicted: the target, or the probability or log-odds of a class.
        axes: the columns, with the places along each.
        values: the mean predictions, (places,) or (places, places).
        density: the share of the table's rows at each place, of the same shape; what the mean predictions are
            where there are none, no row can confirm.
        average: the mean prediction of the rows as they are.
        rows: over how many of them the means are.
    """

    of: str
    axes: tuple[Axis, ...]
    values: NDArray[np.float64]
    density: NDArray[np.float64]
    average: float
    rows: int

    @property
    def columns(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(axis.name for axis in self.axes)

    def __repr__(self) -> str:
        shape = " × ".join(map(str, self.values.shape))
        return f"<PartialDependence of {self.of!r} on {' and '.join(self.columns)}: {shape} places>"

    @property
    def _title(self) -> str:
        return f"{self.of} by {' and '.join(self.columns)}, mean over {self.rows:,} rows"

    @property
    def _scale(self) -> float:
        return float(np.ptp(self.values)) or float(np.abs(self.values).max())

    def __str__(self) -> str:
        """A line for each place; of two columns a table, with (…) where there are no rows of the data."""
        return "\n".join([self._title, *aligned(self.table())])

    def table(self) -> list[list[str]]:
        """A row for each place below the headings; of two columns, with (…) where there are no rows."""
        if len(self.axes) == 1:
            rows = zip(self.axes[0].labels, self.values, self.density, strict=True)
            shown = [[label, in_digits_of(self._scale, v), f"{100 * s:.1f} %"] for label, v, s in rows]
            return [[self.axes[0].name, self.of, "rows"], *shown]
        down, across = self.axes
        lines = [[f"{down.name} \\ {across.name}", *across.labels]]
        for label, values, shares in zip(down.labels, self.values, self.density, strict=True):
            cells = [in_digits_of(self._scale, v) for v in values]
            known = [cell if s else f"({cell})" for cell, s in zip(cells, shares, strict=True)]
            lines.append([label, *known])
        return lines

    def _repr_html_(self) -> str:
        """What a notebook shows: the picture, and the numbers as a table."""
        headings, *rows = self.table()
        return panel(
            "Partial dependence",
            f"of {self._title}",
            self.picture().svg(),
            table(headings, rows, numbers=headings[1:]),
        )

    def picture(self) -> Picture:
        """A line over numbers, bars of levels, or a map of two columns, with the density of the data."""
        if len(self.axes) == 2:
            values, density = self.values.tolist(), self.density.tolist()
            return map_picture((self.axes[0], self.axes[1]), values, density, self.of, self._title)
        (axis,) = self.axes
        values, density = self.values.tolist(), self.density.tolist()
        if len(axis.numbers) > 1:
            return line_picture(axis, values, density, self.of, self._title)
        bars = [
            Bar(f"{label} ({100 * share:.0f} %)", self.average, value, in_digits_of(self._scale, value))
            for label, value, share in zip(axis.labels, values, density, strict=True)
        ]
        return bars_picture(bars, self._title, f"{self.of}, from the average", (self.average,))

    def to_json(self) -> dict[str, Any]:
        """Plain data at full precision."""
        return {
            "of": self.of,
            "columns": [
                {"column": axis.name, "places": list(axis.numbers or axis.labels)} for axis in self.axes
            ],
            "values": self.values.tolist(),
            "density": self.density.tolist(),
            "average": self.average,
            "rows": self.rows,
        }


def partial_dependence(
    predictor: Predictor,
    frame: pl.DataFrame,
    columns: Any,
    *,
    points: int | None = None,
    of_class: Any = None,
    log_odds: bool = False,
) -> PartialDependence:
    """The mean prediction by the values of columns; ``Model.partial_dependence`` says more."""
    names = _names(columns)
    most = _POINTS[len(names)] if points is None else whole("points", points, Interval(2, limit=10_000))
    log_odds = flag("log_odds", log_odds)
    grids = [grid_of(predictor.encoder, frame, name, most) for name in names]
    shape = tuple(len(grid.inputs) for grid in grids)
    drawn = sampled_rows(frame.height, 0)
    most_rows = max(1, _PREDICTIONS // int(np.prod(shape)))
    some = predictor.encoder.encode(frame[drawn[:: -(-len(drawn) // most_rows)]]).x
    quantity = quantity_of(predictor, of_class, log_odds, some)
    return PartialDependence(
        quantity.name,
        tuple(grid.axis for grid in grids),
        _means(quantity, grids, some).reshape(shape),
        _density(grids, shape),
        float(quantity(some).mean()),
        len(some),
    )


def _names(columns: Any) -> list[str]:
    names = [columns] if isinstance(columns, str) else items("columns", columns, "names of columns")
    for i, name in enumerate(names):
        if not isinstance(name, Hashable):
            raise DownslopeError(f"columns[{i}] needs the name of a column, not {show(name)}")
    names = [name_text(name) for name in names]
    if not 1 <= len(names) <= 2 or len(set(names)) < len(names):
        raise DownslopeError(f"columns needs one name or two different ones, not {len(names)}: {names}")
    return names


def _means(quantity: Quantity, grids: list[Grid], x: NDArray[np.float32]) -> NDArray[np.float64]:
    """The mean at every combination of places, the last grid running fastest."""
    places = quantity.predictor.encoder.places
    combinations = np.stack(
        np.meshgrid(*(np.arange(len(grid.inputs)) for grid in grids), indexing="ij"), axis=-1
    ).reshape(-1, len(grids))
    means = np.empty(len(combinations))
    size = max(1, _NUMBERS // x.size)
    for first in range(0, len(combinations), size):
        block = combinations[first : first + size]
        rows = np.tile(x, (len(block), 1))
        for grid, chosen in zip(grids, block.T, strict=True):
            rows[:, places[grid.axis.name]] = grid.inputs[chosen].repeat(len(x), axis=0)
        means[first : first + size] = quantity(rows).reshape(len(block), -1).mean(axis=1)
    return means


def _density(grids: list[Grid], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """The share of all rows at each combination of places."""
    nearest = np.stack([grid.nearest for grid in grids])
    at_some = (nearest >= 0).all(axis=0)
    counts = np.zeros(shape)
    np.add.at(counts, tuple(nearest[:, at_some]), 1)
    shares: NDArray[np.float64] = counts / nearest.shape[1]
    return shares
