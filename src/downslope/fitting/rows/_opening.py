"""The table of a fit: opened, with its target, and with the rows that count."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.fitting.evaluation import weights_of
from downslope.fitting.rows._groups import groups_in
from downslope.tables import (
    Column,
    Description,
    Reading,
    Table,
    as_frame,
    counted_in,
    describe,
    name_text,
    no_such_column,
    open_table,
    times_of,
)

__all__ = [
    "counted_rows",
    "described_targets",
    "groups_of",
    "opened_table",
    "places_of",
    "timed_rows",
    "times_in",
    "wanted_kinds",
    "weights_in",
    "with_targets",
]

_WEIGHTS, _GROUPS, _PLACES, _TIMES = "\0weights", "\0groups", "\0places", "\0times"
"""The names of no columns of a table."""


def wanted_kinds(chosen: Mapping[str, Collection[str]], target: Any, task: str) -> dict[str, str]:
    """What columns are, as far as it was said; the task is said of every target."""
    kinds = {"drop": "level", "category": "level", "number": "number"}
    wanted = {name: kinds[option] for option, names in chosen.items() for name in names}
    targets = [target] if isinstance(target, str) else target if isinstance(target, list) else []
    if task != "auto":
        for name in targets:
            if isinstance(name, str):
                wanted.setdefault(name, "level" if task == "classification" else "number")
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


def with_targets(frame: pl.DataFrame, target: Any) -> tuple[pl.DataFrame, str | tuple[str, ...]]:
    """The table with its targets as columns, and the name of the target, or the names of several."""
    if isinstance(target, str | Number | tuple | date):
        found = name_text(target)
        if isinstance(target, str) or found in frame.columns or not isinstance(target, tuple):
            return frame, found
    names = _names_in(frame, target)
    if names is not None:
        return frame, names
    columns = _target_columns(target)
    if columns.height != frame.height:
        words = isinstance(target, list) and all(isinstance(value, str) for value in target)
        said = ", none of which is the name of a column" if words and target else ""
        raise DownslopeError(
            f"target has {columns.height} values{said}, and there are {frame.height} rows of inputs"
        )
    for name in columns.columns:
        if name in frame.columns:
            raise DownslopeError(
                f'the inputs have a column "{name}" like the target; give the target by its name'
            )
    several = tuple(columns.columns)
    return frame.with_columns(columns), several if len(several) > 1 else several[0]


def described_targets(
    frame: pl.DataFrame,
    names: Sequence[str],
    task: str,
    chosen: Mapping[str, Collection[str]],
    group: str | None,
) -> list[Description]:
    """What the table without the other targets holds, for each target.

    Raises:
        DownslopeError: where nothing can be learned of one.
    """
    columns, roles = _inputs_of(frame), {} if group is None else {group: "the groups of the rows"}
    found, decided = [], dict[str, Column]()
    for name in names:
        others = [other for other in names if other != name]
        own = {option: [n for n in given if n not in others] for option, given in chosen.items()}
        try:
            with counted_in(places_of(frame)):
                about = describe(
                    columns.drop(others), target=name, task=task, **own, roles=roles, decided=decided
                )
        except DownslopeError as error:
            if task == "auto" or not others:
                raise
            also = "--task is of every target; --category and --number say it of one"
            raise DownslopeError(f"{error} ({also})") from None
        if not about.gap_rows:
            decided |= {column.name: column for column in about.columns}
        found.append(about)
    return found


def _names_in(frame: pl.DataFrame, target: Any) -> tuple[str, ...] | None:
    """The names of targets that a list holds; None where it holds values.

    Names are those of columns; words that are not one for each row are too, where some of them are.

    Raises:
        DownslopeError: for a name that no column has, or that is there twice.
    """
    if not isinstance(target, list | tuple) or not all(isinstance(n, str | int | tuple) for n in target):
        return None
    names = tuple(map(name_text, target))
    known = set(frame.columns).intersection(names)
    words = all(isinstance(name, str) for name in target)
    if not known or (len(names) == frame.height and len(known) < len(names)):
        return None
    if not words and len(known) < len(names):
        return None
    for place, name in enumerate(names):
        if name not in known:
            raise no_such_column(name, frame.columns)
        if name in names[:place]:
            raise DownslopeError(f'target has "{name}" twice; name each column once')
    return names


def _target_columns(target: Any) -> pl.DataFrame:
    """The values of one target or of several, as columns; without names they are y, or y1, y2, …"""
    if isinstance(target, Mapping) or hasattr(target, "columns"):
        return _frame_of(target)
    shape = np.shape(target)
    if len(shape) == 2 and shape[1] > 1:
        return _frame_of(np.asarray(target), [f"y{place}" for place in range(1, shape[1] + 1)])
    if len(shape) == 2 and shape[1] == 1:
        target = np.ravel(target)
    elif len(shape) != 1:
        raise DownslopeError(
            "target needs the name of a column or one value for each row, or several of them, not an array "
            f"of shape {shape}"
        )
    name = name_text(getattr(target, "name", None)) or "y"
    return as_frame({name: target}) if shape[0] else pl.DataFrame({name: []})


def _frame_of(target: Any, names: Sequence[str] | None = None) -> pl.DataFrame:
    try:
        return as_frame(target, names)
    except DownslopeError as error:
        raise DownslopeError(f"target: {error}") from None


def counted_rows(
    frame: pl.DataFrame, weights: ArrayLike | str | None, group: str | None, index: NDArray[np.int64]
) -> pl.DataFrame:
    """The rows with a weight, and columns of their weights, of at most 1, groups and places in the table.

    The other rows would set the kinds, ranges and levels of columns, the scale of the target and the folds.
    ``index`` says where the rows stand in the table as it was given, (rows,).
    """
    if group is not None:
        frame = frame.with_columns(pl.Series(_GROUPS, groups_in(frame, group)))
    column = weights_of(frame, weights)
    if isinstance(weights, str):
        frame = frame.drop(weights)
    shares = column / column.max()
    counted = shares.astype(np.float32) > 0  # in the dtype that trains
    own = pl.Series(_WEIGHTS, shares), pl.Series(_PLACES, index)
    return frame.with_columns(*own).filter(pl.Series(counted))


def timed_rows(frame: pl.DataFrame, time: str) -> tuple[pl.DataFrame, int]:
    """The rows that have a time, with a column of their times, and how many have none.

    Raises:
        DownslopeError: if there is no such column, no row has a time, or a cell is none.
    """
    if time not in frame.columns:
        raise no_such_column(time, _inputs_of(frame).columns, " for time")
    timed = frame.with_columns(times_of(frame[time]).alias(_TIMES)).drop_nulls(_TIMES)
    if timed.height < 2:
        raise DownslopeError(
            f'{timed.height or "no"} row has a value of "{time}"; name another column, or leave time out'
        )
    return timed, frame.height - timed.height


def times_in(frame: pl.DataFrame) -> pl.Series | None:
    """The times of rows of ``timed_rows``, (rows,); None where no column of times was named."""
    return frame[_TIMES] if _TIMES in frame.columns else None


def _inputs_of(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns that the table itself has."""
    return frame.drop(_WEIGHTS, _GROUPS, _PLACES, _TIMES, strict=False)


def weights_in(frame: pl.DataFrame) -> NDArray[np.float64]:
    """The weights of rows of ``counted_rows``, (rows,)."""
    return frame[_WEIGHTS].to_numpy()


def places_of(frame: pl.DataFrame) -> NDArray[np.int64]:
    """Where they stand in the whole table, from 0, (rows,)."""
    return frame[_PLACES].to_numpy()


def groups_of(frame: pl.DataFrame) -> NDArray[np.int64] | None:
    """The numbers of their groups, (rows,); None where no column of groups was named."""
    return frame[_GROUPS].to_numpy() if _GROUPS in frame.columns else None
