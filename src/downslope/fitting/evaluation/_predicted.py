"""Rows with a known target beside what is predicted of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.fitting._scores import FREQUENCIES, LINEAR_MODEL, MEAN, MEDIAN, NETWORK
from downslope.fitting.evaluation._baselines import baselines
from downslope.fitting.evaluation._evaluation import Evaluation, evaluation_of
from downslope.fitting.evaluation._rows import LabelledRows
from downslope.tables import Target

__all__ = ["PredictedRows"]

_BASELINES = (FREQUENCIES, MEAN, MEDIAN)
_STORED = {LINEAR_MODEL: "linear", NETWORK: "network"}
"""The names of outputs in a file."""


@dataclass(frozen=True, eq=False)
class PredictedRows:
    """Rows with a known target, and what is predicted of them.

    Attributes:
        rows: their targets and weights; those that a model file holds have no cells.
        outputs: of the baselines, of the linear model where there is one, and of the model itself under
            ``"network"``: probabilities (rows, classes), or numbers in the target's units (rows,).
        intervals: for each level the ends around every prediction, (rows, 2); empty where there are none.
    """

    rows: LabelledRows
    outputs: Mapping[str, NDArray[np.float64]]
    intervals: Mapping[float, NDArray[np.float64]]

    def evaluation(self, target: Target, worst: int, notes: tuple[str, ...] = ()) -> Evaluation:
        """Their scores; arguments as of ``evaluation_of``."""
        return evaluation_of(self.rows, target, self.outputs, self.intervals, worst, notes)

    def found_in(self, rows: LabelledRows) -> int:
        """How many of them stand in a table in their places, with their targets; 0 where one has another."""
        _, own, other = np.intersect1d(self.rows.index, rows.index, return_indices=True)
        return len(own) if np.array_equal(self.rows.true[own], rows.true[other]) else 0

    def are_in(self, rows: LabelledRows) -> bool:
        """Whether all of them do."""
        return self.found_in(rows) == len(self.rows)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What a file holds of it, by name; of the baselines what they predict of any row."""
        found: dict[str, NDArray[Any]] = {
            "index": self.rows.index.astype(np.float64),
            "true": self.rows.true.astype(np.float64),
            "weights": self.rows.weights.astype(np.float64),
            "constants": np.ravel([self.outputs[of][0] for of in _BASELINES if of in self.outputs]),
        }
        for of, name in _STORED.items():
            if of in self.outputs:
                probabilities = self.outputs[of].ndim == 2
                found[name] = self.outputs[of].astype(np.float32 if probabilities else np.float64)
        if self.intervals:
            found["intervals"] = np.stack(list(self.intervals.values()), axis=1)
        return found

    @classmethod
    def from_arrays(
        cls,
        arrays: Mapping[str, NDArray[Any]],
        target: Target,
        levels: Sequence[float],
    ) -> PredictedRows:
        """The rows of ``arrays``.

        Args:
            arrays: of a file.
            target: what is predicted.
            levels: of the intervals.

        Raises:
            DownslopeError: if the arrays are not of that form.
        """
        count = len(np.atleast_1d(arrays.get("true", ())))
        shape: tuple[int, ...] = (count, len(target.classes)) if target.classes else (count,)
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(("index", "true", "weights"), (count,))
        shapes["constants"] = (len(target.classes) or 2,)
        shapes |= {"network": shape, "linear": shape, "intervals": (count, len(levels), 2)}
        needed = {"index", "true", "weights", "network", "constants"}
        known = all(
            name in shapes
            and value.shape == shapes[name]
            and (np.isfinite(value).all() or (name == "intervals" and not np.isinf(value).any()))
            for name, value in arrays.items()
        )
        if not count or not known or not needed <= set(arrays):
            raise DownslopeError("the held-out predictions are damaged")
        index, true = arrays["index"].astype(np.int64), arrays["true"].astype(np.float64)
        weights = arrays["weights"].astype(np.float64)
        last = len(target.classes) - 1
        places = (np.diff(index) > 0).all() and index[0] >= 0
        numbered = not target.classes or np.isin(true, np.arange(last + 1)).all()
        if not (places and numbered and (weights > 0).all()):
            raise DownslopeError("the held-out predictions are damaged")
        rows = LabelledRows(pl.DataFrame(), index, true, weights, 0)
        outputs = baselines(tuple(arrays["constants"].tolist()), target, rows)
        outputs |= {of: arrays[name].astype(np.float64) for of, name in _STORED.items() if name in arrays}
        ends = arrays.get("intervals")
        intervals = {} if ends is None else {c: ends[:, i].astype(np.float64) for i, c in enumerate(levels)}
        return cls(rows, outputs, intervals)
