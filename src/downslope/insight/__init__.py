"""What the gradients SAY: the chain rule written out, exact answers, forecasts, curvature; and what runs."""

from downslope.insight._curvature import hessian_vector_product
from downslope.insight._explain import Explanation, explain
from downslope.insight._forecast import Forecast, forecast
from downslope.insight._place import Place, place_of
from downslope.insight._row_gradients import gradient_norms
from downslope.insight._solve import Solution, solve
from downslope.insight._tape import StepTape, tape
from downslope.insight._tape_records import TapeFormula, TapeInstruction, TapeSummary, TapeValue
from downslope.insight._view import DenseStage, dense_layers
from downslope.insight._whole import RowStory, UnitStory, explain_row, explain_unit

__all__ = [
    "DenseStage",
    "Explanation",
    "Forecast",
    "Place",
    "RowStory",
    "Solution",
    "StepTape",
    "TapeFormula",
    "TapeInstruction",
    "TapeSummary",
    "TapeValue",
    "UnitStory",
    "dense_layers",
    "explain",
    "explain_row",
    "explain_unit",
    "forecast",
    "gradient_norms",
    "hessian_vector_product",
    "place_of",
    "solve",
    "tape",
]
