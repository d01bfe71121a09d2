"""Which member of an ensemble holds which row out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.training import Folds

__all__ = ["folds_of", "forward_folds", "later_folds"]

_FOLDS_OF_ONE_MEMBER = 7


def folds_of(
    y: NDArray[Any],
    members: int,
    seed: int,
    groups: NDArray[np.int64] | None = None,
    folds: int | None = None,
) -> Folds:
    """Each member gets an equal share of the rows, and of every class or of every range of targets.

    Where there are more shares than members, all members learn from the rows of the others. Rows of a group
    go to the same member, and the shares are as equal as the sizes of the groups allow.

    Args:
        y: encoded targets, (rows,); at least as many as folds.
        members: how many there are.
        seed: decides between rows whose targets are equal.
        groups: which group each row belongs to, (rows,); at least as many groups as members, and two.
        folds: how many shares there are, at least two; None for as many as members, and seven for one.

    >>> folds = folds_of(np.array([0, 0, 0, 0, 1, 1, 1, 1]), 2, seed=0)
    >>> [int(folds.of[:4].sum()), int(folds.of[4:].sum())]
    [2, 2]
    >>> np.bincount(1 + folds_of(np.zeros(12), 2, seed=0, folds=4).of).tolist()
    [6, 3, 3]
    """
    folds = folds or (members if members > 1 else _FOLDS_OF_ONE_MEMBER)
    rng = np.random.Generator(np.random.Philox(key=seed))
    if groups is not None:
        of = _folds_of_groups(groups, folds, rng)
        return Folds(np.where(of < members, of, -1))
    shuffled = rng.permutation(len(y))
    ordered = shuffled[np.argsort(y[shuffled], kind="stable")]
    rounds = -(-len(y) // folds)
    # neighbours in the order go to different members, in an order drawn anew each time
    drawn = rng.permuted(np.tile(np.arange(folds), (rounds, 1)), axis=1).ravel()
    of = np.empty(len(y), np.int64)
    of[ordered] = drawn[: len(y)]
    return Folds(np.where(of < members, of, -1))


def later_folds(
    y: NDArray[Any],
    later: NDArray[np.bool_],
    members: int,
    seed: int,
    groups: NDArray[np.int64] | None = None,
) -> tuple[Folds, NDArray[np.bool_]]:
    """Later rows are held out, each by one of the members, and unknown to the others.

    Args:
        y: encoded targets, (rows,).
        later: which rows those are, (rows,).
        members: how many there are, at most.
        seed: as of ``folds_of``.
        groups: which group each row belongs to, (rows,): a member knows no row of the groups that it holds
            out, the earlier ones included.

    Returns:
        The folds, and which rows each member knows nothing of, (rows, members).

    >>> folds, unknown = later_folds(np.zeros(5), np.array([False, True, False, True, False]), 2, seed=0)
    >>> sorted(folds.of[[1, 3]].tolist()), folds.of[[0, 2, 4]].tolist(), unknown.sum(axis=0).tolist()
    ([0, 1], [-1, -1, -1], [1, 1])
    """
    own = None if groups is None else groups[later]
    members = min(members, int(later.sum()) if own is None else len(np.unique(own)))
    of = np.full(len(y), -1)
    of[later] = 0 if members == 1 else folds_of(y[later], members, seed, own).of
    held = of[:, None] == np.arange(members)
    unknown = np.repeat(later[:, None], members, axis=1)
    if groups is not None:
        for member in range(members):
            unknown[:, member] |= np.isin(groups, groups[held[:, member]])
    return Folds(of), unknown & ~held


def forward_folds(
    places: NDArray[np.int64], members: int, groups: NDArray[np.int64] | None = None
) -> tuple[Folds, NDArray[np.bool_]] | None:
    """Each member holds out the rows of some time and learns from those before it, none from those after.

    Args:
        places: of the times of the rows in their order, (rows,).
        members: how many there are, at most.
        groups: as of ``later_folds``.

    Returns:
        As of ``later_folds``; None where all rows have the same time, or a member would know no row.

    >>> folds, unknown = forward_folds(np.array([1, 2, 2, 3, 4, 5]), 2)
    >>> folds.of.tolist(), unknown.T.astype(int).tolist()
    ([-1, 0, 0, 0, 1, 1], [[0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 0, 0]])
    """
    ordered = np.sort(places)
    first = {int(ordered[len(places) * part // (members + 1)]) for part in range(1, members + 1)}
    starts = sorted(first - {int(ordered[0])})
    if not starts:
        return None
    of = np.searchsorted(starts, places, side="right") - 1
    own = of[:, None] == np.arange(len(starts))
    unknown = of[:, None] > np.arange(len(starts))
    if groups is not None:
        for member in range(len(starts)):
            unknown[:, member] |= np.isin(groups, groups[own[:, member]]) & ~own[:, member]
    if np.all(unknown | own, axis=0).any():
        return None
    return Folds(of), unknown


def _folds_of_groups(groups: NDArray[np.int64], folds: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The largest groups first, each to the fold that has the fewest rows so far."""
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    folds = min(folds, len(sizes))
    drawn = rng.permutation(len(sizes))
    fold_of, rows = np.empty(len(sizes), np.int64), np.zeros(folds, np.int64)
    for one in drawn[np.argsort(-sizes[drawn], kind="stable")]:
        fold_of[one] = np.argmin(rows)
        rows[fold_of[one]] += sizes[one]
    return fold_of[group]
