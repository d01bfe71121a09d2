"""Linear networks: the exact answer, and what descent will do."""

from downslope.insight.linear._forecast import Forecast, forecast
from downslope.insight.linear._quadratic import Quadratic, quadratic
from downslope.insight.linear._recurrence import Recurrence
from downslope.insight.linear._solve import Solution, solve

__all__ = ["Forecast", "Quadratic", "Recurrence", "Solution", "forecast", "quadratic", "solve"]
