"""What a descent gives back, and what it reports on the way."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks import Interval, choice, whole
from downslope._dataclass import dataclass
from downslope._files import SavedFile, write_file
from downslope._visible import escape
from downslope.drawing import curves_picture, panel, plot_curves
from downslope.errors import DownslopeError
from downslope.nets import AnyNetwork, checked_parameters, network_of
from downslope.training._history import History, run_history
from downslope.training._run_curves import RunCurves, run_curves
from downslope.training._trouble import Trouble

__all__ = ["Average", "Progress", "Run", "read_run"]

_ENDS = ("finished", "patience", "callback", "time", "interrupted", "not finite")
_COUNT = Interval(1, limit=1 << 53)
_LOSSES = ("losses", "validation_losses")
_PARAMETERS, _STATE, _AVERAGE = "parameters.", "state.", "average."  # before the names of arrays in a file


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
        settings: what ``descend`` was called with besides the network and the rows, by name, so that
            ``descend(run.network, x, y, **run.settings)`` is this run again; empty of a loaded run.
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
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def called_with(self, settings: Mapping[str, Any]) -> Run:
        """The same run with its settings; of a run that it began from, those of that run are not kept."""
        start = settings["start"]
        if isinstance(start, Run):
            settings = {**settings, "start": replace(start, settings={})}
        found = object.__new__(Run)  # copy and replace would take as long as many steps
        vars(found).update(vars(self), settings=settings)
        return found

    def __repr__(self) -> str:
        return f"<Run of {self._line()}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: where and why it stopped, the losses as curves, and the network."""
        picture = curves_picture(**self._drawn())
        words = [f"<div>{escape(line)}</div>" for line in (self.message, repr(self.network)[1:-1])]
        return panel(
            "Run", f"of {self._line()}", words[0], "" if picture is None else picture.svg(), words[1]
        )

    @property
    def history(self) -> History:
        """The errors of each epoch: ``epoch``, ``step``, ``loss``; ``validation_loss`` where rows validate.

        ``step`` is the number of updates at its end, ``loss`` the mean over its steps, each before its
        update; ``validation_loss`` is NaN for an epoch that was not finished.
        """
        return History(run_history(self.losses, self.validation_losses, self.steps_in_epoch))

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

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the run to one file, whole or not at all; ``ds.load`` reads it, and descent goes on from it.

        It holds the network, all that the run says, and what the optimizer remembers. Rows and the settings
        of the descent are not in it: with the same ones, a loaded run goes on with the same bits.

        Args:
            path: where; a file that is there is replaced. ``.downslope`` is the usual ending.

        Raises:
            DownslopeError: if it cannot be written there.

        >>> import os, tempfile
        >>> from downslope import Dense, Network, descend, load
        >>> net, x, y = Network(inputs=1, layers=[Dense(1)]), [[1.0], [2.0]], [2.0, 4.0]
        >>> path = os.path.join(tempfile.mkdtemp(), "run.downslope")
        >>> descend(net, x, y, optimizer="adam", steps=50).save(path)
        >>> run = descend(net, x, y, start=load(path), optimizer="adam", steps=50)
        >>> bool(run.losses[-1] == descend(net, x, y, optimizer="adam", steps=100).losses[-1])
        True
        """
        sections, arrays = self.content()
        write_file(path, "run", {**self.network.sections(), **sections}, arrays)

    def content(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """What a file says of it beside the network: sections and arrays."""
        about = {name: getattr(self, name) for name in ("stopped", "message", "best_epoch", "steps_in_epoch")}
        arrays = {name: getattr(self, name) for name in _LOSSES}
        groups = {_PARAMETERS: self.parameters, _STATE: self.state}
        if self.average is not None:
            about["average_epochs"] = self.average.epochs
            groups[_AVERAGE] = self.average.values
        for prefix, values in groups.items():
            arrays |= {prefix + name: value for name, value in values.items()}
        return {"about": about}, arrays

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


def read_run(file: SavedFile, network: AnyNetwork | None = None) -> Run:
    """The run of a file of one; of a network that is known, which can have functions that no file holds.

    Raises:
        DownslopeError: if the file is damaged.
    """
    with file.reading():
        network = network or network_of(file)
        about = file.section("about")
        losses, validation_losses = (_checked_losses(name, file.arrays[name]) for name in _LOSSES)
        best, average = about["best_epoch"], None
        if best is not None:
            best = whole("best_epoch", best, Interval(1, len(validation_losses)))
        if "average_epochs" in about:
            epochs = whole("average_epochs", about["average_epochs"], _COUNT)
            average = Average(epochs, checked_parameters(network, file.within(_AVERAGE)))
        return Run(
            network,
            checked_parameters(network, file.within(_PARAMETERS)),
            losses,
            choice("stopped", about["stopped"], _ENDS),
            str(about["message"]),
            validation_losses,
            best,
            _checked_state(network, file.within(_STATE)),
            whole("steps_in_epoch", about["steps_in_epoch"], _COUNT),
            average,
        )


def _checked_losses(name: str, losses: NDArray[Any]) -> NDArray[np.float64]:
    """One for each step; the last of a run that failed is not finite."""
    if losses.dtype != np.float64 or losses.ndim != 1:
        raise DownslopeError(f"{name} is no list of numbers of float64")
    return losses


def _checked_state(network: AnyNetwork, state: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
    """The parameters of a network among what its optimizer remembers; or nothing, of L-BFGS."""
    if state:
        checked_parameters(network, {name: state[name] for name in network.graph().parameters})
    for name, value in state.items():
        if value.dtype not in (np.float32, np.float64) or not np.all(np.isfinite(value)):
            raise DownslopeError(f"{name} in the state does not hold finite numbers of float32 or float64")
    return state


@dataclass(frozen=True)
class Progress:
    """How far a descent has come, after each epoch.

    Attributes:
        step, steps: updates done, and in all.
        error: the mean over the steps of that epoch.
        validation_error: None without validation rows.
        best_epoch: counted from 1; None without validation rows.
        trouble: what goes wrong, at the epoch in which it is first seen.
        errors: of the steps of that epoch, each before its update, (steps of the epoch,).
        soonest: updates after which it ends if no later epoch is better; ``steps`` without patience.
    """

    step: int
    steps: int
    error: float
    validation_error: float | None
    best_epoch: int | None
    trouble: Trouble | None
    errors: NDArray[np.float64] = field(repr=False, compare=False)
    soonest: int
