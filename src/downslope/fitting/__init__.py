"""A table in; a blended, calibrated and measured model out."""

from downslope.fitting._fit import Phase, fit
from downslope.fitting._model import LINEAR, Kind, Model, Record, load
from downslope.fitting._recipe import embeddings
from downslope.fitting._scores import Scores, scores, trivial_guess

__all__ = [
    "LINEAR",
    "Kind",
    "Model",
    "Phase",
    "Record",
    "Scores",
    "embeddings",
    "fit",
    "load",
    "scores",
    "trivial_guess",
]
