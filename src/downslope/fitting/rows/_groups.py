"""Groups of rows that belong together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.tables import level_text, no_such_column

__all__ = ["groups_in", "refuse_one_group"]


def groups_in(frame: pl.DataFrame, name: str) -> NDArray[np.int64]:
    """The number of the group of each row, (rows,); a row without one stands alone.

    Raises:
        DownslopeError: if there is no such column.

    >>> groups_in(pl.DataFrame({"town": ["Bonn", None, "Bonn", "Ulm", None]}), "town")
    array([ 1, -2,  1,  2, -5])
    """
    if name not in frame.columns:
        raise no_such_column(name, frame.columns, " for group")
    levels = level_text(frame[name])
    alone = levels.is_null().to_numpy()
    groups = levels.rank("dense").fill_null(0).cast(pl.Int64).to_numpy(writable=True)
    groups[alone] = -1 - np.flatnonzero(alone)
    return groups


def refuse_one_group(groups: NDArray[np.int64], name: str) -> None:
    """Refuse rows that are all in one group.

    Raises:
        DownslopeError: it names the column.
    """
    if len(np.unique(groups)) < 2:
        raise DownslopeError(
            f'every row of "{name}" that can be used is in one group, so that no group can be held out; name '
            "another column, or leave group out"
        )
