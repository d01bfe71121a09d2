"""What is wrong with a network or its descent, the evidence, and what to change."""

from downslope.insight.diagnosis._dead_units import dead_units
from downslope.insight.diagnosis._divergence import Diagnosis, Remedy, diagnose_divergence
from downslope.insight.diagnosis._learning_rate import StableRange, stable_range

__all__ = ["Diagnosis", "Remedy", "StableRange", "dead_units", "diagnose_divergence", "stable_range"]
