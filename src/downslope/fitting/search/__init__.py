"""Settings of ``fit`` that suit a table: successive halving with warm starts, and honest scores."""

from downslope.fitting.search._search import Trial
from downslope.fitting.search._tune import Tuned, TunePhase, tune

__all__ = ["Trial", "TunePhase", "Tuned", "tune"]
