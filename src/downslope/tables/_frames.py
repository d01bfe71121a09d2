"""Tables that are in memory already, as one kind of frame."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from downslope.errors import DownslopeError
from downslope.tables._cells import level_text
from downslope.tables._delimited import checked_names
from downslope.tables._polars import check_polars
from downslope.tables._reading import read_table

__all__ = ["as_frame"]


def as_frame(data: Any, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Any table as a Polars frame in which a gap is null.

    Args:
        data: a path, a Polars, pandas or PyArrow table or any other frame that narwhals knows, a dict of
            columns or of one row, a list of dicts with a row each, or a matrix (rows, columns).
        columns: the names of a matrix's columns; x1, x2, … where none are given.

    Raises:
        DownslopeError: if it is none of these or holds no rows, or if this process was forked from one that
            had used tables.

    >>> as_frame(np.array([[1.0, np.nan]])).to_dict(as_series=False)
    {'x1': [1.0], 'x2': [None]}
    >>> as_frame([{"size": 50, "town": "Bonn"}, {"size": 60}]).to_dict(as_series=False)
    {'size': [50, 60], 'town': ['Bonn', None]}
    """
    check_polars()
    if isinstance(data, str | os.PathLike) or hasattr(data, "read"):
        frame = read_table(data)
    elif isinstance(data, pl.LazyFrame):
        frame = data.collect()
    elif isinstance(data, pl.DataFrame):
        frame = data
    elif isinstance(data, Mapping):
        frame = _from_columns(_one_row(data) if _is_row(data) else data)
    elif isinstance(data, list | tuple) and data and all(isinstance(row, Mapping) for row in data):
        frame = _from_columns(_rows(data))
    elif isinstance(data, np.ndarray | list | tuple):
        frame = _from_matrix(data, columns)
    else:
        frame = _from_foreign(data)
    if not frame.height:
        raise DownslopeError(f"the table has {frame.width} columns and no rows; give at least one row")
    floats = [c for c in frame.columns if frame[c].dtype.is_float()]
    return frame.with_columns(pl.col(floats).fill_nan(None)) if floats else frame


def _is_row(data: Mapping[Any, Any]) -> bool:
    """Whether each value is a cell and not a column."""
    return bool(data) and all(
        isinstance(value, str | bytes) or not hasattr(value, "__len__") for value in data.values()
    )


def _one_row(data: Mapping[Any, Any]) -> dict[Any, list[Any]]:
    return {name: [value] for name, value in data.items()}


def _rows(rows: Sequence[Mapping[Any, Any]]) -> dict[Any, list[Any]]:
    """Columns of all names in the order in which they come; a name that a row lacks is a gap."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _from_columns(data: Mapping[Any, Any]) -> pl.DataFrame:
    columns = [_series(str(name), values) for name, values in data.items()]
    if len({len(c) for c in columns}) > 1:
        lengths = ", ".join(f"{c.name} has {len(c)}" for c in columns[:6])
        raise DownslopeError(f"columns need the same number of rows: {lengths}")
    return pl.DataFrame(columns)


def _series(name: str, values: Any) -> pl.Series:
    """A column of anything; where the values are of several types, as text."""
    try:
        return pl.Series(name, values if isinstance(values, np.ndarray) else list(values))
    except (TypeError, pl.exceptions.PolarsError):
        missing = (v is None or v != v for v in values)
        return pl.Series(
            name, [None if gap else str(v) for v, gap in zip(values, missing, strict=True)], pl.String
        )


def _from_matrix(data: Any, columns: Sequence[str] | None) -> pl.DataFrame:
    try:
        matrix = np.asarray(data)
    except ValueError:
        raise DownslopeError("a matrix needs the same number of values in every row") from None
    if matrix.ndim != 2 or not matrix.shape[1]:
        raise DownslopeError(f"a matrix of inputs has the shape (rows, columns), not {matrix.shape}")
    names = [f"x{i}" for i in range(1, matrix.shape[1] + 1)] if columns is None else list(columns)
    if len(names) != matrix.shape[1]:
        raise DownslopeError(f"the matrix has {matrix.shape[1]} columns and {len(names)} names were given")
    checked_names(names, "the matrix")
    if matrix.dtype.kind in "biuf":
        return pl.DataFrame(
            [pl.Series(n, np.ascontiguousarray(c)) for n, c in zip(names, matrix.T, strict=True)]
        )
    return pl.DataFrame([_series(n, list(c)) for n, c in zip(names, matrix.T, strict=True)])


def _from_foreign(data: Any) -> pl.DataFrame:
    import narwhals as nw

    try:
        frame = nw.from_native(data, eager_only=True)
    except TypeError:
        raise DownslopeError(
            f"a table is a path, a frame (Polars, pandas, PyArrow), a dict of columns or a matrix, "
            f"not {type(data).__name__}"
        ) from None
    except Exception as error:  # frames with repeated names are refused in their own words
        raise DownslopeError(f"the table cannot be taken: {' '.join(str(error).split())}") from None
    checked_names(frame.columns, "the table")
    return pl.DataFrame([_foreign_column(str(name), frame.get_column(name)) for name in frame.columns])


def _foreign_column(name: str, column: Any) -> pl.Series:
    try:
        converted: pl.Series = column.to_polars()
    except Exception:  # columns of mixed objects fail in as many ways as there are libraries
        return _series(name, column.to_list())
    if _declared(column.dtype) and not isinstance(converted.dtype, pl.Categorical | pl.Enum):
        converted = level_text(converted).cast(pl.Categorical)  # numbers that were declared to be categories
    return converted.alias(name)


def _declared(kind: Any) -> bool:
    import narwhals as nw

    return isinstance(kind, nw.Categorical | nw.Enum)
