"""How good predictions are on some rows: scores with their standard errors, and where they fail."""

from downslope.fitting.evaluation._baselines import baseline_for, baselines
from downslope.fitting.evaluation._comparison import Comparison
from downslope.fitting.evaluation._evaluation import (
    Evaluation,
    evaluation_of,
    statistics_of,
)
from downslope.fitting.evaluation._predicted import PredictedRows
from downslope.fitting.evaluation._rows import LabelledRows, labelled_rows, weights_of
from downslope.fitting.evaluation._statistics import (
    METRICS,
    Estimate,
    Statistic,
    metric_named,
    metric_of,
    metric_title,
    weighted_quantiles,
)
from downslope.fitting.evaluation._text import aligned
from downslope.fitting.evaluation._worst import WorstRow

__all__ = [
    "METRICS",
    "Comparison",
    "Estimate",
    "Evaluation",
    "LabelledRows",
    "PredictedRows",
    "Statistic",
    "WorstRow",
    "aligned",
    "baseline_for",
    "baselines",
    "evaluation_of",
    "labelled_rows",
    "metric_named",
    "metric_of",
    "metric_title",
    "statistics_of",
    "weighted_quantiles",
    "weights_of",
]
