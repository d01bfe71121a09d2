"""The reference engine: node by node in NumPy. Slow and obvious, the oracle of the others."""

from downslope.engines.reference._descent import ReferenceDescent
from downslope.engines.reference._plan import Plan, evaluate

__all__ = ["Plan", "ReferenceDescent", "evaluate"]
