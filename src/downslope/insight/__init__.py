"""What the gradients SAY: the chain rule written out, exact answers, forecasts, curvature; and what runs."""

from downslope._on_demand import on_demand

__getattr__, __all__ = on_demand(
    __name__,
    {
        "derivation": (
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
        ),
        "diagnosis": (
            "Diagnosis",
            "Finding",
            "doctor",
        ),
        "extrapolation": (
            "Ahead",
            "Audit",
            "Estimate",
            "Grade",
            "Outlook",
            "outlook",
            "read_grades",
            "write_grades",
        ),
        "gradients": (
            "gradient",
            "gradient_norms",
            "hessian_vector_product",
        ),
        "linear": (
            "Forecast",
            "Quadratic",
            "Solution",
            "forecast",
            "quadratic",
            "solve",
        ),
        "step_tape": (
            "StepTape",
            "TapeFormula",
            "TapeInstruction",
            "TapeSummary",
            "TapeValue",
            "tape",
        ),
    },
)
