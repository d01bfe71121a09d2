"""Tables that are in memory already, as one kind of frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from downslope._extras import narwhals as nw
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.tables._objects import column_of_array, column_of_objects
from downslope.tables._plain import is_plain, plain_column, plain_frame
from downslope.tables._polars import check_polars
from downslope.tables._reading import read_table
from downslope.tables._rows import as_row
from downslope.tables.sources import is_source
from downslope.tables.text import checked_names, level_text

__all__ = ["as_frame"]


def as_frame(data: Any, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Any table as a Polars frame in which a gap is null, NaN and ``pandas.NA`` among them.

    Names of columns are text: 2 is "2", and ("sales", 2020) of several levels is "sales 2020".

    Args:
        data: a path, a Polars, pandas or PyArrow table or any other frame that narwhals knows, a dict of
            columns, a row that names its cells (a dict, a named tuple, a data class, a Series of pandas), a
            list of such rows, a matrix (rows, columns), or an array with named fields.
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
    if is_source(data):
        frame = read_table(data)
    elif isinstance(data, pl.LazyFrame):
        frame = data.collect()
    elif isinstance(data, pl.DataFrame):
        frame = data.clone()
    elif (row := as_row(data)) is not None:
        frame = _from_columns(_one_row(row) if _is_row(row) else row)
    elif isinstance(data, list | tuple) and (rows := _named_rows(data)):
        frame = _from_columns(_rows(rows))
    elif isinstance(data, np.ndarray) and data.dtype.names:
        frame = _from_columns({name: data[name] for name in data.dtype.names})
    elif isinstance(data, np.ndarray | list | tuple):
        frame = _from_matrix(data, columns)
    else:
        frame = _from_foreign(data)
    if not frame.height:
        raise DownslopeError(f"the table has {frame.width} columns and no rows; give at least one row")
    frame.columns = checked_names(frame.columns, "the table")
    return plain_frame(frame)


def _is_row(data: Mapping[Any, Any]) -> bool:
    """Whether each value is a cell and not a column."""
    return bool(data) and all(_is_cell(value) for value in data.values())


def _is_cell(value: Any) -> bool:
    single = isinstance(value, np.ndarray) and value.ndim == 0
    return isinstance(value, str | bytes) or single or not hasattr(value, "__iter__")


def _named_rows(data: Sequence[Any]) -> list[Mapping[Any, Any]]:
    """The rows of a list that all name their cells; none where one does not."""
    rows = []
    for item in data:
        if (row := as_row(item)) is None:
            return []
        rows.append(row)
    return rows


def _one_row(data: Mapping[Any, Any]) -> dict[Any, list[Any]]:
    return {name: [value] for name, value in data.items()}


def _rows(rows: Sequence[Mapping[Any, Any]]) -> dict[Any, list[Any]]:
    """Columns of all names in the order in which they come; a name that a row lacks is a gap."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _from_columns(data: Mapping[Any, Any]) -> pl.DataFrame:
    names = checked_names(list(data), "the table")
    columns = [_column(name, values) for name, values in zip(names, data.values(), strict=True)]
    if len({len(c) for c in columns}) > 1:
        lengths = ", ".join(f"{c.name} has {len(c)}" for c in columns[:6])
        raise DownslopeError(f"columns need the same number of rows: {lengths}")
    return pl.DataFrame(columns)


def _column(name: str, values: Any) -> pl.Series:
    """A column of an array, of a series, of a dict by row, or of anything else that can be gone through."""
    if isinstance(values, pl.Series):
        return values.alias(name)
    if isinstance(values, np.ndarray):
        return column_of_array(name, values)
    if isinstance(values, Mapping):
        return column_of_objects(name, list(values.values()))
    series = nw.from_native(values, series_only=True, pass_through=True)
    if isinstance(series, nw.Series):
        return _foreign_column(name, series)
    if isinstance(values, str | bytes | set | frozenset) or not hasattr(values, "__iter__"):
        raise DownslopeError(
            f'column "{name}" is one value of type {type(values).__name__} beside columns; give a list '
            "with a value for each row"
        )
    return column_of_objects(name, list(values))


def _from_matrix(data: Any, columns: Sequence[str] | None) -> pl.DataFrame:
    data = np.asarray(data) if isinstance(data, np.matrix) else data
    parts = list(data.T) if isinstance(data, np.ndarray) and data.ndim == 2 else _columns_of_rows(data)
    if not parts:
        found = data.shape if isinstance(data, np.ndarray) else f"a list of {len(data)} other values"
        raise DownslopeError(
            f"a matrix of inputs has the shape (rows, columns), not {found}; give one row as [row], or as a "
            "dict with the names of its columns"
        )
    names = [f"x{i}" for i in range(1, len(parts) + 1)] if columns is None else list(columns)
    if len(names) != len(parts):
        raise DownslopeError(f"the matrix has {len(parts)} columns and {len(names)} names were given")
    return _from_columns(dict(zip(checked_names(names, "the matrix"), parts, strict=True)))


def _columns_of_rows(rows: Any) -> list[Any]:
    """The columns of a list of rows, whose cells may be of different kinds; none where they are no rows."""
    if isinstance(rows, np.ndarray) or not all(isinstance(row, Sequence | np.ndarray) for row in rows):
        return []
    if any(_is_cell(row) for row in rows):
        return []
    try:
        return [list(cells) for cells in zip(*rows, strict=True)]
    except ValueError:
        raise DownslopeError("a matrix needs the same number of values in every row") from None


def _from_foreign(data: Any) -> pl.DataFrame:
    if type(data).__module__ == "pyarrow.lib" and type(data).__name__ == "RecordBatch":
        import pyarrow

        data = pyarrow.Table.from_batches([data])
    try:
        frame = nw.from_native(data, eager_only=True)
    except TypeError:
        if type(data).__name__ in ("Series", "Index"):
            raise DownslopeError(
                f"one {type(data).__name__} without the names of columns is no table; give a frame, such as "
                "frame[[name]] for a column, or a dict such as {name: value} for a row"
            ) from None
        raise DownslopeError(
            f"a table is a path, a frame (Polars, pandas, PyArrow), a dict of columns or a matrix, "
            f"not {type(data).__name__}"
        ) from None
    except Exception as error:  # frames with repeated names are refused in their own words
        checked_names(getattr(data, "column_names", None) or list(data.columns), "the table")
        raise DownslopeError(f"the table cannot be taken: {' '.join(str(error).split())}") from None
    names = checked_names(frame.columns, "the table")
    return pl.DataFrame(
        [_foreign_column(n, frame.get_column(o)) for n, o in zip(names, frame.columns, strict=True)]
    )


def _foreign_column(name: str, column: Any) -> pl.Series:
    converted = None
    if not isinstance(column.dtype, nw.Object | nw.Unknown | nw.Decimal):  # Polars may abort on these
        try:
            converted = plain_column(column.to_polars()).alias(name)
        except (Exception, pl.exceptions.PanicException):  # as many ways to fail as there are libraries
            converted = None
    declared = isinstance(column.dtype, nw.Categorical | nw.Enum)
    if converted is None or (declared and not is_plain(converted.dtype)):
        converted = column_of_objects(name, column.to_list())
    if declared and converted.dtype not in (pl.Categorical, pl.Enum):
        converted = level_text(converted).cast(pl.Categorical)  # what was declared to be categories
    return converted
