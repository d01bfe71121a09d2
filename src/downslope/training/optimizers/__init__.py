"""How parameters are updated: rules, learning rates, what stays frozen, L-BFGS."""

from downslope.training.optimizers._freezing import FrozenNames, frozen_masks
from downslope.training.optimizers._lbfgs import Search, minimise
from downslope.training.optimizers._optimizers import (
    OPTIMIZERS,
    Adagrad,
    Adam,
    AdamW,
    Frozen,
    Optimizer,
    RMSprop,
    Rules,
    Sgd,
    optimizer_of,
)
from downslope.training.optimizers._schedules import (
    LEARNING_RATE,
    Constant,
    Cosine,
    FlatCosine,
    LearningRate,
    OneCycle,
    Scaled,
    Schedule,
    StepDecay,
    WarmUp,
    rates,
    schedule_of,
)

__all__ = [
    "LEARNING_RATE",
    "OPTIMIZERS",
    "Adagrad",
    "Adam",
    "AdamW",
    "Constant",
    "Cosine",
    "FlatCosine",
    "Frozen",
    "FrozenNames",
    "LearningRate",
    "OneCycle",
    "Optimizer",
    "RMSprop",
    "Rules",
    "Scaled",
    "Schedule",
    "Search",
    "Sgd",
    "StepDecay",
    "WarmUp",
    "frozen_masks",
    "minimise",
    "optimizer_of",
    "rates",
    "schedule_of",
]
