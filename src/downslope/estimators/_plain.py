"""A few rows of plain numbers, as a server sends them: validation would find nothing in them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["are_few_plain_rows"]

_FEW = 256  # of more rows the validation is a small part of the time


def are_few_plain_rows(estimator: Any, x: Any) -> bool:
    """Whether x is a matrix of a few rows of finite numbers that an estimator takes as they are.

    It is an array of NumPy of float32 or float64, as wide as what was fitted, which had no names of columns:
    scikit-learn's validation would give it back, without a warning. Nothing else is said of other inputs.

    >>> from types import SimpleNamespace
    >>> fitted = SimpleNamespace(n_features_in_=2)
    >>> [are_few_plain_rows(fitted, x) for x in (np.ones((1, 2)), np.ones((1, 3)), np.full((1, 2), np.nan))]
    [True, False, False]
    """
    return (
        type(x) is np.ndarray
        and x.dtype.char in "fd"
        and x.dtype.isnative
        and x.ndim == 2
        and 0 < len(x) <= _FEW
        and x.shape[1] == getattr(estimator, "n_features_in_", None)
        and not hasattr(estimator, "feature_names_in_")
        and math.isfinite(np.vdot(x, x))  # one call; a square can overflow, which only takes longer
    )
