"""A fitted model: what it holds, what it predicts, what it says of itself and of rows."""

from downslope.fitting.model._model import Model
from downslope.fitting.model._predicting import LEVEL
from downslope.fitting.model._reading import read_as_fitted
from downslope.fitting.model._saved import read_model

__all__ = ["LEVEL", "Model", "read_as_fitted", "read_model"]
