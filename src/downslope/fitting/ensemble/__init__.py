"""Groups of networks that are trained side by side and blended."""

from downslope.fitting.ensemble._again import on_all_rows, replayed
from downslope.fitting.ensemble._bins import SINGLE_VALUES, outputs_of, share_of_single_values
from downslope.fitting.ensemble._blended import FittedEnsemble, blended_groups
from downslope.fitting.ensemble._class_weights import class_weights_of, taken_back
from downslope.fitting.ensemble._divergence import Diverged, refuse_diverged
from downslope.fitting.ensemble._ensemble import (
    LINEAR_DESCENT,
    fit_ensemble,
    fit_single,
    linear_group,
)
from downslope.fitting.ensemble._folds import folds_of, later_folds
from downslope.fitting.ensemble._group import EnsembleGroup, class_probabilities
from downslope.fitting.ensemble._hooks import FitHooks, FitPhase
from downslope.fitting.ensemble._intervals import (
    COVERAGES,
    QUANTILES,
    IntervalNetworks,
    between_coverages,
    fit_intervals,
)
from downslope.fitting.ensemble._recipe import (
    LINEAR_PENALTY,
    FitSettings,
    embeddings,
    linear_network,
    networks_for,
)
from downslope.fitting.ensemble._room import Room, room_for
from downslope.fitting.ensemble._rows import EncodedRows
from downslope.fitting.ensemble._stream import EncodedStream

__all__ = [
    "COVERAGES",
    "LINEAR_DESCENT",
    "LINEAR_PENALTY",
    "QUANTILES",
    "SINGLE_VALUES",
    "Diverged",
    "EncodedRows",
    "EncodedStream",
    "EnsembleGroup",
    "FitHooks",
    "FitPhase",
    "FitSettings",
    "FittedEnsemble",
    "IntervalNetworks",
    "Room",
    "between_coverages",
    "blended_groups",
    "class_probabilities",
    "class_weights_of",
    "embeddings",
    "fit_ensemble",
    "fit_intervals",
    "fit_single",
    "folds_of",
    "later_folds",
    "linear_group",
    "linear_network",
    "networks_for",
    "on_all_rows",
    "outputs_of",
    "refuse_diverged",
    "replayed",
    "room_for",
    "share_of_single_values",
    "taken_back",
]
