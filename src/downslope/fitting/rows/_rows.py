"""The rows of a table as networks take them, and which of them are later than the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.fitting.ensemble import EncodedStream
from downslope.fitting.record import LaterRows
from downslope.fitting.rows._groups import refuse_one_group
from downslope.fitting.rows._opening import groups_of, places_of, times_in, weights_in
from downslope.fitting.rows._streaming import DatasetRows
from downslope.tables import (
    Description,
    TableEncoder,
    Target,
    Whole,
    may_order,
    rows_with_target,
    times_of,
    written_time,
)

__all__ = [
    "LATER_SHARE",
    "LaterPart",
    "TargetRows",
    "first_later",
    "known_targets",
    "rows_apart",
    "target_rows",
]

LATER_SHARE = 0.2
"""Of the rows in the order of time: those that are held out."""

_MOST_CHECKED = 2


@dataclass(frozen=True)
class LaterPart:
    """Some rows, encoded by what the rows before them tell.

    Attributes:
        about: the later rows.
        later, earlier: which rows those are, and which are before them, (rows,).
        rows: all of them.
    """

    about: LaterRows
    later: NDArray[np.bool_]
    earlier: NDArray[np.bool_]
    rows: TargetRows


@dataclass(frozen=True)
class TargetRows:
    """The rows with a value of the target, as networks take them.

    Attributes:
        x, y: the inputs, (rows, inputs), and the targets, (rows,).
        w: the weights of the rows, with the mean 1.
        index, true: where they stand in the table, and their targets as ``LabelledRows`` has them.
        groups: the numbers of their groups, where there are any.
        times: the places of their times in order, where the rows are held out by time.
        encoder, target: of the inputs and of the targets.
        held_out: the later part, where the rows are held out by time.
        checked: the later parts by columns that may well order the rows, where they are not.
        stream: all rows, where these are a sample of them.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    w: NDArray[np.float32]
    index: NDArray[np.int64]
    true: NDArray[np.float64]
    groups: NDArray[np.int64] | None
    times: NDArray[np.int64] | None
    encoder: TableEncoder
    target: Target
    held_out: LaterPart | None = None
    checked: tuple[LaterPart, ...] = ()
    stream: EncodedStream | None = None

    @property
    def count(self) -> int:
        """How many rows there are to train on."""
        return len(self.y) if self.stream is None else self.stream.summary.rows

    def in_units(self, predicted: NDArray[Any]) -> NDArray[Any]:
        """Probabilities (rows, classes) as they are, or numbers (rows, 1) in the target's units, (rows,)."""
        return predicted if self.target.classes else self.target.numbers(predicted[:, 0])


def target_rows(
    frame: pl.DataFrame,
    description: Description,
    group: str,
    time: str,
    *,
    holds_out: Callable[[int], bool],
    dataset: DatasetRows | None = None,
) -> TargetRows:
    """The rows of ``counted_rows`` that have a value of the target.

    Args:
        frame: the table.
        description: of its columns.
        group, time: the columns of groups and of times, or "".
        holds_out: whether of so many rows some are held out.
        dataset: what the table is a sample of; None where it is all there is.

    Raises:
        DownslopeError: if all rows are of one group, or of one time.
    """
    whole = {} if dataset is None else dataset.summary.columns
    frame, target = known_targets(frame, description, whole)
    rows = _encoded(frame, description, frame, target, whole)
    if dataset is not None:
        rows = _streamed(rows, dataset)
    if rows.groups is not None:
        refuse_one_group(rows.groups, group)
    if not holds_out(frame.height):
        return rows
    times = times_in(frame)
    if times is not None:
        part = _later_part(frame, description, time, times, target, dataset)
        if part is None:
            raise DownslopeError(
                f'every row of "{time}" that can be used has the same time, so that none is later than '
                "another; name another column, or leave time out"
            )
        return replace(rows, times=_places(times), held_out=part)
    if rows.groups is not None or dataset is not None:  # which could not be held out at the same time
        return rows
    found = [
        _later_part(frame, description, column, times_of(frame[column]), target)
        for column in _ordering(frame, description)
    ]
    return replace(rows, checked=tuple(part for part in found if part is not None))


