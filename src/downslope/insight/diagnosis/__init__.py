"""What is wrong with a network or its descent, the evidence, and what to change."""

from downslope.insight.diagnosis._diagnosis import Diagnosis
from downslope.insight.diagnosis._doctor import doctor, examine
from downslope.insight.diagnosis._finding import Evidence, Finding, Proof, Where
from downslope.insight.diagnosis.findings import Sign, signs
from downslope.insight.diagnosis.measured import (
    Call,
    Look,
    StableRange,
    Yardstick,
    dead_units,
    stable_range,
)

__all__ = [
    "Call",
    "Diagnosis",
    "Evidence",
    "Finding",
    "Look",
    "Proof",
    "Sign",
    "StableRange",
    "Where",
    "Yardstick",
    "dead_units",
    "doctor",
    "examine",
    "signs",
    "stable_range",
]
