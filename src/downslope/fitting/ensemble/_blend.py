"""How much each group of networks counts in the prediction, and how confident the probabilities are.

Both are chosen on predictions of held-out rows (Wolpert, "Stacked generalization", 1992).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.fitting._scores import surprise

__all__ = ["best_alone", "best_shares", "best_temperature", "blended", "temperature_scaled"]

_SMALLEST = 1e-7
_NEGLIGIBLE = 0.03  # a group with a smaller share costs time in every prediction and adds nothing
_ITERATIONS = 200


def best_shares(
    predictions: Sequence[NDArray[Any]], y: NDArray[Any], w: NDArray[Any], classes: int
) -> list[float]:
    """The shares, of sum 1, with which the groups together have the smallest loss.

    Args:
        predictions: of each group: probabilities (rows, classes), or numbers (rows, 1).
        y: encoded targets, (rows,).
        w: how much each row counts, (rows,).
        classes: the number of classes; 0 for numbers, whose loss is the squared error.

    >>> low, high = np.zeros((2, 1)), np.full((2, 1), 2.0)
    >>> np.round(best_shares([low, high], np.array([0.5, 0.5]), np.ones(2), classes=0), 6)
    array([0.75, 0.25])
    """
    shares = (_shares_for_classes if classes else _shares_for_numbers)(predictions, y, w)
    if shares.min() < _NEGLIGIBLE:
        kept = [i for i, share in enumerate(shares) if share >= _NEGLIGIBLE]
        shares = np.zeros(len(predictions))
        shares[kept] = best_shares([predictions[i] for i in kept], y, w, classes)
    return [float(s) for s in shares / shares.sum()]


def best_alone(
    predictions: Sequence[NDArray[Any]], y: NDArray[Any], w: NDArray[Any], classes: int
) -> list[float]:
    """The share 1 for the group with the smallest loss, the first of equal ones; arguments as above.

    >>> best_alone([np.zeros((2, 1)), np.ones((2, 1))], np.array([0.9, 0.8]), np.ones(2), classes=0)
    [0.0, 1.0]
    """
    losses = [surprise(y, p) if classes else (p[:, 0].astype(np.float64) - y) ** 2 for p in predictions]
    means = [float(w @ loss) for loss in losses]
    return [float(place == int(np.argmin(means))) for place in range(len(means))]


def _shares_for_numbers(
    predictions: Sequence[NDArray[Any]], y: NDArray[Any], w: NDArray[Any]
) -> NDArray[np.float64]:
    """The smallest sum of squares over shares of sum 1: its gradient is 0 within some subset of groups."""
    errors = np.stack([np.asarray(p, np.float64)[:, 0] - y for p in predictions])
    gram = (errors * w) @ errors.T / w.sum()
    gram += np.eye(len(predictions)) * (1e-9 * np.trace(gram) + 1e-300)
    smallest, best = np.inf, np.zeros(len(predictions))
    groups = range(len(predictions))
    subsets = chain.from_iterable(combinations(groups, size) for size in range(1, len(predictions) + 1))
    for subset in map(list, subsets):
        part = gram[np.ix_(subset, subset)]
        shares = np.linalg.solve(part, np.ones(len(subset)))
        shares /= shares.sum()
        error = float(shares @ part @ shares)
        if shares.min() >= 0 and error < smallest:
            smallest, best = error, np.zeros(len(predictions))
            best[subset] = shares
    return best


def _shares_for_classes(
    predictions: Sequence[NDArray[Any]], y: NDArray[Any], w: NDArray[Any]
) -> NDArray[np.float64]:
    """The most likely shares of a mixture (Dempster, Laird and Rubin 1977)."""
    rows = np.arange(len(y))
    true = np.stack([np.clip(p[rows, y.astype(int)], _SMALLEST, 1) for p in predictions], axis=1).astype(
        np.float64
    )
    shares = np.full(len(predictions), 1 / len(predictions))
    for _ in range(_ITERATIONS):
        parts = true * shares
        shares = w @ (parts / parts.sum(axis=1, keepdims=True)) / w.sum()
    return shares


def temperature_scaled(probabilities: NDArray[Any], temperature: float) -> NDArray[np.float64]:
    """softmax(ln p / temperature), (rows, classes): the probabilities of logits divided by the temperature.

    >>> temperature_scaled(np.array([[0.2, 0.8]]), 2.0).round(3)
    array([[0.333, 0.667]])
    """
    powers = np.clip(probabilities, 1e-30, 1).astype(np.float64) ** (1 / temperature)
    scaled: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return scaled


def blended(predictions: Sequence[NDArray[Any]], shares: Sequence[float]) -> NDArray[np.float64]:
    """The mean of the predictions of all groups, each by its share."""
    mean: NDArray[np.float64] = np.sum([s * p for s, p in zip(shares, predictions, strict=True)], axis=0)
    return mean


def best_temperature(
    predictions: Sequence[NDArray[Any]], shares: Sequence[float], y: NDArray[Any], w: NDArray[Any]
) -> float:
    """The temperature at which the blend has the smallest log loss (Guo et al., "On calibration", 2017).

    Not above 1: what is blended here has one member of each group for a row, and the mean over all members
    is less confident anyway.
    """

    def loss(temperature: float) -> float:
        blend = blended([temperature_scaled(p, temperature) for p in predictions], shares)
        return float(w @ surprise(y, blend))

    return float(min(np.exp(np.linspace(np.log(0.6), 0.0, 15)), key=loss))
