"""Which member of an ensemble holds which row out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.training import Folds

__all__ = ["folds_of"]

_FOLDS_OF_ONE_MEMBER = 7


def folds_of(y: NDArray[Any], members: int, seed: int) -> Folds:
    """Each member gets an equal share of the rows, and of every class or of every range of targets.

    A single member gets one row in seven.

    Args:
        y: encoded targets, (rows,); at least as many as members.
        members: how many there are.
        seed: decides between rows whose targets are equal.

    >>> folds = folds_of(np.array([0, 0, 0, 0, 1, 1, 1, 1]), 2, seed=0)
    >>> [int(folds.of[:4].sum()), int(folds.of[4:].sum())]
    [2, 2]
    """
    rng = np.random.Generator(np.random.Philox(key=seed))
    shuffled = rng.permutation(len(y))
    ordered = shuffled[np.argsort(y[shuffled], kind="stable")]
    folds = members if members > 1 else _FOLDS_OF_ONE_MEMBER
    rounds = -(-len(y) // folds)
    # neighbours in the order go to different members, in an order drawn anew each time
    drawn = rng.permuted(np.tile(np.arange(folds), (rounds, 1)), axis=1).ravel()
    of = np.empty(len(y), np.int64)
    of[ordered] = drawn[: len(y)]
    return Folds(of) if members > 1 else Folds(np.where(of == 0, 0, -1))
