"""Columns of whole numbers that are keys: of persons, schools or regions."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from downslope._extras import polars as pl
from downslope.fitting.ensemble import SINGLE_VALUES, outputs_of, share_of_single_values
from downslope.fitting.rows._opening import groups_of
from downslope.tables import Column, Description, TableEncoder, Target, finite_numbers, rows_with_target

__all__ = ["with_keys"]

_NAMED = re.compile(r"(?i:^id|id$|(^|[_. ])(key|code|no|nr|num|number)$)")
_ROWS_OF_A_KEY = 3  # on average, below which there is little to learn of each
_LEFT = 0.03  # of the variance, by a linear model of the other columns: of less, keys would learn noise
_EXPLAINED = 0.1  # of that, beside ranges of keys
_RIDGE = 1e-6


def with_keys(frame: pl.DataFrame, description: Description, numbers: Collection[str]) -> Description:
    """The description of a table, in which columns of keys are categories.

    Whole numbers are keys where the name of the column says so, their values come again, and single values
    explain what a linear model of the other columns and ranges of values leave of the target. Where there are
    few of them networks tell them apart as numbers.

    Args:
        frame: the table.
        description: of its columns.
        numbers: columns that are numbers whatever they hold.
    """
    known = rows_with_target(frame, description.target)[0]
    named = [c for c in description.columns if c.name not in numbers and _may_be_keys(known, c)]
    if not named:
        return description
    target = Target.fit(known[description.target], description.task)
    y = target.encode(known[description.target])
    known, y = known.filter(pl.Series(np.isfinite(y))), y[np.isfinite(y)]
    outputs = outputs_of(y, target)
    keys = {c.name: _as_keys(known, c) for c in named if _tell(known, c, description, outputs)}
    return replace(description, columns=tuple(keys.get(c.name, c) for c in description.columns))


def _may_be_keys(known: pl.DataFrame, column: Column) -> bool:
    if column.kind != "number" or not _NAMED.search(column.name):
        return False
    values = finite_numbers(known[column.name])
    if not SINGLE_VALUES < values.n_unique() <= len(values) / _ROWS_OF_A_KEY:
        return False
    return bool((values == values.round()).all())


def _tell(
    known: pl.DataFrame, column: Column, description: Description, outputs: NDArray[np.float64]
) -> bool:
    """Whether the single values of a column explain enough of what the other columns leave."""
    others = tuple(c for c in description.columns if c is not column)
    left = _left_by_others(known, replace(description, columns=others), outputs)
    if (left**2).sum() < _LEFT * ((outputs - outputs.mean(axis=0)) ** 2).sum():
        return False
    # ids of many digits are no different numbers in float32, but their places are
    places = finite_numbers(known[column.name]).rank("dense").fill_null(0).cast(pl.Float32).to_numpy()
    return share_of_single_values(places, left, groups_of(known)) >= _EXPLAINED


def _left_by_others(
    known: pl.DataFrame, description: Description, outputs: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What a linear model of the described columns leaves, (rows, outputs); it has no embeddings."""
    encoder = TableEncoder.fit(known, description)
    x = encoder.encode(known).x[:, : len(encoder.features) - len(encoder.code_columns)].astype(np.float64)
    x -= x.mean(axis=0)
    left: NDArray[np.float64] = outputs - outputs.mean(axis=0)
    squares = x.T @ x
    squares[np.diag_indices_from(squares)] += _RIDGE * len(x)
    return left - x @ np.linalg.solve(squares, x.T @ left)


def _as_keys(known: pl.DataFrame, column: Column) -> Column:
    levels = known[column.name].n_unique()
    reason = f"{levels} whole numbers that are keys: each tells more than ranges of them; --number"
    return Column(column.name, "category", f'{reason} "{column.name}" takes them as numbers')
