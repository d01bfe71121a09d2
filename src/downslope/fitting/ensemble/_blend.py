"""How much each group of networks counts in the prediction, and how confident the probabilities are.

Both are chosen on predictions of held-out rows (Wolpert, "Stacked generalization", 1992).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, combinations, permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.fitting._scores import surprise

__all__ = [
    "Score",
    "best_alone",
    "best_shares",
    "best_temperature",
    "blended",
    "highest_alone",
    "highest_shares",
    "temperature_scaled",
]

Score = Callable[[NDArray[np.float64]], float]
"""Of predictions: probabilities (rows, classes), or numbers (rows, 1); the higher, the better."""

_SMALLEST = 1e-7
_NEGLIGIBLE = 0.03  # a group with a smaller share costs time in every prediction and adds nothing
_MOVED = (0.2, 0.1, 0.05)  # from the share of one group to that of another
_ITERATIONS = 200
_REWEIGHTED = 60
_FLAT = 1e-4  # of the mean absolute target: smaller errors pull no harder


def best_shares(
    predictions: Sequence[NDArray[Any]], y: NDArray[Any], w: NDArray[Any], metric: str
) -> list[float]:
    """The shares, of sum 1, with which the groups together have the smallest loss.

    Args:
        predictions: of each group: probabilities (rows, classes), or numbers (rows, 1).
        y: encoded targets, (rows,).
        w: how much each row counts, (rows,).
        metric: the loss, by the name of its score.

    >>> low, high = np.zeros((2, 1)), np.full((2, 1), 2.0)
    >>> y = np.array([0.5, 0.5])
    >>> np.round(best_shares([low, high], y, np.ones(2), "root_mean_squared_error"), 6)
    array([0.75, 0.25])
    """
    shares = _SHARES[metric](predictions, y, w)
    if shares.min() < _NEGLIGIBLE:
        kept = [i for i, share in enumerate(shares) if share >= _NEGLIGIBLE]
        shares = np.zeros(len(predictions))
        shares[kept] = best_shares([predictions[i] for i in kept], y, w, metric)
    return [float(s) for s in shares / shares.sum()]


def best_alone(
    predictions: Sequence[NDArray[Any]], y: NDArray[Any], w: NDArray[Any], metric: str
) -> list[float]:
    """The share 1 for the group with the smallest loss, the first of equal ones; arguments as above.

    >>> y = np.array([0.9, 0.8])
    >>> best_alone([np.zeros((2, 1)), np.ones((2, 1))], y, np.ones(2), "root_mean_squared_error")
    [0.0, 1.0]
    """
    means = [float(w @ _LOSSES[metric](y, p)) for p in predictions]
    return [float(place == int(np.argmin(means))) for place in range(len(means))]


def highest_shares(
    predictions: Sequence[NDArray[np.float64]], shares: Sequence[float], score: Score
) -> list[float]:
    """Shares with a score that no move of some weight from one group to another makes higher.

    Args:
        predictions: of each group.
        shares: where the search begins; they stay where no move brings more.
        score: of the blend.

    >>> low, high = np.zeros((1, 1)), np.ones((1, 1))
    >>> highest_shares([low, high], [1.0, 0.0], lambda p: -abs(p[0, 0] - 0.5))
    [0.5, 0.5]
    """
    best = [float(share) for share in shares]
    reached = score(blended(predictions, best))
    for step in _MOVED:
        while True:
            tried = [(score(blended(predictions, moved)), moved) for moved in _moves(best, step)]
            highest, moved = max(tried, key=lambda found: found[0])
            if not highest > reached:
                break
            reached, best = highest, moved
    return best


def _moves(shares: Sequence[float], step: float) -> Iterator[list[float]]:
    """The shares after each move of a step; what would leave little behind takes all."""
    for giving, taking in permutations(range(len(shares)), 2):
        if shares[giving] > 0:
            moved, given = list(shares), min(step, shares[giving])
            given = shares[giving] if shares[giving] - given < _NEGLIGIBLE else given
            moved[giving], moved[taking] = shares[giving] - given, shares[taking] + given
            yield [round(share, 12) for share in moved]


def highest_alone(predictions: Sequence[NDArray[np.float64]], score: Score) -> list[float]:
    """The share 1 for the group with the highest score, the first of equal ones."""
    scores = [score(p) for p in predictions]
    return [float(place == int(np.argmax(scores))) for place in range(len(scores))]


def _errors(y: NDArray[Any], predicted: NDArray[Any]) -> NDArray[np.float64]:
    """By how much each number, (rows, 1), is above its target, (rows,)."""
    found: NDArray[np.float64] = predicted[:, 0].astype(np.float64) - y
    return found


def _shares_for_medians(
    predictions: Sequence[NDArray[Any]], y: NDArray[Any], w: NDArray[Any]
) -> NDArray[np.float64]:
    """The smallest sum of absolute errors: squares, each divided by the size of its error before.

    Every round lowers the sum (Schlossmacher, "An iterative technique for absolute deviations curve fitting",
    1973; Hunter and Lange, "Quantile regression via an MM algorithm", 2000).
    """
    shares = _shares_for_numbers(predictions, y, w)
    least = _FLAT * float(np.average(np.abs(y), weights=w)) + _SMALLEST
    for _ in range(_REWEIGHTED):
        before = shares
        sizes = np.abs(_errors(y, blended(predictions, [float(s) for s in shares])))
        shares = _shares_for_numbers(predictions, y, w / np.maximum(sizes, least))
        if np.abs(shares - before).max() < _SMALLEST:
            break
    return shares


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


_SHARES: Mapping[str, Callable[..., NDArray[np.float64]]] = {
    "log_loss": _shares_for_classes,
    "root_mean_squared_error": _shares_for_numbers,
    "mean_absolute_error": _shares_for_medians,
}
_LOSSES: Mapping[str, Callable[..., NDArray[np.float64]]] = {
    "log_loss": surprise,
    "root_mean_squared_error": lambda y, p: _errors(y, p) ** 2,
    "mean_absolute_error": lambda y, p: np.abs(_errors(y, p)),
}


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
