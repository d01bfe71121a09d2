"""Estimators from their files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from downslope._files import SavedFile
from downslope.errors import DownslopeError
from downslope.estimators._saving import read_parameters
from downslope.estimators.mlp import MLPClassifier, MLPRegressor
from downslope.estimators.table import TableClassifier, TableRegressor

__all__ = ["read_estimator"]

_CLASSES: Mapping[str, Callable[..., Any]] = {
    cls.__name__: cls for cls in (MLPClassifier, MLPRegressor, TableClassifier, TableRegressor)
}


def read_estimator(file: SavedFile) -> Any:
    """The estimator of a file of one.

    Raises:
        DownslopeError: if the file is damaged.
    """
    with file.reading():
        try:
            estimator = read_parameters(file, _CLASSES)
        except (AttributeError, IndexError) as error:
            raise DownslopeError(f"it describes no estimator: {error!r}") from None
    estimator._restore(file)
    return estimator
