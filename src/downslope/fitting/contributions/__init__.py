"""What the columns of a table do to a prediction: contributions of each, derivatives, partial dependence."""

from downslope.fitting.contributions._contributions import Contributions, contributions
from downslope.fitting.contributions._dependence import PartialDependence, partial_dependence
from downslope.fitting.contributions._quantity import Predictor, columns_of

__all__ = [
    "Contributions",
    "PartialDependence",
    "Predictor",
    "columns_of",
    "contributions",
    "partial_dependence",
]
