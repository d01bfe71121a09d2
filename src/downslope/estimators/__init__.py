"""Whole tables in, fitted models out."""

from downslope.estimators._fit import Phase, fit
from downslope.estimators._model import Kind, Model, Record, load
from downslope.estimators._scores import Scores

__all__ = ["Kind", "Model", "Phase", "Record", "Scores", "fit", "load"]
