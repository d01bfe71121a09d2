"""HOW it is computed: engines that evaluate the nodes of a program."""

from downslope.engines._choice import descent_engine, plan, shuffled
from downslope.engines._evaluator import Evaluator
from downslope.engines._protocol import DescentEngine, OutOfTime, Scalars
from downslope.engines.reference import Plan, ReferenceDescent, evaluate

__all__ = [
    "DescentEngine",
    "Evaluator",
    "OutOfTime",
    "Plan",
    "ReferenceDescent",
    "Scalars",
    "descent_engine",
    "evaluate",
    "plan",
    "shuffled",
]
