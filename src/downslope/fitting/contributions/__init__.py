"""What the columns of a table do to a prediction: contributions of each, derivatives, partial dependence."""

from downslope.fitting.contributions._contributions import Contributions, contributions

__all__ = ["Contributions", "contributions"]
