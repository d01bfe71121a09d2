"""How much each group of members counts in the prediction, and how sure it may sound.

Both are chosen on predictions of rows that the members did not see (Wolpert, "Stacked generalization", 1992).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["blended", "blended_shares", "cooled", "temperature_of"]

_SMALLEST = 1e-7
_NEGLIGIBLE = 0.03  # a group with a smaller share costs time in every prediction and adds nothing
_ROUNDS = 200


def blended_shares(
    guesses: Sequence[NDArray[Any]], y: NDArray[Any], w: NDArray[Any], classes: int
) -> list[float]:
    """The shares, of sum 1, with which the guesses together have the smallest loss.

    Args:
        guesses: of each group: probabilities (rows, classes), or numbers (rows, 1).
        y: encoded targets, (rows,).
        w: how much each row counts, (rows,).
        classes: how many there are; 0 for numbers, whose loss is the squared error.

    >>> low, high = np.zeros((2, 1)), np.full((2, 1), 2.0)
    >>> np.round(blended_shares([low, high], np.array([0.5, 0.5]), np.ones(2), classes=0), 6)
    array([0.75, 0.25])
    """
    shares = (_of_classes if classes else _of_numbers)(guesses, y, w)
    if shares.min() < _NEGLIGIBLE:
        kept = [i for i, share in enumerate(shares) if share >= _NEGLIGIBLE]
        shares = np.zeros(len(guesses))
        shares[kept] = blended_shares([guesses[i] for i in kept], y, w, classes)
    return [float(s) for s in shares / shares.sum()]


def _of_numbers(guesses: Sequence[NDArray[Any]], y: NDArray[Any], w: NDArray[Any]) -> NDArray[np.float64]:
    """The smallest sum of squares over shares of sum 1: its slope is 0 within some subset of the groups."""
    missed = np.stack([np.asarray(g, np.float64)[:, 0] - y for g in guesses])
    gram = (missed * w) @ missed.T / w.sum()
    gram += np.eye(len(guesses)) * (1e-9 * np.trace(gram) + 1e-300)
    best, found = np.inf, np.zeros(len(guesses))
    every = range(len(guesses))
    for group in chain.from_iterable(combinations(every, count) for count in range(1, len(guesses) + 1)):
        part = list(group)
        flat = np.linalg.solve(gram[np.ix_(part, part)], np.ones(len(part)))
        flat /= flat.sum()
        error = float(flat @ gram[np.ix_(part, part)] @ flat)
        if flat.min() >= 0 and error < best:
            best, found = error, np.zeros(len(guesses))
            found[part] = flat
    return found


def _of_classes(guesses: Sequence[NDArray[Any]], y: NDArray[Any], w: NDArray[Any]) -> NDArray[np.float64]:
    """The most likely shares of a mixture (Dempster, Laird and Rubin 1977)."""
    rows = np.arange(len(y))
    true = np.stack([np.clip(g[rows, y.astype(int)], _SMALLEST, 1) for g in guesses], axis=1).astype(
        np.float64
    )
    shares = np.full(len(guesses), 1 / len(guesses))
    for _ in range(_ROUNDS):
        parts = true * shares
        shares = w @ (parts / parts.sum(axis=1, keepdims=True)) / w.sum()
    return shares


def cooled(probabilities: NDArray[Any], temperature: float) -> NDArray[np.float64]:
    """softmax(ln p / temperature), (rows, classes): what dividing the last z by it makes of them.

    >>> cooled(np.array([[0.2, 0.8]]), 2.0).round(3)
    array([[0.333, 0.667]])
    """
    powers = np.clip(probabilities, 1e-30, 1).astype(np.float64) ** (1 / temperature)
    calm: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return calm


def blended(guesses: Sequence[NDArray[Any]], shares: Sequence[float]) -> NDArray[np.float64]:
    """The mean of the guesses of all groups, each by its share."""
    mean: NDArray[np.float64] = np.sum([s * g for s, g in zip(shares, guesses, strict=True)], axis=0)
    return mean


def temperature_of(
    guesses: Sequence[NDArray[Any]], shares: Sequence[float], y: NDArray[Any], w: NDArray[Any]
) -> float:
    """The temperature at which the blend has the smallest log loss (Guo et al., "On calibration", 2017).

    Not above 1: what is blended here has one member of each kind for a row, and the mean over all members
    will be less sure of itself anyway.
    """
    rows = np.arange(len(y))

    def loss(temperature: float) -> float:
        blend = blended([cooled(g, temperature) for g in guesses], shares)
        return float(-(w @ np.log(np.clip(blend[rows, y.astype(int)], _SMALLEST, 1))))

    tried = np.exp(np.linspace(np.log(0.6), 0.0, 15))
    return float(min(tried, key=loss))
