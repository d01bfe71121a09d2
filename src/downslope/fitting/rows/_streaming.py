"""A fit to a dataset: read whole where it fits into the memory, else described in one pass and streamed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from downslope._checks import show
from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.fitting.ensemble import EncodedStream
from downslope.fitting.rows._options import refuse_two_roles
from downslope.tables import (
    CountedRows,
    Description,
    Reading,
    Summary,
    TableEncoder,
    Target,
    as_dataset,
    counted_rows_of,
    listed,
    may_order,
    no_such_column,
    summarised,
)

__all__ = ["DatasetRows", "opened_dataset"]


@dataclass(frozen=True, eq=False)
class DatasetRows:
    """A dataset that is streamed.

    Attributes:
        counted: the rows of it that count, which do not fit into its memory.
        summary: of them.
        group: the column of groups, or "".
        levels: columns that are categories, whatever they hold.
        seed: of the sample.
    """

    counted: CountedRows
    summary: Summary
    group: str
    levels: tuple[str, ...]
    seed: int

    def described(self, description: Description) -> Description:
        """What the sample was found to hold, with the figures of all rows."""
        columns = tuple(map(self.summary.described, description.columns))
        gaps = self.summary.left_out.gaps
        return replace(description, columns=columns, rows=self.summary.rows, gap_rows=gaps)

    def encoded(self, encoder: TableEncoder, target: Target, later: Any = None) -> EncodedStream:
        """All rows as networks take them; no network learns from any from the time ``later`` on."""
        return EncodedStream(self.counted, self.summary, encoder, target, self.group, later)

    def before(self, time: Any) -> Summary:
        """What the rows before a time hold, found in one more pass."""
        return summarised(replace(self.counted, before=time), self.levels, self.seed)

    @property
    def left_out(self) -> tuple[str, ...]:
        """How many rows do not count for want of a weight or a time, in words."""
        found, time = self.summary.left_out, self.counted.time
        return (
            *((f"rows of weight 0, left out: {found.weightless:,}",) * bool(found.weightless)),
            *((f'rows without a value of "{time}", left out: {found.untimed:,}',) * bool(found.untimed)),
        )

    def notes(self, description: Description) -> tuple[str, ...]:
        """What is of a sample, and what was not looked at, in words."""
        sample = self.summary.sample
        ordering = [column.name for column in description.columns if may_order(sample, column)]
        unchecked: tuple[str, ...] = (
            f"whether rows held out at random flatter a model of later rows was not checked by "
            f"{listed(ordering)}: rows of a stream are held out at random alone; score it on rows that are "
            "later than all that it knows, or name the column as time",
        ) * bool(ordering)
        if self.group or self.counted.time:
            unchecked = self._held_out
        if self.sample_is_all:
            return unchecked
        return (
            self.summary.said([column.name for column in description.columns if column.used]),
            "the linear model, the shares of the blend, intervals and scores are of that sample too; the "
            f"networks are trained on all rows, which take {self.counted.dataset.budget:,} bytes at a time",
            *unchecked,
        )

    @property
    def _held_out(self) -> tuple[str, ...]:
        """How rows are held out by groups and times, in words."""
        if self.sample_is_all:
            return ()
        group, time = self.group, self.counted.time
        return (
            *(
                (
                    f'the groups of "{group}" that the sample has are held out, each with all its rows; '
                    "others are learned by all networks",
                )
                * bool(group)
            ),
            *((f'where the later rows by "{time}" begin is a quantile of the sample',) * bool(time)),
        )

    @property
    def sample_is_all(self) -> bool:
        """Whether the sample holds all rows."""
        return self.summary.sample.height == self.summary.rows

    @property
    def asked(self) -> dict[str, str]:
        """What decides the bits of a fit beside the sample."""
        dataset = self.counted.dataset
        return {"files": dataset.stamp, "memory": f"{dataset.budget:,}", "weights": self.counted.weights}


def opened_dataset(
    data: Any,
    target: Any,
    reading: Reading,
    wanted: Mapping[str, str],
    seed: int,
    roles: Mapping[str, Any],
) -> tuple[Any, DatasetRows | None]:
    """What a fit reads: the data itself, the rows of a dataset, or a sample of them with the dataset.

    Args:
        data: as of ``fit``.
        target: of ``fit``.
        reading, wanted: how text is read.
        seed: of the sample.
        roles: what ``fit`` was given for row_weights, group and time, by name.
    """
    dataset = as_dataset(data)
    if dataset is None:
        return data, None
    if reading != Reading() or wanted:
        dataset = dataset.reading(reading, wanted)
    if dataset.fits:
        return dataset.whole(), None
    large = f"{dataset.name} is larger than its memory of {dataset.budget:,} bytes"
    if not isinstance(target, str):
        raise DownslopeError(f"{large}, and is fitted to one target at a time: give the name of its column")
    if not isinstance(roles["row_weights"], str | None):
        raise DownslopeError(
            f"{large}, so that row_weights needs the name of a column of it, not {show(roles['row_weights'])}"
        )
    weights, group, time = (roles[name] or "" for name in ("row_weights", "group", "time"))
    refuse_two_roles(target, roles)
    if group and group not in dataset.schema:
        raise no_such_column(group, list(dataset.schema), " for group")
    counted = counted_rows_of(dataset, target, weights, time)
    levels = tuple(name for name, kind in wanted.items() if kind == "level")
    summary = summarised(counted, levels, seed)
    if summary.rows < 2:
        timed = f' and of "{time}"' if time else ""
        raise DownslopeError(
            f'{dataset.name} has {summary.rows} rows with a value of "{target}"{timed}; give at least 2'
        )
    return summary.sample, DatasetRows(counted, summary, group, levels, seed)
