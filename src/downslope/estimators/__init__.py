"""scikit-learn's API: its multi-layer perceptrons, and whole tables."""

from downslope.estimators._reading import read_estimator
from downslope.estimators.mlp import MLPClassifier, MLPRegressor
from downslope.estimators.table import TableClassifier, TableRegressor

__all__ = ["MLPClassifier", "MLPRegressor", "TableClassifier", "TableRegressor", "read_estimator"]
