"""Rows drawn from a table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["generator", "sampled_rows"]

_ROWS = 2000


def sampled_rows(rows: int, seed: int) -> NDArray[np.int64]:
    """The indices of at most 2000 rows, drawn without repeats, in order."""
    if rows <= _ROWS:
        return np.arange(rows)
    return np.sort(generator(seed, rows).choice(rows, _ROWS, replace=False))


def generator(seed: int, purpose: int) -> np.random.Generator:
    """Random numbers of a seed for a purpose, which do not depend on those for another."""
    return np.random.Generator(np.random.Philox(key=[seed, purpose]))
