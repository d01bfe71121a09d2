"""What the gradients SAY: the chain rule written out, exact answers, forecasts, curvature; and what runs."""

from downslope.insight.derivation import (
    DenseStage,
    Explanation,
    NextStep,
    Position,
    RowExplanation,
    UnitExplanation,
    dense_layers,
    explain,
    explain_row,
    explain_unit,
    explanation_of_row,
    explanation_of_unit,
    explanation_of_weight,
    position_of,
)
from downslope.insight.gradients import gradient, gradient_norms, hessian_vector_product
from downslope.insight.linear import Forecast, Solution, forecast, solve
from downslope.insight.step_tape import StepTape, TapeFormula, TapeInstruction, TapeSummary, TapeValue, tape

__all__ = [
    "DenseStage",
    "Explanation",
    "Forecast",
    "NextStep",
    "Position",
    "RowExplanation",
    "Solution",
    "StepTape",
    "TapeFormula",
    "TapeInstruction",
    "TapeSummary",
    "TapeValue",
    "UnitExplanation",
    "dense_layers",
    "explain",
    "explain_row",
    "explain_unit",
    "explanation_of_row",
    "explanation_of_unit",
    "explanation_of_weight",
    "forecast",
    "gradient",
    "gradient_norms",
    "hessian_vector_product",
    "position_of",
    "solve",
    "tape",
]
