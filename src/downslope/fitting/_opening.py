"""The table of a fit: opened, with its target, and with the rows that count."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from numbers import Number
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from downslope.errors import DownslopeError
from downslope.fitting._groups import groups_in
from downslope.fitting.evaluation import weights_of
from downslope.tables import Reading, Table, as_frame, name_text, open_table

__all__ = [
    "counted_rows",
    "groups_of",
    "inputs_of",
    "opened_table",
    "places_of",
    "wanted_kinds",
    "weights_in",
    "with_target",
]

_WEIGHTS, _GROUPS, _PLACES = "\0weights", "\0groups", "\0places"  # the names of no columns of a table


def wanted_kinds(chosen: Mapping[str, Collection[str]], target: Any, task: str) -> dict[str, str]:
    """What columns are, as far as it was said."""
    kinds = {"drop": "level", "category": "level", "number": "number"}
    wanted = {name: kinds[option] for option, names in chosen.items() for name in names}
    if isinstance(target, str) and task != "auto":
        wanted.setdefault(target, "level" if task == "classification" else "number")
    return wanted


def opened_table(
    data: Any, *, sheet: str | None, reading: Reading, wanted: Mapping[str, str], keep_rows: bool
) -> Table:
    """A table to fit to.

    Raises:
        DownslopeError: if it cannot be read, or only in two ways.
    """
    table = open_table(data, sheet=sheet, reading=reading, wanted=wanted, keep_rows=keep_rows)
    if table.questions:
        raise DownslopeError(table.questions[0])
    return table


def with_target(frame: pl.DataFrame, target: Any) -> tuple[pl.DataFrame, str]:
    """The table with its target as a column, and the name of that."""
    if isinstance(target, str | Number | tuple | date):
        found = name_text(target)
        if isinstance(target, str) or found in frame.columns or not isinstance(target, tuple):
            return frame, found
    name = name_text(getattr(target, "name", None)) or "y"
    if name in frame.columns:
        raise DownslopeError(
            f'the inputs have a column "{name}" like the target; give the target by its name'
        )
    if np.ndim(target) == 2 and np.shape(target)[1] == 1:
        target = np.ravel(target)
    if np.ndim(target) != 1:
        raise DownslopeError(
            "target needs the name of a column or one value for each row, not an array of shape "
            f"{np.shape(target)}"
        )
    column = as_frame({name: target})[name]
    if len(column) != frame.height:
        raise DownslopeError(f"there are {frame.height} rows of inputs and {len(column)} targets")
    return frame.with_columns(column), name


def counted_rows(frame: pl.DataFrame, weights: ArrayLike | str | None, group: str | None) -> pl.DataFrame:
    """The rows with a weight, and columns of their weights, of at most 1, groups and places.

    The other rows would set the kinds, ranges and levels of columns, the scale of the target and the folds.
    """
    if group is not None:
        frame = frame.with_columns(pl.Series(_GROUPS, groups_in(frame, group)))
    column = weights_of(frame, weights)
    if isinstance(weights, str):
        frame = frame.drop(weights)
    shares = column / column.max()
    counted = shares.astype(np.float32) > 0  # in the dtype that trains
    own = pl.Series(_WEIGHTS, shares), pl.Series(_PLACES, np.arange(frame.height))
    return frame.with_columns(*own).filter(pl.Series(counted))


def inputs_of(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns that the table itself has."""
    return frame.drop(_WEIGHTS, _GROUPS, _PLACES, strict=False)


def weights_in(frame: pl.DataFrame) -> NDArray[np.float64]:
    """The weights of rows of ``counted_rows``, (rows,)."""
    return frame[_WEIGHTS].to_numpy()


def places_of(frame: pl.DataFrame) -> NDArray[np.int64]:
    """Where they stand in the whole table, from 0, (rows,)."""
    return frame[_PLACES].to_numpy()


def groups_of(frame: pl.DataFrame) -> NDArray[np.int64] | None:
    """The numbers of their groups, (rows,); None where no column of groups was named."""
    return frame[_GROUPS].to_numpy() if _GROUPS in frame.columns else None
