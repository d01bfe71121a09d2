"""The number of a row in messages: that in the table as it was given, whatever rows were left out since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError

__all__ = ["RowError", "counted_in"]


class RowError(DownslopeError):
    """What is wrong in one row of a table.

    >>> print(RowError("the price in", 0, " is no number"))
    the price in row 1 is no number
    >>> print(RowError("the price in", 0, " is no number").among([4, 7]))
    the price in row 5 is no number
    """

    def __init__(self, before: str, place: int, after: str) -> None:
        """Message and place of the row, from 0, among those that were looked at."""
        super().__init__(f"{before} row {place + 1}{after}")
        self._parts = before, place, after

    def among(self, index: Sequence[int] | NDArray[Any]) -> RowError:
        """The same error where the rows that were looked at stand at these places of a larger table."""
        before, place, after = self._parts
        return RowError(before, int(index[place]), after)


@contextmanager
def counted_in(index: Sequence[int] | NDArray[np.int64]) -> Iterator[None]:
    """Errors in some rows, which stand at these places of a table, name rows by their number there."""
    try:
        yield
    except RowError as error:
        raise error.among(index) from None
