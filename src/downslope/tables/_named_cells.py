"""Rows that name their cells as inputs of a network: the same numbers as by way of a table, without one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._extras import polars as pl
from downslope.tables._encoder import TableEncoder
from downslope.tables._encodings import Codes, Encoding, LevelEncoding, Moments, Numeric
from downslope.tables._matrix import MatrixEncoder

__all__ = ["NamedCellsEncoder"]

_MOST = 64
"""Rows beyond which a table is as fast."""

_EXACT = 1 << 53


class NamedCellsEncoder:
    """Encodes a few dicts of plain numbers, ``None`` and levels as they were in training.

    Args:
        encodings: of columns of numbers and of levels.
        names: all that a row may name.
        dtype: of the inputs.

    >>> size = Numeric("size", 2.0, 4.0, 0.0, 99.0, tails="kept", gaps=False)
    >>> encoder = NamedCellsEncoder([size], ["age", "size"])
    >>> encoder.encode({"size": 4.0, "age": 7}), encoder.encode({"size": "4.0"})
    (array([[0.5]], dtype=float32), None)
    """

    def __init__(self, encodings: Sequence[Encoding], names: Sequence[str], dtype: str = "float32") -> None:
        self._names, self._dtype = frozenset(names), np.dtype(dtype)
        self._width = sum(len(part.features) for part in encodings)
        numbers, places, self._levels = [], list[int](), list[tuple[str, slice, dict[Any, NDArray[Any]]]]()
        first = 0
        for part in encodings:
            end = first + len(part.features)
            if isinstance(part, Numeric):
                numbers.append(part)
                places += range(first, end)
            elif not isinstance(part, Moments):
                self._levels.append((part.name, slice(first, end), _features(part, self._dtype)))
            first = end
        self._numbers, self._places = [part.name for part in numbers], places
        self._of_numbers = MatrixEncoder(numbers, self._numbers, dtype)

    @classmethod
    def of(cls, encoder: TableEncoder, names: Sequence[str]) -> NamedCellsEncoder | None:
        """That of the columns of a table; None where one is a date or a clock time."""
        if any(isinstance(p, Moments) or (isinstance(p, Numeric) and p.clock) for p in encoder.encodings):
            return None
        return cls(encoder.encodings, names, encoder.dtype)

    def encode(self, data: Any) -> NDArray[Any] | None:
        """The inputs, (rows, features); None for anything but a few such rows, which a table has to read."""
        rows = [data] if type(data) is dict else data
        if type(rows) is not list or not 0 < len(rows) <= _MOST:
            return None
        x = np.empty((len(rows), self._width), self._dtype)
        numbers = []
        for row, out in zip(rows, x, strict=True):
            if type(row) is not dict or not self._names.issuperset(row):
                return None
            if not all(type(cell) in _CELLS for cell in row.values()):
                return None
            numbers.append([_number(row.get(name, "")) for name in self._numbers])
            if None in numbers[-1]:
                return None
            for name, place, features in self._levels:
                found = features.get(row.get(name, ""))
                if found is None:
                    return None
                out[place] = found
        if self._numbers:
            encoded = self._of_numbers.encode(np.array(numbers))
            if encoded is None:
                return None
            x[:, self._places] = encoded
        return x


_CELLS = frozenset({float, int, str, type(None), np.float64})


def _number(cell: Any) -> float | None:
    """A cell as a number, NaN for a gap; None for what is none, or is rounded as one."""
    if cell is None:
        return np.nan
    if isinstance(cell, float):
        return cell
    return float(cell) if isinstance(cell, int) and -_EXACT < cell < _EXACT else None


def _features(part: LevelEncoding, dtype: np.dtype[Any]) -> dict[Any, NDArray[Any]]:
    """What each known level becomes, and a gap."""
    known = [*part.levels, *(part.rare if isinstance(part, Codes) else ()), None]
    found = np.empty((len(known), len(part.features)), dtype)
    part.encode(pl.Series(part.name, known, pl.String), found)
    return dict(zip(known, found, strict=True))
