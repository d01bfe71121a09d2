"""What a descent gives back, and what it reports on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.nets import AnyNetwork

__all__ = ["Progress", "Run"]


@dataclass(frozen=True)
class Run:
    """What a descent did. Given as the start of another descent, it goes on where it stopped.

    Attributes:
        parameters: by name: of the best epoch where there are validation rows, else the last finite ones.
        losses: the error of each step's batch before its update, (steps,).
        validation_losses: the error on the validation rows after each epoch, (epochs,), without penalties.
        best_epoch: the epoch of ``parameters``, counted from 1; None without validation rows.
        stopped: ``"finished"``, ``"patience"``, ``"time"``, ``"interrupted"`` or ``"not finite"``.
        message: in words, where and why it stopped.
        state: the last parameters and what the optimizer remembers, by name.
    """

    network: AnyNetwork
    parameters: Mapping[str, NDArray[Any]] = field(repr=False)
    losses: NDArray[np.float64] = field(repr=False)
    stopped: str
    message: str
    validation_losses: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    best_epoch: int | None = None
    state: Mapping[str, NDArray[Any]] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Progress:
    """How far a descent has come, after each epoch; ``error`` is the mean over the steps of that epoch."""

    step: int
    steps: int
    error: float
    validation_error: float | None
    best_epoch: int | None
