"""What each column adds to a prediction, beside the average prediction of a background."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks import Interval, flag, whole
from downslope._checks import seed as checked_seed
from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.drawing import Drawn, Picture, panel, table
from downslope.errors import DownslopeError
from downslope.fitting._sampling import sampled_rows
from downslope.fitting._written import cell_text
from downslope.fitting.contributions._quantity import Predictor, Quantity, columns_of, quantity_of
from downslope.fitting.contributions._shapley import shapley
from downslope.fitting.contributions._slopes import slopes
from downslope.fitting.contributions._views import OneRow, SeveralRows

__all__ = ["Contributions", "contributions"]

_BACKGROUND = 100


@dataclass(frozen=True, eq=False)
class Contributions(Drawn):
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

    @property
    def _view(self) -> OneRow | SeveralRows:
        if len(self) > 1:
            return SeveralRows(self.of, self.columns, self.values, self.background, self._method)
        return OneRow(
            self.of[0],
            self.columns,
            self.cells[0],
            float(self.predictions[0]),
            float(self.averages[0]),
            self.values[0],
            self.errors[0],
            self.slopes[0],
            self.background,
            self._method,
        )

    def __str__(self) -> str:
        """Of one row, the steps from the average to the prediction; of several, the mean sizes of steps."""
        return self._view.text()

    def table(self) -> list[list[str]]:
        """A row for each column below the headings."""
        return self._view.table()

    @property
    def title(self) -> str:
        """What is explained, in a line."""
        return self._view.title

    def markdown(self) -> str:
        """The table that a notebook shows, as Markdown."""
        headings, *rows = self.table()
        cells = [headings, ["---"] * len(headings), *rows]
        lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells]
        return "\n".join([self._view.title, "", *lines, ""])

    def _repr_html_(self) -> str:
        """What a notebook shows: the same as a table, and the picture."""
        headings, *rows = self.table()
        numbers = [heading for heading in headings if heading not in ("column", "value")]
        picture, cells = self.picture().svg(), table(headings, rows, numbers)
        return panel("Contributions", self._view.title, picture, cells)

    def picture(self) -> Picture:
        """Of one row, the steps from the average to the prediction; of several, the mean sizes."""
        return self._view.picture()

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
