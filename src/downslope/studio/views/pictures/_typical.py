"""The row that a picture holds the other columns at: one that could be, or one of the table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.studio.table._rows import Rows
from downslope.tables import Numeric

__all__ = ["held_row", "other_levels"]

Held = tuple[NDArray[Any], Mapping[str, str | float]]


def held_row(rows: Rows, index: int | None = None) -> Held:
    """A row as a network takes it, (features,), and its cells by column: a typical one, or that of an index.

    The typical row has the median of a column of numbers or times, else the cell that occurs most often.

    Raises:
        DownslopeError: if there is no row of that index.
    """
    if index is None:
        return _typical(rows)
    if not 0 <= index < len(rows.x):
        raise DownslopeError(f"there is no row {index + 1}; the table has {len(rows.x):,}")
    return rows.x[index], {part.name: _cell(rows, part.name, index) for part in rows.encoder.encodings}


def other_levels(rows: Rows, feature: int) -> NDArray[Any]:
    """Where a feature stands for one level of several: the others of its column where it is 0, else zeros.

    It is (features,): what occurs most often among the rows of another level.
    """
    found = np.zeros(rows.x.shape[1], rows.x.dtype)
    places, elsewhere = rows.encoder.places, np.flatnonzero(rows.x[:, feature] == 0)
    one_hot = [places[part.name] for part in rows.encoder.encodings if part.encoding == "one-hot"]
    place = next((place for place in one_hot if place.start <= feature < place.stop), None)
    if place is None or not len(elsewhere):
        return found
    blocks, counts = np.unique(rows.x[elsewhere][:, place], axis=0, return_counts=True)
    found[place] = blocks[counts.argmax()]
    return found


@lru_cache(maxsize=2)
def _typical(rows: Rows) -> Held:
    x, cells = np.zeros(rows.x.shape[1], rows.x.dtype), dict[str, str | float]()
    for part in rows.encoder.encodings:
        place = rows.encoder.places[part.name]
        if isinstance(part, Numeric) and not part.clock:
            there = rows.x[:, place.stop - 1] == 0 if part.gaps else np.ones(len(rows.x), bool)
            x[place.start] = np.median(rows.x[there, place.start]) if there.any() else 0
            cells[part.name] = float(part.values(x[place.start]))
        else:
            index = _most_frequent(rows, part.name)
            x[place], cells[part.name] = rows.x[index, place], _cell(rows, part.name, index)
    return x, cells


def _most_frequent(rows: Rows, name: str) -> int:
    """The first row of the cell that occurs most often; of times, and where all differ, the middle one."""
    column = rows.shown[name]
    counts = column.value_counts(sort=True)
    if counts["count"][0] == 1 or column.dtype.is_temporal():
        return int(column.arg_sort()[len(column) // 2])
    most = counts.filter(counts["count"] == counts["count"][0])[name]
    return int(column.is_in(most.implode(), nulls_equal=True).arg_max() or 0)


def _cell(rows: Rows, name: str, index: int) -> str | float:
    value = rows.shown[name][index]
    if value is None:
        return "missing"
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
