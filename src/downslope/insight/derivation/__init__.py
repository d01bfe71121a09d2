"""The chain rule written out, in symbols and in the numbers of a network."""

from downslope.insight.derivation._chain import Chain, chain_of_row, chain_of_unit, chain_of_weight
from downslope.insight.derivation._explain import Explanation, explain, explanation_of_weight
from downslope.insight.derivation._next_step import NextStep
from downslope.insight.derivation._position import Position, position_of
from downslope.insight.derivation._row import RowExplanation, explain_row, explanation_of_row
from downslope.insight.derivation._unit import UnitExplanation, explain_unit, explanation_of_unit
from downslope.insight.derivation._view import DenseStage, dense_layers

__all__ = [
    "Chain",
    "DenseStage",
    "Explanation",
    "NextStep",
    "Position",
    "RowExplanation",
    "UnitExplanation",
    "chain_of_row",
    "chain_of_unit",
    "chain_of_weight",
    "dense_layers",
    "explain",
    "explain_row",
    "explain_unit",
    "explanation_of_row",
    "explanation_of_unit",
    "explanation_of_weight",
    "position_of",
]
