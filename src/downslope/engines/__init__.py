"""HOW it is computed: engines that evaluate the nodes of a program."""

from downslope.engines._choice import native_descent, plan, shuffled
from downslope.engines._evaluator import Evaluator
from downslope.engines.reference import Plan, ReferenceDescent, evaluate

__all__ = ["Evaluator", "Plan", "ReferenceDescent", "evaluate", "native_descent", "plan", "shuffled"]
