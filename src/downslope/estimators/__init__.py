"""scikit-learn's API: its multi-layer perceptrons, and whole tables."""

from downslope._extras import needed

needed("sklearn")  # for whose classes these are made

from downslope.estimators._reading import read_estimator  # noqa: E402
from downslope.estimators.mlp import MLPClassifier, MLPRegressor  # noqa: E402
from downslope.estimators.table import TableClassifier, TableRegressor  # noqa: E402

__all__ = ["MLPClassifier", "MLPRegressor", "TableClassifier", "TableRegressor", "read_estimator"]
