"""Tails of distributions of tests."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["binomial_tail", "f_tail"]


def binomial_tail(least: int, trials: int, chance: float) -> float:
    """The probability of at least so many successes, each of one chance, which is between 0 and 1.

    >>> round(binomial_tail(2, 3, 0.5), 12)
    0.5
    """
    counts = np.arange(trials)
    ratios = np.log((trials - counts) / (counts + 1) * chance / (1 - chance))  # of successive probabilities
    logarithms = trials * math.log1p(-chance) + np.concatenate([[0.0], np.cumsum(ratios)])
    return float(np.exp(logarithms[max(least, 0) :]).sum())


def f_tail(above: float, numerator: float, denominator: float) -> float:
    """The probability that an F of these degrees of freedom exceeds a value, which is not negative.

    >>> round(f_tail(4.0, 1, 10), 6)
    0.073388
    """
    return _incomplete_beta(denominator / 2, numerator / 2, denominator / (denominator + numerator * above))


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """I_x(a, b), by the continued fraction of DLMF 8.17.22 where it converges fast, else from 1 − x."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(b, a, 1 - x)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(front) / a / _fraction(a, b, x)


def _fraction(a: float, b: float, x: float) -> float:
    """1 + d₁/(1 + d₂/(1 + …)) by Lentz's method; the number of terms that it needs grows with √(a + b)."""
    value = above = 1.0
    below = 0.0
    for m in range(1, 100_000):
        k = m // 2
        if m % 2:
            d = -(a + k) * (a + b + k) * x / ((a + m - 1) * (a + m))
        else:
            d = k * (b - k) * x / ((a + m - 1) * (a + m))
        below = 1 / (1 + d * below)
        above = 1 + d / above
        value *= above * below
        if abs(above * below - 1) < 1e-15:
            break
    return value
