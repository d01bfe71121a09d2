"""Columns of whole numbers that are keys: of persons, schools or regions."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from downslope._extras import polars as pl
from downslope.fitting.ensemble import SINGLE_VALUES, outputs_of, share_of_single_values
from downslope.fitting.rows._opening import groups_of, times_in
from downslope.fitting.rows._rows import known_targets, rows_apart
from downslope.tables import Column, Description, TableEncoder, finite_numbers

__all__ = ["with_keys"]

_NAMED = re.compile(r"(?i:^id|id$|(^|[_. ])(key|code|no|nr|num|number)$)")
_ROWS_OF_A_KEY = 3  # on average, below which there is little to learn of each
_ROWS_OF_AN_INPUT = 8  # of the linear model: with fewer it leaves too little of any target
_LEFT = 0.03  # of the variance, by a linear model of the other columns: of less, keys would learn noise
_EXPLAINED = 0.1  # of that, beside ranges of keys
_SAMPLED_ROWS = 20_000  # that the linear model is solved for
_RIDGE = 1e-6


def with_keys(frame: pl.DataFrame, description: Description, numbers: Collection[str]) -> Description:
    """The description of a table, in which columns of keys are categories.

    Whole numbers are keys where the name of the column says so, their values come again, and single values
    explain what a linear model of the other columns and ranges of values leave of the target. Where there are
    few of them networks tell them apart as numbers.

    Args:
        frame: the rows of ``counted_rows``. Those that are held out as the later ones have no say.
        description: of its columns.
        numbers: columns that are numbers whatever they hold.
    """
    named = [
        column
        for column in description.columns
        if column.kind == "number" and _NAMED.search(column.name) and column.name not in numbers
    ]
    if not named:
        return description
    known, target = known_targets(frame, description)
    times = times_in(known)
    apart = None if times is None else rows_apart(times)
    known = known if apart is None else known.filter(pl.Series(apart[0]))
    often = [column for column in named if _come_again(known[column.name])]
    if not often:
        return description
    outputs = outputs_of(target.encode(known[description.target]), target)
    outputs -= outputs.mean(axis=0)
    encoder = TableEncoder.fit(known, description)
    x = encoder.encode(known).x[:, : len(encoder.features) - len(encoder.code_columns)]
    enough, keys = _LEFT * float((outputs**2).sum()), dict[str, Column]()
    for column in often:
        left = _left_by_others(x, encoder.places[column.name], outputs)
        if _tell(known[column.name], left, enough, groups_of(known)):
            keys[column.name] = _as_keys(known, column)
    return replace(description, columns=tuple(keys.get(c.name, c) for c in description.columns))


def _come_again(column: pl.Series) -> bool:
    """Whether it holds whole numbers, too many to be told apart as numbers, that have some rows each."""
    values = finite_numbers(column)
    many = SINGLE_VALUES < values.n_unique() <= len(values) / _ROWS_OF_A_KEY
    return many and bool((values == values.round()).all())


def _tell(
    column: pl.Series, left: NDArray[np.float64] | None, enough: float, groups: NDArray[np.int64] | None
) -> bool:
    """Whether the single values of a column explain what the others leave, and that is enough."""
    if left is None or (left**2).sum() <= enough:
        return False
    # ids of many digits are no different numbers in float32, but their places are
    places = finite_numbers(column).rank("dense").fill_null(0).cast(pl.Float32).to_numpy()
    return share_of_single_values(places, left, groups) >= _EXPLAINED


def _left_by_others(
    x: NDArray[np.float32], own: slice, outputs: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """What a linear model of the inputs but a column's own leaves of the outputs, (rows, outputs).

    None where the others are too many for the rows.
    """
    others = np.delete(x, own, axis=1)
    if others.shape[1] * _ROWS_OF_AN_INPUT > len(x):
        return None
    every = slice(None, None, -(-len(x) // _SAMPLED_ROWS))
    some = others[every].astype(np.float64)
    mean = some.mean(axis=0)
    some -= mean
    squares = some.T @ some + _RIDGE * len(some) * np.eye(len(mean))
    weights = np.linalg.solve(squares, some.T @ outputs[every])
    left: NDArray[np.float64] = outputs - (others @ weights.astype(x.dtype) - mean @ weights)
    return left


def _as_keys(known: pl.DataFrame, column: Column) -> Column:
    seen = f"{known[column.name].n_unique()} whole numbers that are keys: each tells more than ranges of them"
    ways = f'--number "{column.name}" takes them as numbers, --group "{column.name}" measures on new ones'
    return Column(column.name, "category", f"{seen}; {ways}")
