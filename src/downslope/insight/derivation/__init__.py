"""The chain rule written out, in symbols and in the numbers of a network."""

from downslope.insight.derivation._explain import Explanation, explain
from downslope.insight.derivation._position import Place, place_of
from downslope.insight.derivation._view import DenseStage, dense_layers
from downslope.insight.derivation._whole import RowStory, UnitStory, explain_row, explain_unit

__all__ = [
    "DenseStage",
    "Explanation",
    "Place",
    "RowStory",
    "UnitStory",
    "dense_layers",
    "explain",
    "explain_row",
    "explain_unit",
    "place_of",
]
