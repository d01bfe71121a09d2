"""Which member of an ensemble holds which row out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.training import Folds

__all__ = ["folds_of"]

_FOLDS_OF_ONE_MEMBER = 7


def folds_of(y: NDArray[Any], members: int, seed: int, groups: NDArray[np.int64] | None = None) -> Folds:
    """Each member gets an equal share of the rows, and of every class or of every range of targets.

    A single member gets one row in seven. Rows of a group go to the same member, and the shares are as equal
    as the sizes of the groups allow.

    Args:
        y: encoded targets, (rows,); at least as many as members.
        members: how many there are.
        seed: decides between rows whose targets are equal.
        groups: which group each row belongs to, (rows,); at least as many groups as members, and two.

    >>> folds = folds_of(np.array([0, 0, 0, 0, 1, 1, 1, 1]), 2, seed=0)
    >>> [int(folds.of[:4].sum()), int(folds.of[4:].sum())]
    [2, 2]
    """
    rng = np.random.Generator(np.random.Philox(key=seed))
    if groups is not None:
        return _folds_of_groups(groups, members, rng)
    shuffled = rng.permutation(len(y))
    ordered = shuffled[np.argsort(y[shuffled], kind="stable")]
    folds = members if members > 1 else _FOLDS_OF_ONE_MEMBER
    rounds = -(-len(y) // folds)
    # neighbours in the order go to different members, in an order drawn anew each time
    drawn = rng.permuted(np.tile(np.arange(folds), (rounds, 1)), axis=1).ravel()
    of = np.empty(len(y), np.int64)
    of[ordered] = drawn[: len(y)]
    return Folds(of) if members > 1 else Folds(np.where(of == 0, 0, -1))


def _folds_of_groups(groups: NDArray[np.int64], members: int, rng: np.random.Generator) -> Folds:
    """The largest groups first, each to the member that has the fewest rows so far."""
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    folds = members if members > 1 else min(_FOLDS_OF_ONE_MEMBER, len(sizes))
    drawn = rng.permutation(len(sizes))
    fold_of, rows = np.empty(len(sizes), np.int64), np.zeros(folds, np.int64)
    for one in drawn[np.argsort(-sizes[drawn], kind="stable")]:
        fold_of[one] = np.argmin(rows)
        rows[fold_of[one]] += sizes[one]
    of = fold_of[group]
    return Folds(of) if members > 1 else Folds(np.where(of == 0, 0, -1))
