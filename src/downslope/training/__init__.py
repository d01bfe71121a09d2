"""The loop that descends: optimizers, the program of a step, batches."""

from downslope.training._data import Arrays, Batches, checked_data, checked_inputs, dtype_of, starting_values
from downslope.training._descend import Progress, Run, descend
from downslope.training._optimizers import (
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
from downslope.training._predict import forward, held_out, parameter_values, predict
from downslope.training._program import Program, program_of, training_program
from downslope.training._schedules import Constant, Cosine, FlatCosine, OneCycle, Schedule, StepDecay, WarmUp
from downslope.training._steps import Steps, steps_of
from downslope.training._stopping import Folds, Held, split

__all__ = [
    "OPTIMIZERS",
    "Adagrad",
    "Adam",
    "AdamW",
    "Arrays",
    "Batches",
    "Constant",
    "Cosine",
    "FlatCosine",
    "Folds",
    "Frozen",
    "Held",
    "OneCycle",
    "Optimizer",
    "Program",
    "Progress",
    "RMSprop",
    "Rules",
    "Run",
    "Schedule",
    "Sgd",
    "StepDecay",
    "Steps",
    "WarmUp",
    "checked_data",
    "checked_inputs",
    "descend",
    "dtype_of",
    "forward",
    "held_out",
    "optimizer_of",
    "parameter_values",
    "predict",
    "program_of",
    "split",
    "starting_values",
    "steps_of",
    "training_program",
]
