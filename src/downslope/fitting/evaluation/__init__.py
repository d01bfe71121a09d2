"""How good predictions are on some rows: scores with their standard errors, and where they fail."""

from downslope.fitting.evaluation._baselines import baselines
from downslope.fitting.evaluation._evaluation import (
    Evaluation,
    checked_metric,
    evaluation_of,
    statistics_of,
)
from downslope.fitting.evaluation._rows import LabelledRows, checked_weights, labelled_rows
from downslope.fitting.evaluation._statistics import METRICS, Estimate, Statistic, weighted_quantiles
from downslope.fitting.evaluation._text import aligned, score_block
from downslope.fitting.evaluation._worst import WorstRow

__all__ = [
    "METRICS",
    "Estimate",
    "Evaluation",
    "LabelledRows",
    "Statistic",
    "WorstRow",
    "aligned",
    "baselines",
    "checked_metric",
    "checked_weights",
    "evaluation_of",
    "labelled_rows",
    "score_block",
    "statistics_of",
    "weighted_quantiles",
]
