"""What each column adds to a prediction, beside the average prediction of a background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from downslope._checks import Interval, flag, whole
from downslope._checks import seed as checked_seed
from downslope.drawing import Bar, Picture, bars_picture, panel, table
from downslope.errors import DownslopeError
from downslope.fitting._sampling import sampled_rows
from downslope.fitting._written import aligned, cell_text, in_digits_of, with_error
from downslope.fitting.contributions._quantity import Predictor, Quantity, columns_of, quantity_of
from downslope.fitting.contributions._shapley import shapley
from downslope.fitting.contributions._slopes import slopes

__all__ = ["Contributions", "contributions"]

_BACKGROUND = 100
_SHOWN = 20


@dataclass(frozen=True, eq=False)
class Contributions:
    """What each column adds to the predictions of some rows.

    The contributions of a row have the sum prediction − average. They are Shapley values of the whole model;
    the other columns are those of background rows.

    Attributes:
        of: what is explained, of each row: the target, or the probability or log-odds of a class.
        columns: those that the model uses.
        cells: what the rows hold, as text, (rows, columns).
        predictions: (rows,).
        averages: the mean prediction over the background, of what is explained of each row, (rows,).
        values: the contributions, (rows, columns).
        errors: their standard errors, (rows, columns); 0 where they are exact.
        slopes: by how much the prediction grows by one unit more of the column, at the row itself: the
            derivative, (rows, columns); NaN for gaps and for columns that are no numbers.
        background: how many rows the average is of.
    """

    of: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    predictions: NDArray[np.float64]
    averages: NDArray[np.float64]
    values: NDArray[np.float64]
    errors: NDArray[np.float64]
    slopes: NDArray[np.float64]
    background: int

    def __len__(self) -> int:
        return len(self.of)

    def __getitem__(self, row: int) -> Contributions:
        """Those of one row.

        Raises:
            IndexError: if there are fewer rows.
        """
        i = range(len(self))[row]
        one = slice(i, i + 1)
        arrays = {
            name: getattr(self, name)[one]
            for name in ("predictions", "averages", "values", "errors", "slopes")
        }
        return Contributions(
            self.of[one], self.columns, self.cells[one], **arrays, background=self.background
        )

    @property
    def exact(self) -> bool:
        """Whether they are of every coalition of the columns, and not of a sample."""
        return not self.errors.any()

    def __repr__(self) -> str:
        rows = f"{len(self)} row{'s' if len(self) > 1 else ''}"
        return f"<Contributions of {len(self.columns)} columns to {rows}: {self._method}>"

    @property
    def _method(self) -> str:
        if self.exact:
            return "exact"
        return f"sampled, standard error at most {self.errors.max():.2g}"

    def __str__(self) -> str:
        """Of one row, the steps from the average to the prediction; of several, the mean sizes of steps."""
        if len(self) == 1:
            return "\n".join([*self._step_lines(), "", *self._slope_lines()])
        return "\n".join([self._title, *aligned(self._rows_of_several())])

    def markdown(self) -> str:
        """The table that a notebook shows, as Markdown."""
        headings, *rows = self._rows_of_one() if len(self) == 1 else self._rows_of_several()
        cells = [headings, ["---"] * len(headings), *rows]
        lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells]
        return "\n".join([self._title, "", *lines, ""])

    def _repr_html_(self) -> str:
        """What a notebook shows: the same as tables, and the picture."""
        parts = [self.picture().svg()]
        if len(self) == 1:
            headings, *rows = self._rows_of_one()
            parts.append(table(headings, rows, numbers=headings[2:]))
        else:
            headings, *rows = self._rows_of_several()
            parts.append(table(headings, rows, numbers=headings[1:]))
        return panel("Contributions", self._title, *parts)

    @property
    def _title(self) -> str:
        if len(self) == 1:
            scale = self._scale(0)
            reached = in_digits_of(scale, self.predictions[0])
            average = in_digits_of(scale, self.averages[0])
            return (
                f"{self.of[0]}: {reached}, on average {average} over {self.background} rows; {self._method}"
            )
        what = ", ".join(dict.fromkeys(self.of))
        return f"{what}: {len(self)} rows, compared with {self.background}; {self._method}"

    def _scale(self, row: int) -> float:
        """What the digits of a row are chosen by."""
        return float(np.abs(self.values[row]).max()) or float(abs(self.predictions[row]))

    def _order(self, sizes: NDArray[np.float64]) -> list[int]:
        return [int(i) for i in np.argsort(-sizes, kind="stable")]

    def _steps(self) -> list[tuple[str, str, float, float]]:
        """Column, cell, contribution and error of the only row, the largest first, the least ones as one."""
        values, errors = self.values[0], self.errors[0]
        order = self._order(np.abs(values))
        shown = order if len(order) <= _SHOWN + 1 else order[:_SHOWN]
        steps = [(self.columns[i], self.cells[0][i], float(values[i]), float(errors[i])) for i in shown]
        rest = order[len(shown) :]
        if rest:
            steps.append((f"{len(rest)} other columns", "", float(values[rest].sum()), 0.0))
        return steps

    def _step_lines(self) -> list[str]:
        scale = self._scale(0)
        rows = [["average", f"of {self.background} rows", in_digits_of(scale, self.averages[0]), ""]]
        for column, cell, value, error in self._steps():
            rows.append([column, cell, in_digits_of(scale, value, sign=True), with_error(error)])
        rows.append(["prediction", "", in_digits_of(scale, self.predictions[0]), ""])
        return [self.of[0], *aligned(rows, left=(0, 1))]

    def _slope_lines(self) -> list[str]:
        known = [i for i in self._order(np.abs(self.values[0])) if np.isfinite(self.slopes[0, i])][:_SHOWN]
        if not known:
            return ["No column is a number: there are no derivatives."]
        rows = [[self.columns[i], self.cells[0][i], f"{self.slopes[0, i]:+,.4g}"] for i in known]
        title = f"By one unit more of a column, {self.of[0]} changes here by (the derivative)"
        return [title, *aligned(rows)]

    def _rows_of_one(self) -> list[list[str]]:
        scale = self._scale(0)
        exact = [] if self.exact else ["standard error"]
        rows = [["column", "value", "contribution", *exact, "one unit more"]]
        for i in self._order(np.abs(self.values[0]))[:_SHOWN]:
            slope = self.slopes[0, i]
            rows.append(
                [
                    self.columns[i],
                    self.cells[0][i],
                    in_digits_of(scale, self.values[0, i], sign=True),
                    *([with_error(self.errors[0, i])] if exact else []),
                    f"{slope:+,.4g}" if np.isfinite(slope) else "",
                ]
            )
        return rows

    def _rows_of_several(self) -> list[list[str]]:
        sizes = np.abs(self.values).mean(axis=0)
        scale = float(sizes.max())
        rows = [["column", "mean size", "least", "largest"]]
        for i in self._order(sizes)[:_SHOWN]:
            column = self.values[:, i]
            ends = [in_digits_of(scale, float(v), sign=True) for v in (column.min(), column.max())]
            rows.append([self.columns[i], in_digits_of(scale, float(sizes[i])), *ends])
        return rows

    def picture(self) -> Picture:
        """Of one row, the steps from the average to the prediction; of several, the mean sizes."""
        if len(self) > 1:
            sizes = np.abs(self.values).mean(axis=0)
            scale = float(sizes.max())
            bars = [
                Bar(self.columns[i], 0.0, float(sizes[i]), in_digits_of(scale, float(sizes[i])))
                for i in self._order(sizes)[:_SHOWN]
            ]
            return bars_picture(bars, self._title, "mean size of the contributions")
        scale, reached, bars = self._scale(0), float(self.averages[0]), []
        for column, cell, value, error in self._steps():
            name = f"{column} = {cell}" if cell else column
            text = in_digits_of(scale, value, sign=True)
            bars.append(Bar(name, reached, reached + value, text, error))
            reached += value
        guides = (float(self.averages[0]), float(self.predictions[0]))
        return bars_picture(bars, self._title, f"{self.of[0]}, from average to prediction", guides)

    def plot(self, ax: Any = None) -> Any:
        """Draw the picture with matplotlib.

        Args:
            ax: axes of matplotlib to draw on; None makes a figure.

        Returns:
            The axes.

        Raises:
            DownslopeError: if matplotlib is not installed, or ``ax`` is something else.
        """
        return self.picture().draw(ax)

    def to_json(self) -> dict[str, Any]:
        """Plain data at full precision; NaN is None."""
        rows = []
        for i, of in enumerate(self.of):
            columns = [
                {
                    "column": name,
                    "cell": self.cells[i][j],
                    "contribution": float(self.values[i, j]),
                    "standard_error": float(self.errors[i, j]),
                    "derivative": float(self.slopes[i, j]) if np.isfinite(self.slopes[i, j]) else None,
                }
                for j, name in enumerate(self.columns)
            ]
            numbers = {"prediction": float(self.predictions[i]), "average": float(self.averages[i])}
            rows.append({"of": of, **numbers, "columns": columns})
        return {"background_rows": self.background, "exact": self.exact, "rows": rows}


def contributions(
    predictor: Predictor,
    frame: pl.DataFrame,
    background: pl.DataFrame,
    *,
    of_class: Any = None,
    log_odds: bool = False,
    samples: int | None = None,
    seed: int = 0,
) -> Contributions:
    """What each column adds to the predictions of the rows of a frame; ``Model.contributions`` says more.

    Args:
        predictor: the model.
        frame: the rows.
        background: the rows whose mean prediction is the average; at most 100 that stand for all of them.
        of_class: the class to explain; None for the most probable one of each row.
        log_odds: whether the log-odds of the class are explained, and not its probability.
        samples: pairs of random orders of the columns for each background row; None for exact values where
            there are few columns.
        seed: of the random orders.
    """
    log_odds, seed = flag("log_odds", log_odds), checked_seed("seed", seed)
    if samples is not None:
        samples = whole("samples", samples, Interval(2, limit=1 << 20))
    x = predictor.encoder.encode(frame).x
    known = representative(predictor, background)
    columns, places = columns_of(frame, predictor.encoder), predictor.encoder.places
    parts = [places[name] for name in columns]
    quantities = _quantities(predictor, of_class, log_odds, x)
    averages = {quantity: float(quantity(known).mean()) for quantity in set(quantities)}
    values, errors, derivatives = np.zeros((3, len(x), len(columns)))
    for i, quantity in enumerate(quantities):
        found = shapley(quantity, x[i], known, parts, samples=samples, seed=seed)
        values[i], errors[i] = found.values, found.errors
        derivatives[i] = slopes(quantity, frame[i], x[i : i + 1], columns)[0]
    return Contributions(
        tuple(quantity.name for quantity in quantities),
        tuple(columns),
        tuple(tuple(cell_text(cell) for cell in row) for row in frame.select(columns).iter_rows()),
        np.array([quantity(x[i : i + 1])[0] for i, quantity in enumerate(quantities)]),
        np.array([averages[quantity] for quantity in quantities]),
        values,
        errors,
        derivatives,
        len(known),
    )


def _quantities(
    predictor: Predictor, of_class: Any, log_odds: bool, x: NDArray[np.float32]
) -> list[Quantity]:
    """What is explained of each row."""
    if of_class is not None or not predictor.target.classes:
        return [quantity_of(predictor, of_class, log_odds, x)] * len(x)
    likeliest = predictor.outputs(x).argmax(axis=1)
    each = {place: Quantity(predictor, int(place), log_odds) for place in set(likeliest)}
    return [each[place] for place in likeliest]


def representative(predictor: Predictor, frame: pl.DataFrame) -> NDArray[np.float32]:
    """At most 100 of the rows, encoded; of more, evenly spaced ones in the order of their predictions.

    So their mean prediction is close to that of all rows, which that of a hundred random rows is not.

    Raises:
        DownslopeError: if there is a single row, with which nothing can be compared.
    """
    if frame.height < 2:
        raise DownslopeError(
            "the background has 1 row; a prediction is explained beside the average of several: give more "
            "rows as background, such as the table that the model was fitted to"
        )
    x = predictor.encoder.encode(frame[sampled_rows(frame.height, 0)]).x
    if len(x) <= _BACKGROUND:
        return x
    outputs = predictor.outputs(x)
    likeliest = outputs.argmax(axis=1) if outputs.ndim == 2 else np.zeros(len(x))
    order = np.lexsort((outputs.max(axis=1) if outputs.ndim == 2 else outputs, likeliest))
    evenly = ((np.arange(_BACKGROUND) + 0.5) * len(x) / _BACKGROUND).astype(int)
    chosen: NDArray[np.float32] = x[order[evenly]]
    return chosen
