"""What is measured of probabilities besides their scores: each class, the confusions, and the calibration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.fitting.evaluation._statistics import Estimate, roc_auc
from downslope.training import confusion_counts

__all__ = ["Calibration", "CalibrationBin", "ClassScores", "calibration", "class_scores_of", "confusions"]

_BINS = 10


@dataclass(frozen=True)
class ClassScores:
    """How well one class is recognised.

    Attributes:
        name: of the class.
        rows: that are of it.
        precision: the share of the rows predicted to be of it that are; None where none is predicted.
        recall: the share of its rows that are predicted; None where it has none.
        f1: their harmonic mean; None where the class neither occurs nor is predicted.
        roc_auc: the area under the ROC curve against all others; None where all or no rows are of it.
    """

    name: str
    rows: int
    precision: float | None
    recall: float | None
    f1: float | None
    roc_auc: Estimate


@dataclass(frozen=True)
class CalibrationBin:
    """The rows with probabilities in a range.

    Attributes:
        low, high: the range: above low, up to high.
        rows: how many they are.
        predicted: their mean probability.
        observed: how often what it is the probability of was the case.
    """

    low: float
    high: float
    rows: int
    predicted: float
    observed: float


@dataclass(frozen=True)
class Calibration:
    """Whether probabilities are as high as they should be.

    Attributes:
        of: the probability of what: of the second of two classes, or of the predicted class.
        bins: those of ten equal ranges that hold rows.
        error: the mean of |predicted − observed| over all rows, each by its bin: the expected calibration
            error (Naeini, Cooper and Hauskrecht 2015; Guo et al. 2017).
    """

    of: str
    bins: tuple[CalibrationBin, ...]
    error: float


def confusions(
    y: NDArray[np.int64], chosen: NDArray[np.int64], classes: int, weights: NDArray[Any]
) -> NDArray[Any]:
    """The weight of the rows of each true class (first axis) by predicted class, (classes, classes).

    >>> confusions(np.array([0, 1, 1]), np.array([0, 0, 1]), 2, np.ones(3))
    array([[1., 0.],
           [1., 1.]])
    """
    return confusion_counts(y, chosen, classes, weights)


def class_scores_of(
    names: Sequence[str],
    y: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    weights: NDArray[Any],
    chosen: NDArray[np.int64],
) -> tuple[ClassScores, ...]:
    """The scores of every class.

    Args:
        names: of the classes.
        y: the numbers of the true classes, (rows,).
        probabilities: (rows, classes).
        weights: how much each row counts, (rows,).
        chosen: the numbers of the classes that are said, (rows,).
    """
    matrix = confusions(y, chosen, len(names), weights)
    found = []
    for place, name in enumerate(names):
        right = matrix[place, place]
        precision = _ratio(right, matrix[:, place].sum())
        recall = _ratio(right, matrix[place].sum())
        f1 = _ratio(2 * right, matrix[:, place].sum() + matrix[place].sum())
        area = roc_auc(y == place, probabilities[:, place], weights).estimate(weights)
        rows = int(np.count_nonzero(y == place))
        found.append(ClassScores(name, rows, precision, recall, f1, area))
    return tuple(found)


def _ratio(part: float, whole: float) -> float | None:
    return float(part / whole) if whole > 0 else None


def calibration(
    names: Sequence[str],
    y: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    weights: NDArray[Any],
    chosen: NDArray[np.int64],
) -> Calibration:
    """The probabilities in bins beside what was the case; arguments as of ``class_scores_of``.

    >>> sure = np.array([[0.32, 0.68], [0.38, 0.62], [0.05, 0.95]])
    >>> found = calibration(["no", "yes"], np.array([0, 1, 1]), sure, np.ones(3), np.ones(3, int))
    >>> found.of, [(b.rows, round(b.predicted, 3), b.observed) for b in found.bins]
    ('probability of yes', [(2, 0.65, 0.5), (1, 0.95, 1.0)])
    """
    if len(names) == 2:
        said, true, of = probabilities[:, 1], y == 1, f"probability of {names[1]}"
    else:
        said, true = probabilities[np.arange(len(y)), chosen], chosen == y
        of = "probability of the predicted class"
    edges = np.arange(_BINS + 1) / _BINS  # equal to what is printed: 0.6, not 6 times 0.1
    place = np.searchsorted(edges[1:-1], said)
    count, weight, predicted, observed = (
        np.bincount(place, values, minlength=_BINS)
        for values in (np.ones(len(y)), weights, weights * said, weights * true)
    )
    filled = np.flatnonzero(weight)
    bins = tuple(
        CalibrationBin(
            float(edges[b]),
            float(edges[b + 1]),
            int(count[b]),
            float(predicted[b] / weight[b]),
            float(observed[b] / weight[b]),
        )
        for b in filled
    )
    error = np.abs(predicted[filled] - observed[filled]).sum() / weight.sum()
    return Calibration(of, bins, float(error))
