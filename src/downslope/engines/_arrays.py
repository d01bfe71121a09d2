"""NumPy as the array namespace of the ops: the Array API and the three functions it lacks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines._random import random_words

__all__ = ["add_rows", "keep_mask", "ndtr"]


def __getattr__(name: str) -> Any:
    return getattr(np, name)


def ndtr(z: NDArray[Any]) -> NDArray[Any]:
    """Φ(z), accurate in both tails."""
    from scipy.special import ndtr as phi  # imported where a network needs it: SciPy takes a while

    return phi(z)  # type: ignore[no-any-return]


def add_rows(rows: NDArray[Any], index: NDArray[np.int64], like: NDArray[Any]) -> NDArray[Any]:
    """Zeros like a table, with each row added at its index."""
    table = np.zeros_like(like)
    np.add.at(table, index, rows)
    return table


def keep_mask(like: NDArray[Any], seed: int, stream: int, step: int, rate: float) -> NDArray[Any]:
    """1 with probability 1 − rate, else 0, in the shape of a matrix.

    Each row takes whole blocks of four words, so that an engine can draw any row alone.
    """
    rows, columns = like.shape
    words = random_words(rows * -(-columns // 4) * 4, seed, stream, step).reshape(rows, -1)[:, :columns]
    return (words >= np.uint64(rate * 2**32)).astype(like.dtype)
