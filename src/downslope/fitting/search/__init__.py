"""Settings of ``fit`` that suit a table: successive halving with warm starts, and honest scores."""

from downslope.fitting.search._course import Tuned, TunePhase
from downslope.fitting.search._search import Trial
from downslope.fitting.search._tune import tune

__all__ = ["Trial", "TunePhase", "Tuned", "tune"]
