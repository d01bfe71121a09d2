"""Groups of networks that are trained side by side and blended."""

from downslope.fitting.ensemble._ensemble import FittedEnsemble, Phase, fit_ensemble, fit_single
from downslope.fitting.ensemble._folds import folds_of
from downslope.fitting.ensemble._group import Rows, class_probabilities
from downslope.fitting.ensemble._intervals import COVERAGES, QUANTILES, IntervalNetworks, fit_intervals
from downslope.fitting.ensemble._recipe import Settings, embeddings

__all__ = [
    "COVERAGES",
    "QUANTILES",
    "FittedEnsemble",
    "IntervalNetworks",
    "Phase",
    "Rows",
    "Settings",
    "class_probabilities",
    "embeddings",
    "fit_ensemble",
    "fit_intervals",
    "fit_single",
    "folds_of",
]
