"""The loop that descends: optimizers, the program of a step, batches."""

from downslope.training._descend import Run, descend
from downslope.training._optimizers import OPTIMIZERS, Adagrad, Adam, AdamW, Optimizer, RMSprop, Sgd
from downslope.training._program import Program, training_program

__all__ = [
    "OPTIMIZERS",
    "Adagrad",
    "Adam",
    "AdamW",
    "Optimizer",
    "Program",
    "RMSprop",
    "Run",
    "Sgd",
    "descend",
    "training_program",
]
