"""The rows whose predictions are farthest off."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.fitting.evaluation._rows import LabelledRows
from downslope.tables import Target

__all__ = ["WorstRow", "worst_rows"]


@dataclass(frozen=True)
class WorstRow:
    """A row whose prediction is far off.

    Attributes:
        index: of the row in the table, from 0, below the header of a file; in print rows count from 1.
        true: what stands there.
        predicted: what is predicted.
        error: predicted − true; for classes 1 − the probability of the true one.
    """

    index: int
    true: float | str
    predicted: float | str
    error: float


def worst_rows(
    rows: LabelledRows, target: Target, outputs: NDArray[np.float64], count: int
) -> tuple[WorstRow, ...]:
    """The rows with the largest errors, the worst first; of equal ones the first rows."""
    if not target.classes:
        errors = outputs - rows.true
        order = np.argsort(-np.abs(errors), kind="stable")[:count]
        return tuple(
            WorstRow(int(rows.index[i]), float(rows.true[i]), float(outputs[i]), float(errors[i]))
            for i in order
        )
    true, chosen = rows.true.astype(int), target.decided(outputs)
    errors = 1 - outputs[np.arange(len(true)), true]
    return tuple(
        WorstRow(int(rows.index[i]), target.classes[true[i]], target.classes[chosen[i]], float(errors[i]))
        for i in np.argsort(-errors, kind="stable")[:count]
    )
