"""One page about a model, for whoever has to judge it: data, decisions, errors, columns, limits."""

from downslope.fitting.reports._report import Report
from downslope.fitting.reports._reporting import report

__all__ = ["Report", "report"]
