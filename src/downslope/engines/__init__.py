"""HOW it is computed: engines that evaluate the nodes of a program."""

from downslope.engines._choice import (
    DEVICES,
    ENGINES,
    checked_engine,
    computed_as_asked,
    computed_by,
    descent_engine,
    plan,
    shuffled,
)
from downslope.engines._evaluator import Evaluator
from downslope.engines._protocol import DescentEngine, OutOfTime, Scalars
from downslope.engines._share import OwnRows, Share
from downslope.engines.reference import Plan, ReferenceDescent, evaluate

__all__ = [
    "DEVICES",
    "ENGINES",
    "DescentEngine",
    "Evaluator",
    "OutOfTime",
    "OwnRows",
    "Plan",
    "ReferenceDescent",
    "Scalars",
    "Share",
    "checked_engine",
    "computed_as_asked",
    "computed_by",
    "descent_engine",
    "evaluate",
    "plan",
    "shuffled",
]
