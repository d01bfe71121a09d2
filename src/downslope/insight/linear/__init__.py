"""Linear networks: the exact answer, and what descent will do."""

from downslope.insight.linear._forecast import Forecast, forecast
from downslope.insight.linear._solve import Solution, solve

__all__ = ["Forecast", "Solution", "forecast", "solve"]
