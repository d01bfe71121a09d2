"""Scores with their standard errors: each is a figure of the rows, and how much every row pulls it.

The pull of a row is its influence on the figure (Hampel, "The influence curve", 1974). A weighted sum of
independent influences has a standard error in closed form, whatever the figure; so has the difference of
two figures of the same rows, whose influences are subtracted row by row. For a mean both are the usual ones,
the second that of the paired t test; for the area under the curve the first is that of DeLong (1988).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks import choice
from downslope._dataclass import dataclass
from downslope.fitting._scores import class_scores, number_scores, surprise
from downslope.fitting._written import in_digits_of, with_error

__all__ = [
    "METRICS",
    "Estimate",
    "Metric",
    "Statistic",
    "class_statistics",
    "metric_named",
    "metric_of",
    "metric_title",
    "number_statistics",
    "roc_auc",
    "weighted_quantiles",
]

_ROUNDING, _SLIGHT = 1e-12, 1e-7


@dataclass(frozen=True)
class Metric:
    """A score.

    Attributes:
        words: its name in words.
        task: what it is of.
        more_is_better: whether more of it is better.
        short: another name of it, or "".
        shown: whether every table of scores shows it; the others are there by their names.
    """

    words: str
    task: str
    more_is_better: bool
    short: str = ""
    shown: bool = True


METRICS: Mapping[str, Metric] = {
    "r2": Metric("R²", "regression", True),
    "root_mean_squared_error": Metric("root mean squared error", "regression", False, "rmse"),
    "mean_absolute_error": Metric("mean absolute error", "regression", False, "mae"),
    "median_absolute_error": Metric("median absolute error", "regression", False),
    "accuracy": Metric("accuracy", "classification", True),
    "log_loss": Metric("log loss", "classification", False),
    "brier_score": Metric("Brier score", "classification", False, "brier"),
    "roc_auc": Metric("ROC AUC", "classification", True, "auc"),
    "balanced_accuracy": Metric("balanced accuracy", "classification", True, shown=False),
    "f1": Metric("F1", "classification", True, shown=False),
    "f1_macro": Metric("mean F1 of the classes", "classification", True, shown=False),
}
"""Every score by its name."""

_SHORT = {metric.short: name for name, metric in METRICS.items() if metric.short}


def metric_named(given: Any, task: str | None = None) -> str:
    """The name of a score that is given by it, or by its short name.

    Args:
        given: what was given.
        task: that the score has to be of; None for any.

    Raises:
        DownslopeError: if there is none; it lists those there are.

    >>> metric_named("mae"), metric_named("f1", "classification")
    ('mean_absolute_error', 'f1')
    """
    names = [name for name, metric in METRICS.items() if task in (None, metric.task)]
    full = _SHORT.get(given.lower()) if isinstance(given, str) else None
    return full if full in names else choice("metric", given, names)


def metric_of(loss: Any) -> str:
    """The score by which networks with a loss are compared: the loss itself, or the squares of errors.

    >>> metric_of("cross_entropy"), metric_of("squared_error")
    ('log_loss', 'root_mean_squared_error')
    """
    if loss in ("binary_cross_entropy", "cross_entropy"):
        return "log_loss"
    return "mean_absolute_error" if loss == "absolute_error" else "root_mean_squared_error"


def metric_title(metric: str | Callable[..., Any]) -> str:
    """What a score is called: in words, or by the name of its function.

    >>> metric_title("log_loss"), metric_title(max)
    ('log loss', 'max')
    """
    if isinstance(metric, str):
        return METRICS[metric].words if metric in METRICS else metric
    return str(getattr(metric, "__name__", type(metric).__name__))


@dataclass(frozen=True)
class Estimate:
    """A figure and its standard error; None where there is none. In print both have as many decimals.

    >>> print(Estimate(0.87654, 0.01234)), print(Estimate(None))
    0.877 ± 0.012
    –
    (None, None)
    """

    value: float | None
    standard_error: float | None = None

    def __str__(self) -> str:
        if self.value is None:
            return "–"
        if not self.standard_error:
            return f"{self.value:.4g}"
        return f"{in_digits_of(100 * self.standard_error, self.value)} {with_error(self.standard_error)}"


@dataclass(frozen=True)
class Statistic:
    """A figure of some rows.

    Attributes:
        value: NaN where the rows have none.
        influence: how much each row pulls it, (rows,); None where that is not known, as of a quantile.
    """

    value: float
    influence: NDArray[np.float64] | None = None

    def __sub__(self, other: Statistic) -> Statistic:
        """By how much it is above another figure of the same rows."""
        pulls = None
        if self.influence is not None and other.influence is not None:
            pulls = self.influence - other.influence
        return Statistic(self.value - other.value, pulls)

    def estimate(self, weights: NDArray[Any]) -> Estimate:
        """The figure with its standard error, where it has one.

        Args:
            weights: how much each row counts, (rows,).

        >>> print(Statistic(2.0, np.array([-1.0, 0.0, 1.0])).estimate(np.ones(3)))
        2.00 ± 0.58
        """
        if not np.isfinite(self.value):
            return Estimate(None)
        if self.influence is None:
            return Estimate(self.value)
        shares = weights / weights.sum()
        rows = 1 / float(shares @ shares)  # of equal weight that would say as much
        largest = float(np.abs(self.influence).max())
        # rows that all pull alike do not show how far off the figure may be
        still = largest <= _ROUNDING * abs(self.value)
        if rows <= 1 + 1e-9 or still or not np.isfinite(largest):
            return Estimate(self.value)
        error = largest * float(np.linalg.norm(shares * (self.influence / largest)))
        error *= (rows / (rows - 1)) ** 0.5
        return Estimate(self.value, error if np.isfinite(error) else None)


def number_statistics(
    true: NDArray[np.float64], predicted: NDArray[np.float64], weights: NDArray[Any]
) -> dict[str, Statistic]:
    """The scores of predicted numbers, all (rows,), by their names."""
    found = number_scores(true, predicted, weights)
    mean, root = float(found.mean_absolute_error or 0), float(found.root_mean_squared_error or 0)
    size = np.abs(predicted - true)
    # of a root: half of (e² − E²) / E, written so that no square is beyond the largest number
    with np.errstate(over="ignore"):
        of_root = size / 2 * (size / root) - root / 2 if root > 0 else np.zeros(len(size))
    return {
        "r2": _r2(found.r2, true, predicted, weights),
        "root_mean_squared_error": Statistic(root, of_root),
        "mean_absolute_error": Statistic(mean, size - mean),
        "median_absolute_error": Statistic(float(weighted_quantiles(size, weights, [0.5])[0])),
    }


def _r2(value: float | None, true: NDArray[Any], predicted: NDArray[Any], weights: NDArray[Any]) -> Statistic:
    """R² = 1 − S / V, which a row pulls by (1 − R²) (y − ȳ)² / V − (y − ŷ)² / V."""
    if value is None:
        return Statistic(np.nan)
    exponent = np.frexp(np.abs(true).max())[1]  # as in r_squared
    y, guess = np.ldexp(true, -exponent), np.ldexp(predicted, -exponent)
    apart = y - np.average(y, weights=weights)
    variance = np.average(apart**2, weights=weights)
    pulls = (1 - value) * (apart**2 / variance) - (y - guess) ** 2 / variance
    if np.abs(pulls).max() < _SLIGHT:  # of a mean whose last digits were rounded
        pulls[:] = 0.0
    return Statistic(value, pulls)


def class_statistics(
    y: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    weights: NDArray[Any],
    chosen: NDArray[np.int64],
) -> dict[str, Statistic]:
    """The scores of probabilities (rows, classes), by their names.

    The Brier score is the squared distance of the probabilities from the truth: over all classes, and half
    of that for two classes, which is the squared error of one of them. The area under the ROC curve and F1
    are those of the second of two classes, or the mean over each class against the others; the balanced
    accuracy is the mean recall. Classes without rows, and without predictions, count in no mean.

    Args:
        y: the numbers of the true classes, (rows,).
        probabilities: (rows, classes).
        weights: how much each row counts, (rows,).
        chosen: the numbers of the classes that are said, (rows,).
    """
    found = class_scores(y, probabilities, weights, chosen)
    hits = (chosen == y).astype(np.float64)
    classes = probabilities.shape[1]
    apart = probabilities.copy()
    apart[np.arange(len(y)), y] -= 1
    squares = np.einsum("ij,ij->i", apart, apart) / (2 if classes == 2 else 1)
    brier = float(np.average(squares, weights=weights))
    accuracy, loss = float(found.accuracy or 0), float(found.log_loss or 0)
    f1s = [f1_of(y == k, chosen == k, weights) for k in range(classes)]
    areas = (roc_auc(y == k, probabilities[:, k], weights) for k in range(classes))
    return {
        "accuracy": Statistic(accuracy, hits - accuracy),
        "log_loss": Statistic(loss, surprise(y, probabilities) - loss),
        "brier_score": Statistic(brier, squares - brier),
        "roc_auc": list(areas)[1] if classes == 2 else _mean(areas),
        "balanced_accuracy": _mean(recall_of(y == k, hits, weights) for k in range(classes)),
        "f1": f1s[1] if classes == 2 else _mean(f1s),
        "f1_macro": _mean(f1s),
    }


def recall_of(inside: NDArray[np.bool_], hits: NDArray[np.float64], weights: NDArray[Any]) -> Statistic:
    """The share of the rows of a class that are predicted to be of it; NaN where it has none.

    Args:
        inside: which rows are of the class, (rows,).
        hits: 1 for each row whose class is predicted, else 0, (rows,).
        weights: how much each row counts, (rows,).
    """
    share = np.average(inside, weights=weights)
    if share == 0:
        return Statistic(np.nan)
    recall = float(np.average(hits * inside, weights=weights) / share)
    return Statistic(recall, inside * (hits - recall) / share)


def f1_of(inside: NDArray[np.bool_], said: NDArray[np.bool_], weights: NDArray[Any]) -> Statistic:
    """The harmonic mean of precision and recall of a class; NaN where it neither occurs nor is predicted.

    Args:
        inside: which rows are of the class, (rows,).
        said: which are predicted to be of it, (rows,).
        weights: how much each row counts, (rows,).
    """
    both = inside.astype(np.float64) + said
    whole = np.average(both, weights=weights)
    if whole == 0:
        return Statistic(np.nan)
    f1 = float(np.average(2.0 * (inside & said), weights=weights) / whole)
    return Statistic(f1, (2.0 * (inside & said) - f1 * both) / whole)


def _mean(statistics: Iterable[Statistic]) -> Statistic:
    """The mean of those that the rows have, of which one is held at a time."""
    count, value, pulls = 0, 0.0, np.zeros(())
    for statistic in statistics:
        if statistic.influence is not None:
            count, value, pulls = count + 1, value + statistic.value, pulls + statistic.influence
    return Statistic(value / count, pulls / count) if count else Statistic(np.nan)


def roc_auc(positive: NDArray[np.bool_], score: NDArray[Any], weights: NDArray[Any]) -> Statistic:
    """The area under the ROC curve: how often a row of the class has a higher score than one of another.

    Args:
        positive: which rows are of the class, (rows,).
        score: the higher, the more likely of the class, (rows,).
        weights: how much each row counts, (rows,).

    >>> roc_auc(np.array([False, False, True, True]), np.array([0.1, 0.4, 0.35, 0.8]), np.ones(4)).value
    0.75
    """
    inside, outside = (np.where(of, weights, 0.0) / weights.sum() for of in (positive, ~positive))
    if inside.sum() == 0 or outside.sum() == 0:
        return Statistic(np.nan)
    place = np.unique(score, return_inverse=True)[1]
    below = np.where(positive, _share_below(place, outside), 1 - _share_below(place, inside))
    area = float(inside @ below / inside.sum())
    share = np.where(positive, inside.sum(), outside.sum())
    return Statistic(area, (below - area) / share)


def _share_below(place: NDArray[np.int64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of the weight that is at lower places than each row, and half of that at its own."""
    own = np.bincount(place, weights)
    found: NDArray[np.float64] = ((np.cumsum(own) - own / 2) / own.sum())[place]
    return found


def weighted_quantiles(
    values: NDArray[np.float64], weights: NDArray[Any], shares: Sequence[float]
) -> NDArray[np.float64]:
    """The values that so much of the weight is at or below; where two values are, their middle.

    >>> weighted_quantiles(np.array([4.0, 1.0, 3.0, 2.0]), np.ones(4), [0.5, 0.9])
    array([2.5, 4. ])
    """
    order = np.argsort(values, kind="stable")
    order = order[weights[order] > 0]
    ordered, reached = values[order], np.cumsum(weights[order], dtype=np.float64)
    rank = np.asarray(shares) * reached[-1]
    slack = 1e-12 * reached[-1]  # sums of weights are rounded
    last = len(ordered) - 1
    low, high = (np.minimum(np.searchsorted(reached, rank + side), last) for side in (-slack, slack))
    found: NDArray[np.float64] = ordered[low] / 2 + ordered[high] / 2
    return found
