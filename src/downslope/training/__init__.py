"""The loop that descends: optimizers, the program of a step, batches."""

from downslope.training._batches import Batches, Block, ShuffledBatches
from downslope.training._data import (
    Arrays,
    checked_data,
    checked_inputs,
    dtype_of,
    may_be_empty,
    precision_of,
    relative_weights,
)
from downslope.training._descend import descend
from downslope.training._epochs import AfterEpoch, Ending, Losses, run_epochs
from downslope.training._failure import Failure
from downslope.training._freezing import FrozenNames, frozen_masks
from downslope.training._loop import Advance, Loop, Rates, State
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
from downslope.training._predict import forward, held_out, predict
from downslope.training._program import Means, Program, program_of, training_program
from downslope.training._run import Average, Progress, Run
from downslope.training._schedules import (
    LEARNING_RATE,
    Constant,
    Cosine,
    FlatCosine,
    LearningRate,
    OneCycle,
    Schedule,
    StepDecay,
    WarmUp,
    rates,
    schedule_of,
)
from downslope.training._scores import r_squared
from downslope.training._settings import Settings
from downslope.training._stopping import Folds, ValidationRows, split

__all__ = [
    "LEARNING_RATE",
    "OPTIMIZERS",
    "Adagrad",
    "Adam",
    "AdamW",
    "Advance",
    "AfterEpoch",
    "Arrays",
    "Average",
    "Batches",
    "Block",
    "Constant",
    "Cosine",
    "Ending",
    "Failure",
    "FlatCosine",
    "Folds",
    "Frozen",
    "FrozenNames",
    "LearningRate",
    "Loop",
    "Losses",
    "Means",
    "OneCycle",
    "Optimizer",
    "Program",
    "Progress",
    "RMSprop",
    "Rates",
    "Rules",
    "Run",
    "Schedule",
    "Settings",
    "Sgd",
    "ShuffledBatches",
    "State",
    "StepDecay",
    "ValidationRows",
    "WarmUp",
    "checked_data",
    "checked_inputs",
    "descend",
    "dtype_of",
    "forward",
    "frozen_masks",
    "held_out",
    "may_be_empty",
    "optimizer_of",
    "precision_of",
    "predict",
    "program_of",
    "r_squared",
    "rates",
    "relative_weights",
    "run_epochs",
    "schedule_of",
    "split",
    "training_program",
]
