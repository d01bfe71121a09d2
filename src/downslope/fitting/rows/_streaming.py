"""A fit to a dataset: read whole where it fits into the memory, else described in one pass and streamed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from downslope.errors import DownslopeError
from downslope.fitting.ensemble import EncodedStream
from downslope.tables import (
    Dataset,
    Description,
    Reading,
    Summary,
    TableEncoder,
    Target,
    as_dataset,
    listed,
    may_order,
    summarised,
)

__all__ = ["DatasetRows", "opened_dataset"]


@dataclass(frozen=True, eq=False)
class DatasetRows:
    """A dataset that is streamed.

    Attributes:
        dataset: whose rows do not fit into its memory.
        summary: of its rows.
    """

    dataset: Dataset
    summary: Summary

    def described(self, description: Description) -> Description:
        """What the sample was found to hold, with the figures of all rows."""
        columns = tuple(map(self.summary.described, description.columns))
        return replace(description, columns=columns, rows=self.summary.rows, gap_rows=self.summary.gap_rows)

    def encoded(self, encoder: TableEncoder, target: Target) -> EncodedStream:
        """All rows as networks take them."""
        return EncodedStream(self.dataset, self.summary, encoder, target)

    def notes(self, description: Description) -> tuple[str, ...]:
        """What is of a sample, and what was not looked at, in words."""
        sample = self.summary.sample
        ordering = [column.name for column in description.columns if may_order(sample, column)]
        unchecked = (
            f"whether rows held out at random flatter a model of later rows was not checked by "
            f"{listed(ordering)}: rows of a stream are held out at random alone; score it on rows that are "
            "later than all that it knows",
        ) * bool(ordering)
        if sample.height == self.summary.rows:
            return unchecked
        return (
            self.summary.said([column.name for column in description.columns if column.used]),
            "the linear model, the shares of the blend, intervals and scores are of that sample too; the "
            f"networks are trained on all rows, which take {self.dataset.budget:,} bytes at a time",
            *unchecked,
        )

    @property
    def asked(self) -> dict[str, str]:
        """What decides the bits of a fit beside the sample."""
        return {"files": self.dataset.stamp, "memory": f"{self.dataset.budget:,}"}


def opened_dataset(
    data: Any,
    target: Any,
    reading: Reading,
    wanted: Mapping[str, str],
    seed: int,
    refused: Mapping[str, Any],
) -> tuple[Any, DatasetRows | None]:
    """What a fit reads: the data itself, the rows of a dataset, or a sample of them with the dataset.

    Args:
        data: as of ``fit``.
        target: of ``fit``.
        reading, wanted: how text is read.
        seed: of the sample.
        refused: settings by name that need all rows at once, and are refused where they are given.
    """
    dataset = as_dataset(data)
    if dataset is None:
        return data, None
    if reading != Reading() or wanted:
        dataset = dataset.reading(reading, wanted)
    if dataset.fits:
        return dataset.whole(), None
    if not isinstance(target, str):
        raise DownslopeError(
            f"{dataset.name} is larger than its memory of {dataset.budget:,} bytes, and is fitted to one "
            "target at a time: give the name of its column"
        )
    given = [name for name, value in refused.items() if value not in (None, False)]
    if given:
        raise DownslopeError(
            f"{given[0]} needs all rows at once, and {dataset.name} is larger than its memory of "
            f"{dataset.budget:,} bytes; leave {given[0]} out, or give ds.Dataset more memory"
        )
    levels = [name for name, kind in wanted.items() if kind == "level"]
    summary = summarised(dataset, target, levels, seed)
    return summary.sample, DatasetRows(dataset, summary)
