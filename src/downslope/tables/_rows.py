"""Rows that name their own cells: dicts, named tuples, data classes, records, pandas Series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from downslope.tables.text import checked_names

__all__ = ["as_row"]


def as_row(data: Any) -> Mapping[Any, Any] | None:
    """The cells of a row by the names that it has for them; None for what is no such row.

    A Series of pandas is a row where its labels are text, as those of ``frame.iloc[0]`` are.

    >>> import collections
    >>> as_row(collections.namedtuple("House", "size town")(50, "Bonn"))
    {'size': 50, 'town': 'Bonn'}
    >>> as_row([50, "Bonn"])
    """
    if isinstance(data, Mapping):
        return data
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return dict(zip(data._fields, data, strict=True))
    if is_dataclass(data) and not isinstance(data, type):
        return {field.name: getattr(data, field.name) for field in fields(data)}
    if isinstance(data, np.void) and data.dtype.names:
        return {name: data[name] for name in data.dtype.names}
    if type(data).__name__ == "Series" and type(data).__module__.startswith("pandas"):
        labels = list(data.index)
        if labels and all(isinstance(label, str) for label in labels):
            return dict(zip(checked_names(labels, "the row"), data.tolist(), strict=True))
    return None
