"""Rows drawn from a table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_ROWS", "generator", "sampled_rows"]

MOST_ROWS = 2000
"""Rows of a sample."""


def sampled_rows(rows: int, seed: int) -> NDArray[np.int64]:
    """The indices of at most 2000 rows, drawn without repeats, in order."""
    if rows <= MOST_ROWS:
        return np.arange(rows)
    return np.sort(generator(seed, rows).choice(rows, MOST_ROWS, replace=False))


def generator(seed: int, purpose: int) -> np.random.Generator:
    """Random numbers of a seed for a purpose, which do not depend on those for another."""
    return np.random.Generator(np.random.Philox(key=[seed, purpose]))
