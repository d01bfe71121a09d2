"""Tables that are read as that which models were fitted to."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from downslope.errors import DownslopeError
from downslope.fitting.model._fitted import Fitted
from downslope.tables import Reading, Table, as_dataset, open_table

__all__ = ["read_as_fitted"]


def read_as_fitted(
    models: Sequence[Fitted],
    data: Any,
    sheet: str | None = None,
    reading: Reading | None = None,
    keep_rows: bool = False,
) -> Table:
    """A table for models that were fitted to the same one, read as that was.

    A column that is a number for one model and no number for another is text as it was written, from which
    each takes what it needs.
    """
    data = _whole(data)
    first, wanted = models[0], dict[str, str]()
    for model in models:
        for name, kind in model.needed_columns.items():
            wanted[name] = kind if wanted.get(name, kind) == kind else "level"
    targets = {model.target.name: "level" if model.target.classes else "number" for model in models}
    columns = None
    if isinstance(data, np.ndarray | list | tuple):  # a matrix has the columns of the fitted table
        columns = [c.name for c in first.record.columns]
    table = open_table(
        data,
        columns,
        sheet=sheet,
        reading=reading,
        before=first.reading,
        wanted=targets | wanted,
        needed=tuple(wanted),
        keep_rows=keep_rows,
    )
    for note in (*table.left_out, *table.unread):
        warnings.warn(note, stacklevel=5)
    return table


def _whole(data: Any) -> Any:
    """The rows of a dataset at once, where they fit into its memory; what is none as it is."""
    dataset = as_dataset(data)
    if dataset is None:
        return data
    if dataset.bytes > dataset.budget:
        raise DownslopeError(
            f"{dataset.name} is larger than its memory of {dataset.budget:,} bytes, and this needs all rows "
            "at once: take some of its blocks, such as next(dataset.frames())"
        )
    return dataset.whole()
