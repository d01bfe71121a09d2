"""What a finding reads: the call, its run, and every quantity measured of them."""

from downslope.insight.diagnosis.measured._budget import Budget
from downslope.insight.diagnosis.measured._call import Call, Judge, Measure, Restore
from downslope.insight.diagnosis.measured._curvature import largest_curvature, least_curvature
from downslope.insight.diagnosis.measured._dead_units import dead_units
from downslope.insight.diagnosis.measured._depth import derivatives_over_depth
from downslope.insight.diagnosis.measured._examination import FAR, Examination
from downslope.insight.diagnosis.measured._learning_rate import StableRange, stable_range
from downslope.insight.diagnosis.measured._look import Look, StageLook
from downslope.insight.diagnosis.measured._out_of_fold import OutOfFold, mean_of, out_of_fold
from downslope.insight.diagnosis.measured._sample import drawn, most_rows
from downslope.insight.diagnosis.measured._score import WORST, Yardstick, output_of, row_errors, shown_score
from downslope.insight.diagnosis.measured._virtual import (
    LEVEL,
    Missing,
    bends,
    held_look,
    most_missed,
    terms,
    units,
)

__all__ = [
    "FAR",
    "LEVEL",
    "WORST",
    "Budget",
    "Call",
    "Examination",
    "Judge",
    "Look",
    "Measure",
    "Missing",
    "OutOfFold",
    "Restore",
    "StableRange",
    "StageLook",
    "Yardstick",
    "bends",
    "dead_units",
    "derivatives_over_depth",
    "drawn",
    "held_look",
    "largest_curvature",
    "least_curvature",
    "mean_of",
    "most_missed",
    "most_rows",
    "out_of_fold",
    "output_of",
    "row_errors",
    "shown_score",
    "stable_range",
    "terms",
    "units",
]