def known_targets(
    frame: pl.DataFrame, description: Description, whole: Mapping[str, Whole] = {}
) -> tuple[pl.DataFrame, Target]:
    """The rows that have a value of the target, and the target."""
    name = description.target
    frame = rows_with_target(frame, name)[0]
    target = Target.fit(frame[name], description.task, whole.get(name))
    if not target.classes:  # where a number was asked for, what is none is no target
        frame = frame.filter(pl.Series(np.isfinite(target.encode(frame[name]))))
    return frame, target


def _encoded(
    frame: pl.DataFrame,
    description: Description,
    known: pl.DataFrame,
    target: Target,
    whole: Mapping[str, Whole] = {},
) -> TargetRows:
    """All rows, with an encoder of the known ones."""
    encoder = TableEncoder.fit(known, description, whole)
    x, y, w = encoder.encode(frame).x, target.encode(frame[target.name]), weights_in(frame)
    w = (w / w.mean()).astype(np.float32)
    true = target.values(frame[target.name])
    return TargetRows(x, y, w, places_of(frame), true, groups_of(frame), None, encoder, target)


def _streamed(sample: TargetRows, dataset: DatasetRows, later: Any = None) -> TargetRows:
    """The rows of a sample with those of the dataset; no network knows any from the time ``later`` on."""
    stream = dataset.encoded(sample.encoder, sample.target, later)
    return replace(sample, index=dataset.summary.places, stream=stream)


def _ordering(frame: pl.DataFrame, description: Description) -> list[str]:
    """The columns that may well order the rows."""
    found = [column.name for column in description.columns if may_order(frame, column)]
    return found[:_MOST_CHECKED]


def _later_part(
    frame: pl.DataFrame,
    description: Description,
    column: str,
    times: pl.Series,
    target: Target,
    dataset: DatasetRows | None = None,
) -> LaterPart | None:
    """The last rows by time; None where all have the same."""
    apart = rows_apart(times)
    if apart is None:
        return None
    earlier, later = apart
    known, classes = frame.filter(pl.Series(earlier)), tuple[str, ...]()
    start = times.filter(pl.Series(later)).min()
    before = None if dataset is None else dataset.before(start)
    whole = {} if before is None else before.columns
    if target.classes:
        y = target.encode(frame[target.name]).astype(np.int64)
        classes = tuple(target.classes[k] for k in np.setdiff1d(y[later], y[earlier]))
        if before is not None:  # rows before that are not of the sample may have them
            seen = Target.fit(known[target.name], description.task, whole[target.name]).classes
            classes = tuple(name for name in classes if name not in seen)
    else:
        target = Target.fit(known[target.name], description.task, whole.get(target.name))
    count, timed = int(later.sum()), int((earlier | later).sum())
    if dataset is not None and before is not None:
        count, timed = dataset.summary.rows - before.rows, dataset.summary.rows
    about = LaterRows(column, written_time(start), count, count / timed, classes)
    rows = _encoded(frame, description, known, target, whole)
    if dataset is not None:
        rows = _streamed(rows, dataset, start)
    return LaterPart(about, later, earlier, rows)


def rows_apart(times: pl.Series) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Which rows are the earlier ones, and which the later ones that are held out, (rows,) each.

    None where all have the same time.
    """
    places = _places(times)
    first = first_later(places, LATER_SHARE)
    return None if first is None else ((places > 0) & (places < first), places >= first)


def _places(times: pl.Series) -> NDArray[np.int64]:
    """The places of times in their order, from 1; equal times have one place, gaps 0.

    >>> _places(pl.Series([2009, 2007, None, 2009]))
    array([2, 1, 0, 2])
    """
    return times.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()


def first_later(places: NDArray[np.int64], share: float) -> int | None:
    """The first place of about so large a share of the rows that come last; None where there is one place.

    >>> first_later(np.array([1, 1, 2, 3, 3, 4]), 0.2), first_later(np.array([1, 2, 2, 2]), 0.2)
    (4, 2)
    """
    ordered = np.sort(places[places > 0])
    starts = np.flatnonzero(np.diff(ordered)) + 1
    if not len(starts):
        return None
    nearest = starts[np.argmin(np.abs(starts - (1 - share) * len(ordered)))]
    return int(ordered[nearest])
