"""Activations and losses: by name, with settings, or as Python functions."""

from downslope.nets.functions._activations import (
    ACTIVATIONS,
    ActivationFunction,
    CustomActivation,
    Elu,
    LeakyRelu,
)
from downslope.nets.functions._functions import WithSettings, chosen, from_json, to_json
from downslope.nets.functions._losses import LOSSES, CustomLoss, Huber, LossFunction, Quantile

__all__ = [
    "ACTIVATIONS",
    "LOSSES",
    "ActivationFunction",
    "CustomActivation",
    "CustomLoss",
    "Elu",
    "Huber",
    "LeakyRelu",
    "LossFunction",
    "Quantile",
    "WithSettings",
    "chosen",
    "from_json",
    "to_json",
]
