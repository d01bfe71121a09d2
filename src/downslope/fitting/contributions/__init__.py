"""What the columns of a table do to a prediction: contributions of each, derivatives, partial dependence."""

from downslope.fitting.contributions._contributions import Contributions, contributions
from downslope.fitting.contributions._quantity import Predictor, columns_of

__all__ = ["Contributions", "Predictor", "columns_of", "contributions"]
