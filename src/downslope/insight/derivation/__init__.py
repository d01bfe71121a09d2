"""The chain rule written out, in symbols and in the numbers of a network."""

from downslope.insight.derivation._explain import Explanation, explain
from downslope.insight.derivation._position import Position, position_of
from downslope.insight.derivation._row import RowExplanation, explain_row
from downslope.insight.derivation._unit import UnitExplanation, explain_unit
from downslope.insight.derivation._view import DenseStage, dense_layers

__all__ = [
    "DenseStage",
    "Explanation",
    "Position",
    "RowExplanation",
    "UnitExplanation",
    "dense_layers",
    "explain",
    "explain_row",
    "explain_unit",
    "position_of",
]
