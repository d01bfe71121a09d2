"""Pairs of categories of which each two levels have an effect of their own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from downslope.fitting.ensemble._bins import groups_together, outputs_of, sampled
from downslope.nets import Products
from downslope.tables import TAIL_WIDTH, TableEncoder, Target

__all__ = ["telling_pairs"]

_ROWS = 3000  # that are looked at
_INPUTS = 400  # of wider tables no pairs are looked at
_MOST = 8  # of a table
_CELLS = 512  # of a table, at most
_EXPLAINED = 0.02  # of what the columns leave, at least
_BY_CHANCE = 0.05  # the probability that a pair is taken where none tells anything, at most
_FOLDS = 5
_PENALTY = 1e-6  # for each row
_NOTHING = 1e-6  # of the variance: what is left of targets that the columns explain

Numbers = NDArray[np.float64]


def telling_pairs(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    target: Target,
    encoder: TableEncoder,
    groups: NDArray[np.int64] | None = None,
) -> tuple[Products, ...]:
    """Layers that put the cells of pairs of categories behind the inputs; none where they tell too little.

    A cell is a level of one category and one of another. One pair after the other is taken, as long as the
    means of its cells explain 2 % of what a linear model leaves of the target, which has the cells that were
    taken before. Rows are explained by those of other folds.

    Args:
        x: the encoded inputs, (rows, inputs).
        y, target: what is to be explained, (rows,), as numbers or classes.
        encoder: of the table.
        groups: of rows that are not to explain each other, (rows,); None: each row may explain all others.
    """
    categories = encoder.category_columns
    pairs = list(combinations(range(len(categories)), 2))
    if not pairs or x.shape[1] > _INPUTS:
        return ()
    x, outputs = sampled(x, _ROWS), outputs_of(sampled(y, _ROWS), target)
    together = groups_together(len(x), None if groups is None else sampled(groups, _ROWS))
    within = [together % _FOLDS == fold for fold in range(_FOLDS)]
    levels = [_indicators(x[:, columns]) for columns in categories]
    enough = max(_EXPLAINED, _largest_by_chance(len(pairs), len(x)))
    nothing = _NOTHING * ((outputs - outputs.mean(axis=0)) ** 2).sum()
    known, found, room = _known(x, encoder), list[Products](), _CELLS
    while len(found) < _MOST:
        pairs = [pair for pair in pairs if math.prod(len(categories[place]) for place in pair) <= room]
        left = _left_of(known, outputs, within)
        if not pairs or (left**2).sum() <= nothing:
            break
        explained = _explained(levels, left, within)
        best = max(pairs, key=lambda pair: float(explained[pair]))
        if explained[best] < enough:
            break
        pairs.remove(best)
        found.append(Products(*(categories[place] for place in best)))
        room -= len(found[-1].left) * len(found[-1].right)
        one, other = (levels[place] for place in best)
        cells = one[:, :, None] * other[:, None, :]
        known = np.concatenate([known, cells.reshape(len(x), -1)], axis=1)
    return tuple(found)


def _largest_by_chance(pairs: int, rows: int) -> float:
    """What the best of so many pairs explains, where none tells anything, rarely exceeds.

    A pair of d degrees of freedom then explains about a χ² of d in so many rows, less the 2·d/rows that its
    means cost in other folds. With L = ln(pairs/probability), χ² is below d + 2·√(d·L) + 2·L (Laurent and
    Massart, "Adaptive estimation of a quadratic functional by model selection", 2000), and the difference
    below 3·L for any d.
    """
    return 3 * math.log(pairs / _BY_CHANCE) / rows


def _indicators(x: NDArray[np.float32]) -> Numbers:
    """Of each level of a category, in which rows it is, (rows, levels)."""
    levels, level = np.unique(x @ np.arange(1, x.shape[1] + 1), return_inverse=True)
    return np.eye(len(levels))[level]


def _known(x: NDArray[np.float32], encoder: TableEncoder) -> Numbers:
    """What a linear model has of the columns, besides the vectors of levels, (rows, columns)."""
    inputs = np.delete(x, encoder.code_columns, axis=1).astype(np.float64)
    plain = np.sinh(x[:, encoder.compressed_columns].astype(np.float64) / TAIL_WIDTH)
    return np.concatenate([inputs, plain], axis=1)


def _left_of(columns: Numbers, outputs: Numbers, within: Sequence[NDArray[np.bool_]]) -> Numbers:
    """What least squares with a slight penalty in the other folds leave of each row, (rows, outputs)."""
    deviations = columns.std(axis=0)
    scaled = (columns - columns.mean(axis=0)) / np.where(deviations > 0, deviations, 1)
    columns = np.concatenate([scaled, np.ones((len(columns), 1))], axis=1)
    grams = [columns[rows].T @ columns[rows] for rows in within]
    products = [columns[rows].T @ outputs[rows] for rows in within]
    gram, total = sum(grams) + _PENALTY * len(columns) * np.eye(columns.shape[1]), sum(products)
    left = outputs.copy()
    for rows, own, product in zip(within, grams, products, strict=True):
        left[rows] -= columns[rows] @ np.linalg.solve(gram - own, total - product)
    return left


def _explained(levels: Sequence[Numbers], left: Numbers, within: Sequence[NDArray[np.bool_]]) -> Numbers:
    """The share of what is left that the means of cells explain, by two categories, (categories, categories).

    A mean is that of the rows of other folds, and one more of 0.
    """
    every = np.concatenate(levels, axis=1)
    counts = [every[rows].T @ every[rows] for rows in within]
    others = [sum(counts) - own + 1 for own in counts]
    gain = np.zeros_like(counts[0])
    for output in left.T:
        sums = [(every[rows] * output[rows, None]).T @ every[rows] for rows in within]
        total = sum(sums)
        for own, rows, other in zip(sums, counts, others, strict=True):
            mean = (total - own) / other
            gain += (2 * own - rows * mean) * mean
    first = np.cumsum([0, *(each.shape[1] for each in levels[:-1])])
    by_category = np.add.reduceat(np.add.reduceat(gain, first, axis=0), first, axis=1)
    found: Numbers = by_category / (left**2).sum()
    return found
