"""What is wrong with a network or its descent, the evidence, and what to change."""

from downslope.insight.diagnosis._call import Call
from downslope.insight.diagnosis._dead_units import dead_units
from downslope.insight.diagnosis._diagnosis import Diagnosis
from downslope.insight.diagnosis._doctor import doctor, examine
from downslope.insight.diagnosis._finding import Evidence, Finding, Proof, Where
from downslope.insight.diagnosis._learning_rate import StableRange, stable_range
from downslope.insight.diagnosis._look import look_at
from downslope.insight.diagnosis._score import Yardstick
from downslope.insight.diagnosis.findings import Sign, signs

__all__ = [
    "Call",
    "Diagnosis",
    "Evidence",
    "Finding",
    "Proof",
    "Sign",
    "StableRange",
    "Where",
    "Yardstick",
    "dead_units",
    "doctor",
    "examine",
    "look_at",
    "signs",
    "stable_range",
]
