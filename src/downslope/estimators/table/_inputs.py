"""Inputs of the estimators as tables: frames as they are, arrays under scikit-learn's validation."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

from downslope._dataclass import dataclass
from downslope._extras import narwhals as nw
from downslope._extras import polars as pl
from downslope.tables import as_frame

__all__ = ["TableInputs", "table_inputs"]

_CELLS = (str, Number, np.generic, datetime.date, datetime.time, datetime.timedelta)
_FEWEST_ROWS = 2


@dataclass(frozen=True)
class TableInputs:
    """A table, and the names of its columns that are numbers in any case: those of arrays."""

    frame: pl.DataFrame
    numbers: tuple[str, ...] = ()


def table_inputs(estimator: Any, x: Any, names: Sequence[str] | None = None) -> TableInputs:
    """The inputs of an estimator as a table.

    Args:
        estimator: it stores the number and the names of the columns, or compares them with what it stored.
        x: a frame that narwhals knows, or an array (rows, columns) of numbers, or of numbers and text.
        names: of the columns that it was fitted to; None in ``fit``.

    Raises:
        ValueError: in scikit-learn's words, for other columns than in ``fit`` and for arrays.
        TypeError: for cells that are neither numbers nor text nor dates.
    """
    reset = names is None
    if nw.dependencies.is_into_dataframe(x):
        validate_data(estimator, x, reset=reset, skip_check_array=True)
        frame = as_frame(x)
        return TableInputs(frame if names is None else _renamed(frame, names))
    objects = _objects(x)
    options: dict[str, Any] = {"dtype": (np.float64, np.float32), "ensure_all_finite": "allow-nan"}
    if objects is not None:
        options = {"dtype": None, "ensure_all_finite": False}
    matrix = validate_data(
        estimator,
        x if objects is None else objects,
        reset=reset,
        ensure_min_samples=_FEWEST_ROWS if reset else 1,
        **options,
    )
    named = _numbered(matrix.shape[1]) if names is None else names
    if objects is None:
        return TableInputs(as_frame(matrix, named), tuple(named))
    columns = {name: _column(name, cells) for name, cells in zip(named, matrix.T, strict=True)}
    return TableInputs(
        as_frame(columns), tuple(name for name, cells in columns.items() if cells.dtype.kind == "f")
    )


def _renamed(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """A frame without names of its own, or given to an estimator of arrays, has its columns by position."""
    return frame.rename(dict(zip(frame.columns, names, strict=True)))


def _numbered(columns: int) -> list[str]:
    """The names that scikit-learn gives to columns without any."""
    return [f"x{i}" for i in range(columns)]


def _objects(x: Any) -> NDArray[Any] | None:
    """An array with text in it as an array of objects; None for anything that is numbers alone."""
    matrix = np.asarray(x, dtype=object) if isinstance(x, list | tuple) and _has_text(x) else x
    kind = getattr(getattr(matrix, "dtype", None), "kind", "")
    if not isinstance(matrix, np.ndarray) or kind not in ("U", "O"):
        return None
    if kind == "U":
        return matrix.astype(object)
    try:
        matrix.astype(np.float64)
    except (TypeError, ValueError):
        return matrix
    return None


def _has_text(rows: Sequence[Any]) -> bool:
    return any(isinstance(cell, str) for row in rows if isinstance(row, list | tuple) for cell in row)


def _column(name: str, cells: NDArray[Any]) -> NDArray[Any]:
    """A column of objects, as float64 where it holds numbers alone.

    A string of digits is text here: numbers in an array are not written as text.
    """
    for row, cell in enumerate(cells):
        if cell is not None and not isinstance(cell, _CELLS):
            raise TypeError(
                f"a cell of an array argument must be a string or a number, not {type(cell).__name__}: "
                f"{name} holds {cell!r} in row {row}"
            )
    if any(isinstance(cell, str) for cell in cells):
        return cells
    try:
        return cells.astype(np.float64)
    except (TypeError, ValueError):
        return cells
