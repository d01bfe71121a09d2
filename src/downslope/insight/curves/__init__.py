"""The errors of a run so far, and the curve that they follow."""

from downslope.insight.curves._curve import HORIZON, OFF, Curve, fitted
from downslope.insight.curves._history import Course, History, history_of

__all__ = ["HORIZON", "OFF", "Course", "Curve", "History", "fitted", "history_of"]
