"""What a descent gives back, and what it reports on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.drawing import curves_picture, panel, plot_curves
from downslope.nets import AnyNetwork
from downslope.training._run_curves import RunCurves, run_curves

__all__ = ["Average", "Progress", "Run"]


@dataclass(frozen=True, eq=False)
class Average:
    """A running mean of the parameters over epochs (Polyak and Juditsky 1992).

    Attributes:
        epochs: how many are in it.
        values: the mean of each parameter by name.
    """

    epochs: int
    values: Mapping[str, NDArray[Any]]

    def with_epoch(self, values: Mapping[str, NDArray[Any]], decay: float) -> Average:
        """The mean with one more epoch, in which each epoch counts ``decay`` of the one after it."""
        past = 1 - (1 - decay) / (1 - decay ** (self.epochs + 1))
        mean = {
            name: (past * self.values[name] + (1 - past) * value).astype(value.dtype) if past else value
            for name, value in values.items()
        }
        return Average(self.epochs + 1, mean)


@dataclass(frozen=True)
class Run:
    """What a descent did. Given as the start of another descent, it goes on where it stopped.

    Attributes:
        parameters: by name: of the best epoch where there are validation rows, else the last finite ones.
        losses: the error of each step's batch before its update, (steps,).
        validation_losses: the error on the validation rows after each epoch, (epochs,), without penalties.
        best_epoch: the epoch of ``parameters``, counted from 1; None without validation rows.
        stopped: ``"finished"``, ``"patience"``, ``"callback"``, ``"time"``, ``"interrupted"`` or
            ``"not finite"``.
        message: in words, where and why it stopped.
        state: the last parameters and what the optimizer remembers, by name; nothing of L-BFGS.
        steps_in_epoch: number of steps that use every row once.
        average: with ``ema_decay``, the running mean of the parameters after the last whole epoch.
    """

    network: AnyNetwork
    parameters: Mapping[str, NDArray[Any]] = field(repr=False)
    losses: NDArray[np.float64] = field(repr=False)
    stopped: str
    message: str
    validation_losses: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    best_epoch: int | None = None
    state: Mapping[str, NDArray[Any]] = field(default_factory=dict, repr=False)
    steps_in_epoch: int = 1
    average: Average | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return f"<Run of {self._line()}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: where and why it stopped, the losses as curves, and the network."""
        picture = curves_picture(**self._drawn())
        words = [f"<div>{escape(line)}</div>" for line in (self.message, repr(self.network)[1:-1])]
        return panel(
            "Run", f"of {self._line()}", words[0], "" if picture is None else picture.svg(), words[1]
        )

    def plot(self, ax: Any = None) -> Any:
        """Draw the losses and the validation losses with matplotlib, and mark the best epoch.

        The error axis is logarithmic unless a loss is negative. Of batches, each step's loss stands behind
        the mean of its epoch.

        Args:
            ax: axes of matplotlib to draw on; None makes a figure.

        Returns:
            The axes.

        Raises:
            DownslopeError: if matplotlib is not installed, or ``ax`` is something else.
        """
        return plot_curves(**self._drawn(), ax=ax)

    def _line(self) -> str:
        count = len(self.losses)
        parts = [f"{count:,} step{'' if count == 1 else 's'}: {self.stopped}"]
        if count:
            parts.append(f"loss {self.losses[-1]:.4g}")
        if self.best_epoch is not None:
            best = self.validation_losses[self.best_epoch - 1]
            parts.append(f"best epoch {self.best_epoch}, validation loss {best:.4g}")
        return "; ".join(parts)

    def _drawn(self) -> RunCurves:
        return run_curves(self.losses, self.validation_losses, self.best_epoch, self.steps_in_epoch)


@dataclass(frozen=True)
class Progress:
    """How far a descent has come, after each epoch; ``error`` is the mean over the steps of that epoch."""

    step: int
    steps: int
    error: float
    validation_error: float | None
    best_epoch: int | None
