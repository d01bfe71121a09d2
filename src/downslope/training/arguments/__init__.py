"""What a descent is given, checked: rows and settings."""

from downslope.training.arguments._data import (
    Arrays,
    checked_data,
    checked_inputs,
    count_alike,
    dtype_of,
    precision_of,
    relative_weights,
    shares_may_be_empty,
)
from downslope.training.arguments._settings import DescentSettings

__all__ = [
    "Arrays",
    "DescentSettings",
    "checked_data",
    "checked_inputs",
    "count_alike",
    "dtype_of",
    "precision_of",
    "relative_weights",
    "shares_may_be_empty",
]
