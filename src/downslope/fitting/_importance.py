"""How much the error grows when a column is shuffled: permutation importance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks import SIZE, whole
from downslope._checks import seed as checked_seed
from downslope._dataclass import dataclass
from downslope.drawing import Bar, Drawn, Picture, bars_picture, panel, table
from downslope.errors import DownslopeError
from downslope.fitting._sampling import generator, sampled_rows
from downslope.fitting._scores import surprise
from downslope.fitting._written import aligned, in_digits_of, with_error
from downslope.fitting.contributions import Predictor, columns_of
from downslope.fitting.evaluation import LabelledRows
from downslope.tables import counted_in

__all__ = ["REPEATS", "Importance", "error_increases", "importance", "shares"]

REPEATS = 5
_SHUFFLES = 0x1A9
_SHOWN = 20


def error_increases(
    errors: Callable[[NDArray[Any]], NDArray[np.float64]],
    x: NDArray[Any],
    places: Sequence[slice],
    seed: int,
    repeats: int = REPEATS,
) -> NDArray[np.float64]:
    """By how much the error of each row grows when a column is shuffled, (columns, rows).

    The mean over some shuffles of each column (Breiman 2001, section 10, with the differences of Fisher,
    Rudin and Dominici 2019). All of them go into one prediction.

    Args:
        errors: of the predictions for encoded inputs, whose rows are those of ``x`` in their order, once or
            several times over.
        x: the rows, encoded, (rows, inputs).
        places: which inputs each column became, of those to shuffle.
        seed: fixes the shuffles; a column's do not depend on the others.
        repeats: how often each column is shuffled.

    >>> x = np.array([[1.0, 1.0], [2.0, 1.0], [3.0, 1.0], [4.0, 1.0]])
    >>> truth = np.tile([1.0, 2.0, 3.0, 4.0], 5)
    >>> def errors(rows):
    ...     return (rows[:, 0] - truth[: len(rows)]) ** 2
    >>> increases = error_increases(errors, x, [slice(0, 1), slice(1, 2)], seed=0).mean(axis=1)
    >>> bool(increases[0] > 0), float(increases[1])
    (True, 0.0)
    """
    before = errors(x)
    repeated = np.tile(x, (repeats, 1))
    increases = []
    for index, place in enumerate(places):
        shuffles = generator(seed, _SHUFFLES + index)
        orders = np.concatenate([shuffles.permutation(len(x)) for _ in range(repeats)])
        repeated[:, place] = x[orders, place]
        after = errors(repeated)
        repeated[:, place] = np.tile(x[:, place], (repeats, 1))
        increases.append(after.reshape(repeats, -1).mean(axis=0) - before)
    return np.array(increases)


def shares(increases: NDArray[np.float64]) -> NDArray[np.float64]:
    """Increases as shares of their sum; 0 for those below 0, and for all where none is above.

    >>> shares(np.array([3.0, 1.0, -0.5]))
    array([0.75, 0.25, 0.  ])
    """
    positive = np.maximum(increases, 0.0)
    total = positive.sum()
    return positive / total if total > 0 else positive


@dataclass(frozen=True, eq=False)
class Importance(Drawn):
    """How much worse predictions get without the information of a column.

    Attributes:
        target: what is predicted.
        score: ``"mean absolute error"``, in units of the target, or ``"log loss"``, the mean of
            −ln p(true class) with p at least 1e-7.
        columns: those that the model uses, the most important first.
        increases: by how much the score grows when the column is shuffled, (columns,).
        errors: the standard errors of these means over the rows, (columns,).
        before: the score of the rows as they are.
        rows: how many they are.
        repeats: how often each column was shuffled.
    """

    target: str
    score: str
    columns: tuple[str, ...]
    increases: NDArray[np.float64]
    errors: NDArray[np.float64]
    before: float
    rows: int
    repeats: int

    def __repr__(self) -> str:
        return f"<Importance of {len(self.columns)} columns for {self.target!r}: {self._title}>"

    @property
    def _title(self) -> str:
        before = in_digits_of(self._scale, self.before)
        return f"growth of the {self.score}, {before} on {self.rows:,} rows, when a column is shuffled"

    @property
    def _scale(self) -> float:
        return max(float(np.abs(self.increases).max()), self.before)

    def __str__(self) -> str:
        """The columns from the most to the least important."""
        return "\n".join([f"{self.target}: {self._title}", *aligned(self.table()[1:])])

    def table(self) -> list[list[str]]:
        """A row for each column below the headings."""
        rows = [["column", "growth", "standard error"]]
        for name, growth, error in self._shown():
            rows.append([name, in_digits_of(self._scale, growth, sign=True), with_error(error)])
        return rows

    def _shown(self) -> list[tuple[str, float, float]]:
        growths, errors = self.increases.tolist(), self.errors.tolist()
        return list(zip(self.columns, growths, errors, strict=True))[:_SHOWN]

    def _repr_html_(self) -> str:
        """What a notebook shows: the same as a table, and the picture."""
        headings, *rows = self.table()
        cells = table(headings, rows, numbers=headings[1:])
        return panel("Importance", f"for {self.target}: {self._title}", self.picture().svg(), cells)

    def picture(self) -> Picture:
        """A bar for each column, with its standard error."""
        bars = [
            Bar(name, 0.0, growth, in_digits_of(self._scale, growth, sign=True), error)
            for name, growth, error in self._shown()
        ]
        return bars_picture(bars, f"{self.target}: {self._title}", f"growth of the {self.score}")

    def to_json(self) -> dict[str, Any]:
        """Plain data at full precision."""
        cells = zip(self.columns, self.increases.tolist(), self.errors.tolist(), strict=True)
        return {
            "target": self.target,
            "score": self.score,
            "before": self.before,
            "rows": self.rows,
            "repeats": self.repeats,
            "columns": [{"column": c, "increase": i, "standard_error": e} for c, i, e in cells],
        }


def importance(
    predictor: Predictor, labelled: LabelledRows, *, repeats: int = REPEATS, seed: int = 0
) -> Importance:
    """How much the error of predictions grows when a column is shuffled; ``Model.importance`` says more."""
    repeats, seed = whole("repeats", repeats, SIZE), checked_seed("seed", seed)
    target = predictor.target
    if len(labelled) < 2:
        raise DownslopeError(f'1 row has a value of "{target.name}"; give at least 2 to shuffle')
    some = sampled_rows(len(labelled), seed)
    known, true = labelled.frame[some], labelled.true[some]

    def errors(x: NDArray[Any]) -> NDArray[np.float64]:
        truth, outputs = np.tile(true, len(x) // len(true)), predictor.outputs(x)
        return surprise(truth, outputs) if target.classes else np.abs(outputs - truth)

    columns, places = columns_of(known, predictor.encoder), predictor.encoder.places
    with counted_in(labelled.index[some]):
        x = predictor.encoder.encode(known).x
    increases = error_increases(errors, x, [places[name] for name in columns], seed, repeats)
    means = increases.mean(axis=1)
    order = np.argsort(-means, kind="stable")
    return Importance(
        target.name,
        "log loss" if target.classes else "mean absolute error",
        tuple(columns[i] for i in order),
        means[order],
        _deviations(increases)[order] / np.sqrt(len(true)),
        float(errors(x).mean()),
        len(true),
        repeats,
    )


def _deviations(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The standard deviation of each row of values, whose squares may be beyond the largest number."""
    exponent = np.frexp(np.abs(values).max())[1]
    found: NDArray[np.float64] = np.ldexp(np.ldexp(values, -exponent).std(axis=1, ddof=1), exponent)
    return found
