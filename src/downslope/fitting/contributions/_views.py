"""How contributions are shown: those to one prediction step by step, those to several by their sizes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.drawing import Bar, Picture, bars_picture
from downslope.fitting._written import aligned, in_digits_of, with_error

__all__ = ["OneRow", "SeveralRows"]

_SHOWN = 20


@dataclass(frozen=True, eq=False)
class OneRow:
    """The steps from the average to one prediction, the largest first.

    Attributes:
        of: what is explained.
        columns, cells: their names, and what the row holds.
        prediction, average: of the row, and of the background.
        values, errors, slopes: contributions, standard errors and derivatives, (columns,).
        background: how many rows the average is of.
        method: how exact it is, in words.
    """

    of: str
    columns: Sequence[str]
    cells: Sequence[str]
    prediction: float
    average: float
    values: NDArray[np.float64]
    errors: NDArray[np.float64]
    slopes: NDArray[np.float64]
    background: int
    method: str

    @property
    def title(self) -> str:
        """In one line."""
        reached, average = self._digits(self.prediction), self._digits(self.average)
        return f"{self.of}: {reached}, on average {average} over {self.background} rows; {self.method}"

    def _digits(self, value: float, sign: bool = False) -> str:
        scale = float(np.abs(self.values).max()) or abs(self.prediction)
        return in_digits_of(scale, value, sign)

    def _steps(self) -> list[tuple[str, str, float, float]]:
        """Column, cell, contribution and error, the least ones together."""
        order = _by_size(self.values)
        shown = order if len(order) <= _SHOWN + 1 else order[:_SHOWN]
        steps = [
            (self.columns[i], self.cells[i], float(self.values[i]), float(self.errors[i])) for i in shown
        ]
        rest = order[len(shown) :]
        if rest:
            steps.append((f"{len(rest)} other columns", "", float(self.values[rest].sum()), 0.0))
        return steps

    def text(self) -> str:
        """The steps, and the derivatives below."""
        rows = [["average", f"of {self.background} rows", self._digits(self.average), ""]]
        for column, cell, value, error in self._steps():
            rows.append([column, cell, self._digits(value, sign=True), with_error(error)])
        rows.append(["prediction", "", self._digits(self.prediction), ""])
        return "\n".join([self.of, *aligned(rows, left=(0, 1)), "", *self._slope_lines()])

    def _slope_lines(self) -> list[str]:
        known = [i for i in _by_size(self.values) if np.isfinite(self.slopes[i])][:_SHOWN]
        if not known:
            return ["No column is a number: there are no derivatives."]
        rows = [[self.columns[i], self.cells[i], f"{self.slopes[i]:+,.4g}"] for i in known]
        title = f"By one unit more of a column, {self.of} changes here by (the derivative)"
        return [title, *aligned(rows)]

    def table(self) -> list[list[str]]:
        """A row for each column below the headings."""
        sampled = bool(self.errors.any())
        rows = [["column", "value", "contribution", *["standard error"] * sampled, "one unit more"]]
        for i in _by_size(self.values)[:_SHOWN]:
            error = [with_error(float(self.errors[i]))] * sampled
            slope = f"{self.slopes[i]:+,.4g}" if np.isfinite(self.slopes[i]) else ""
            rows.append([self.columns[i], self.cells[i], self._digits(self.values[i], True), *error, slope])
        return rows

    def picture(self) -> Picture:
        """A bar for each step, from where the one before it ends."""
        reached, bars = self.average, []
        for column, cell, value, error in self._steps():
            name = f"{column} = {cell}" if cell else column
            bars.append(Bar(name, reached, reached + value, self._digits(value, sign=True), error))
            reached += value
        axis = f"{self.of}, from average to prediction"
        return bars_picture(bars, self.title, axis, (self.average, self.prediction))


@dataclass(frozen=True, eq=False)
class SeveralRows:
    """How much each column adds to some predictions, the largest mean size first.

    Attributes:
        of: what is explained of each row.
        columns: their names.
        values: contributions, (rows, columns).
        background: how many rows the averages are of.
        method: how exact it is, in words.
    """

    of: Sequence[str]
    columns: Sequence[str]
    values: NDArray[np.float64]
    background: int
    method: str

    @property
    def title(self) -> str:
        """In one line."""
        what = ", ".join(dict.fromkeys(self.of))
        return f"{what}: {len(self.of)} rows, compared with {self.background}; {self.method}"

    @property
    def _sizes(self) -> NDArray[np.float64]:
        sizes: NDArray[np.float64] = np.abs(self.values).mean(axis=0)
        return sizes

    def text(self) -> str:
        """The table below the title."""
        return "\n".join([self.title, *aligned(self.table())])

    def table(self) -> list[list[str]]:
        """A row for each column below the headings."""
        sizes = self._sizes
        scale = float(sizes.max())
        rows = [["column", "mean size", "least", "largest"]]
        for i in _by_size(sizes)[:_SHOWN]:
            ends = (float(self.values[:, i].min()), float(self.values[:, i].max()))
            size = in_digits_of(scale, float(sizes[i]))
            rows.append([self.columns[i], size, *(in_digits_of(scale, end, sign=True) for end in ends)])
        return rows

    def picture(self) -> Picture:
        """A bar for each column."""
        sizes = self._sizes
        bars = [
            Bar(self.columns[i], 0.0, float(sizes[i]), in_digits_of(float(sizes.max()), float(sizes[i])))
            for i in _by_size(sizes)[:_SHOWN]
        ]
        return bars_picture(bars, self.title, "mean size of the contributions")


def _by_size(values: NDArray[np.float64]) -> list[int]:
    """The places of the values, the largest size first."""
    return [int(i) for i in np.argsort(-np.abs(values), kind="stable")]
