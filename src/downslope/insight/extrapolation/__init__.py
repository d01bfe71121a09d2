"""What a run will come to, from what it did so far, with intervals from how far off forecasts were."""

from downslope.insight.extrapolation._ahead import Ahead, Audit
from downslope.insight.extrapolation._estimate import Estimate
from downslope.insight.extrapolation._grades import (
    Grade,
    grades_of,
    near_grades,
    read_grades,
    write_grades,
)
from downslope.insight.extrapolation._krylov import krylov_spectrum
from downslope.insight.extrapolation._outlook import Outlook, outlook
from downslope.insight.extrapolation._reference import EDGES

__all__ = [
    "EDGES",
    "Ahead",
    "Audit",
    "Estimate",
    "Grade",
    "Outlook",
    "grades_of",
    "krylov_spectrum",
    "near_grades",
    "outlook",
    "read_grades",
    "write_grades",
]
