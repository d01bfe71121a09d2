"""NumPy as the array namespace of the ops: the Array API and the functions it lacks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines._normal import normal_cdf as ndtr
from downslope.engines._random import random_words
from downslope.engines._share import Share

__all__ = ["OfRank", "add_rows", "keep_mask", "ndtr", "sum_over_ranks"]


def __getattr__(name: str) -> Any:
    return getattr(np, name)


def add_rows(rows: NDArray[Any], index: NDArray[np.int64], like: NDArray[Any]) -> NDArray[Any]:
    """Zeros like a table, with each row added at its index."""
    table = np.zeros_like(like)
    np.add.at(table, index, rows)
    return table


def keep_mask(
    like: NDArray[Any],
    seed: int,
    stream: int,
    step: int,
    rate: float,
    places: NDArray[np.int64] | None = None,
) -> NDArray[Any]:
    """1 with probability 1 − rate, else 0, in the shape of a matrix, whose rows have these places in a batch.

    Each row takes whole blocks of four words, so that an engine can draw any row alone.
    """
    rows, columns = like.shape
    count = rows if places is None else int(places.max()) + 1
    words = random_words(count * -(-columns // 4) * 4, seed, stream, step)
    words = words.reshape(count, -1)[slice(None) if places is None else places, :columns]
    return (words >= np.uint64(rate * 2**32)).astype(like.dtype)


def sum_over_ranks(value: NDArray[Any]) -> NDArray[Any]:
    """The value itself: there is one process."""
    return value


class OfRank:
    """The same namespace for one rank of several.

    Args:
        share: of the rank.
    """

    def __init__(self, share: Share) -> None:
        self._share = share

    def __getattr__(self, name: str) -> Any:
        return globals().get(name) or getattr(np, name)

    def keep_mask(self, like: NDArray[Any], seed: int, stream: int, step: int, rate: float) -> NDArray[Any]:
        """The rows of the mask that are the rank's."""
        return keep_mask(like, seed, stream, step, rate, self._share.places)

    def sum_over_ranks(self, value: NDArray[Any]) -> NDArray[Any]:
        """The sum of what all ranks have."""
        total = np.array(value)
        self._share.add_up(total)
        return total
