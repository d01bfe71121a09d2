"""Whole tables in, fitted models out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from downslope.estimators._fit import Phase, fit
from downslope.estimators._model import LINEAR, Kind, Model, Record, load
from downslope.estimators._recipe import embeddings
from downslope.estimators._scores import Scores, scores, trivial_guess

if TYPE_CHECKING:
    from downslope.estimators._mlp_classifier import MLPClassifier
    from downslope.estimators._mlp_regressor import MLPRegressor
    from downslope.estimators._table_classifier import TableClassifier
    from downslope.estimators._table_regressor import TableRegressor

__all__ = [
    "LINEAR",
    "Kind",
    "MLPClassifier",
    "MLPRegressor",
    "Model",
    "Phase",
    "Record",
    "Scores",
    "TableClassifier",
    "TableRegressor",
    "embeddings",
    "fit",
    "load",
    "scores",
    "trivial_guess",
]

_SCIKIT_LEARN = {
    "MLPClassifier": "_mlp_classifier",
    "MLPRegressor": "_mlp_regressor",
    "TableClassifier": "_table_classifier",
    "TableRegressor": "_table_regressor",
}


def __getattr__(name: str) -> Any:
    """The estimators are imported when first asked for, because they import scikit-learn."""
    if name not in _SCIKIT_LEARN:
        raise AttributeError(f"module 'downslope.estimators' has no attribute {name!r}")
    return getattr(import_module(f"downslope.estimators.{_SCIKIT_LEARN[name]}"), name)
