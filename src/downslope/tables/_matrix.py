"""Matrices of numbers as inputs of a network: the same numbers as by way of a table, in a few operations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.tables._encoder import TableEncoder
from downslope.tables._encodings import Numeric
from downslope.tables._tails import TAILS

__all__ = ["MatrixEncoder"]


class MatrixEncoder:
    """Encodes a matrix whose columns are those of the fitted table, all of which that count being numbers.

    Args:
        encodings: of columns of numbers.
        names: of the columns of the matrix.
        dtype: of the inputs.

    >>> encoding = Numeric("size", 2.0, 4.0, 0.0, 99.0, tails="kept", gaps=True)
    >>> MatrixEncoder([encoding], ["age", "size"]).encode(np.array([[7.0, 4.0], [8.0, np.nan]]))
    array([[0.5, 0. ],
           [0. , 1. ]], dtype=float32)
    """

    def __init__(self, encodings: Sequence[Numeric], names: Sequence[str], dtype: str = "float32") -> None:
        self._width, self._dtype = len(names), np.dtype(dtype)
        self._taken = [list(names).index(part.name) for part in encodings]
        self._all = self._taken == list(range(self._width))
        self._centre = np.array([part.centre for part in encodings])
        self._scale = np.array([part.scale for part in encodings])
        tails = np.array([part.tails for part in encodings])
        kinds = [name for name in dict.fromkeys(tails) if name != "kept"]
        every = len(set(tails)) == 1
        self._tails = [(TAILS[name].of, slice(None) if every else tails == name) for name in kinds]
        self._with_gaps = np.flatnonzero([part.gaps for part in encodings])
        widths = [len(part.features) for part in encodings]
        self._places = np.cumsum([0, *widths[:-1]])
        self._features = sum(widths)

    @classmethod
    def of(cls, encoder: TableEncoder, names: Sequence[str]) -> MatrixEncoder | None:
        """That of the columns of a table; None where one that counts is no plain number."""
        numbers = [part for part in encoder.encodings if isinstance(part, Numeric) and not part.clock]
        if len(numbers) < len(encoder.encodings) or not {part.name for part in numbers} <= set(names):
            return None
        return cls(numbers, names, encoder.dtype)

    def encode(self, data: Any) -> NDArray[Any] | None:
        """The inputs, (rows, features); None for what is no matrix of numbers that are finite or NaN."""
        if type(data) is not np.ndarray or data.dtype.char not in "fdilq" or data.ndim != 2:
            return None
        if data.shape[1] != self._width or not len(data):
            return None
        values = data if self._all else data[:, self._taken]
        z: NDArray[np.float64] = values - self._centre
        whole = len(data) == 1 and math.isfinite(np.vdot(z, z))  # one call; a square can overflow
        finite = None if whole else np.isfinite(values)  # None: all are
        if finite is not None and not np.isnan(values[~finite]).all():
            return None
        z /= self._scale
        for of, columns in self._tails:
            z[:, columns] = of(z[:, columns])
        if finite is not None:
            z[~finite] = 0.0
        if not len(self._with_gaps):
            narrow: NDArray[Any] = z.astype(self._dtype)
            return narrow
        x = np.empty((len(z), self._features), self._dtype)
        x[:, self._places] = z
        x[:, self._places[self._with_gaps] + 1] = False if finite is None else ~finite[:, self._with_gaps]
        return x
