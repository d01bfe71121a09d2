"""What a model remembers of its fit, and how that is read and drawn."""

from downslope.fitting.record._notebook import summary_html
from downslope.fitting.record._record import (
    LINEAR,
    ON_RESIDUALS,
    Decided,
    GroupRecord,
    LaterRows,
    LaterScores,
    Record,
    Steered,
    is_added,
)
from downslope.fitting.record._searched import Searched
from downslope.fitting.record._summary import ColumnUse, Summary, group_line, summary_of

__all__ = [
    "LINEAR",
    "ON_RESIDUALS",
    "ColumnUse",
    "Decided",
    "GroupRecord",
    "LaterRows",
    "LaterScores",
    "Record",
    "Searched",
    "Steered",
    "Summary",
    "group_line",
    "is_added",
    "summary_html",
    "summary_of",
]
