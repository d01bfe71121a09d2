"""Whole tables under scikit-learn's API."""

from downslope.estimators.table._classifier import TableClassifier
from downslope.estimators.table._regressor import TableRegressor

__all__ = ["TableClassifier", "TableRegressor"]
