"""A table in; a blended, calibrated and validated model out."""

from downslope._on_demand import on_demand

__getattr__, __all__ = on_demand(
    __name__,
    {
        "_compare": (
            "compare",
            "file_names",
        ),
        "_export": (
            "Exported",
            "export",
        ),
        "_fit": (
            "FitPhase",
            "fit",
            "table_descent",
        ),
        "_importance": (
            "Importance",
            "error_increases",
            "shares",
        ),
        "_imported": (
            "from_onnx",
            "from_sklearn",
            "from_torch",
            "model_of_table",
        ),
        "_load": (
            "load",
            "load_as_model",
            "load_fitted",
            "load_predicting",
        ),
        "_models": (
            "Models",
            "model_for",
            "models_in",
        ),
        "_sampling": ("sampled_rows",),
        "_scores": (
            "NETWORK",
            "Scores",
            "baseline_prediction",
            "scores",
            "surprise",
        ),
        "_written": ("rounded",),
        "contributions": (
            "Contributions",
            "PartialDependence",
        ),
        "ensemble": (
            "Diverged",
            "embeddings",
        ),
        "evaluation": (
            "METRICS",
            "Comparison",
            "Evaluation",
            "LabelledRows",
            "PredictedRows",
            "baselines",
            "labelled_rows",
            "metric_named",
        ),
        "model": (
            "Model",
            "read_model",
        ),
        "record": (
            "LINEAR",
            "GroupRecord",
            "Record",
            "Searched",
            "Summary",
            "group_line",
            "summary_html",
        ),
        "reports": (
            "Report",
            "report",
        ),
        "search": (
            "Trial",
            "Tuned",
            "TunePhase",
            "tune",
        ),
    },
)
