"""scikit-learn's multi-layer perceptrons on Downslope's engine."""

from downslope.estimators.mlp._classifier import MLPClassifier
from downslope.estimators.mlp._regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
