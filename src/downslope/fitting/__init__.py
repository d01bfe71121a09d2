"""A table in; a blended, calibrated and validated model out."""

from downslope.fitting._compare import compare, file_names
from downslope.fitting._export import Exported, export
from downslope.fitting._fit import FitPhase, fit, table_descent
from downslope.fitting._importance import Importance, error_increases, shares
from downslope.fitting._imported import from_onnx, from_sklearn, from_torch, model_of_table
from downslope.fitting._load import load, load_as_model, load_fitted, load_predicting
from downslope.fitting._models import Models, model_for, models_in
from downslope.fitting._sampling import sampled_rows
from downslope.fitting._scores import NETWORK, Scores, baseline_prediction, scores, surprise
from downslope.fitting._written import rounded
from downslope.fitting.contributions import Contributions, PartialDependence
from downslope.fitting.ensemble import Diverged, embeddings
from downslope.fitting.evaluation import (
    METRICS,
    Comparison,
    Evaluation,
    LabelledRows,
    PredictedRows,
    baselines,
    labelled_rows,
    metric_named,
)
from downslope.fitting.model import Model, read_model
from downslope.fitting.record import LINEAR, GroupRecord, Record, Searched, Summary, group_line, summary_html
from downslope.fitting.reports import Report, report
from downslope.fitting.search import Trial, Tuned, TunePhase, tune

__all__ = [
    "LINEAR",
    "METRICS",
    "NETWORK",
    "Comparison",
    "Contributions",
    "Diverged",
    "Evaluation",
    "Exported",
    "FitPhase",
    "GroupRecord",
    "Importance",
    "LabelledRows",
    "Model",
    "Models",
    "PartialDependence",
    "PredictedRows",
    "Record",
    "Report",
    "Scores",
    "Searched",
    "Summary",
    "Trial",
    "TunePhase",
    "Tuned",
    "baseline_prediction",
    "baselines",
    "compare",
    "embeddings",
    "error_increases",
    "export",
    "file_names",
    "fit",
    "from_onnx",
    "from_sklearn",
    "from_torch",
    "group_line",
    "labelled_rows",
    "load",
    "load_as_model",
    "load_fitted",
    "load_predicting",
    "metric_named",
    "model_for",
    "model_of_table",
    "models_in",
    "read_model",
    "report",
    "rounded",
    "sampled_rows",
    "scores",
    "shares",
    "summary_html",
    "surprise",
    "table_descent",
    "tune",
]
