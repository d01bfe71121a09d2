"""The rows of a file as they are written."""

from __future__ import annotations

from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.tables.text._notation import Reading

__all__ = ["Written"]


@dataclass(frozen=True)
class Written:
    """The cells of a file, and where its rows stand in it.

    Attributes:
        frame: with text as it is written.
        reading: how the text is laid out, as far as that is known.
        index: the place of each row below the header, from 0, (rows,): empty lines, comments and rows that
            are left out count, as in a spreadsheet that shows the file.
        notes: what stands in the file and is not in the table.
    """

    frame: pl.DataFrame
    reading: Reading = field(default_factory=Reading)
    index: NDArray[np.int64] | None = None
    notes: tuple[str, ...] = ()

    @property
    def places(self) -> NDArray[np.int64]:
        """``index``, which is left open where each row stands next to the one before."""
        return np.arange(self.frame.height) if self.index is None else self.index
