"""Descent: apply the program of a step again and again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope.errors import DownslopeError
from downslope.nets import AnyNetwork
from downslope.training._data import Arrays, Batches, checked_data, dtype_of, starting_values
from downslope.training._lbfgs import minimise
from downslope.training._optimizers import Optimizer, optimizer_of
from downslope.training._program import Program, training_program
from downslope.training._schedules import Constant, Schedule
from downslope.training._steps import Steps, steps_of
from downslope.training._stopping import Validation, Watch, split

__all__ = ["Progress", "Run", "descend"]


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


def descend(
    network: AnyNetwork,
    x: ArrayLike,
    y: ArrayLike,
    *,
    start: ArrayLike | Mapping[str, ArrayLike] | Run | None = None,
    learning_rate: float | Schedule = 0.01,
    steps: int | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    optimizer: str | Optimizer = "sgd",
    row_weights: ArrayLike | None = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    precision: str | None = None,
    validation: Validation | None = None,
    patience: int | None = None,
    memory: float = 0.0,
    time_limit: float | None = None,
    threads: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    seed: int = 0,
) -> Run:
    """Descend the error of a network on some rows.

    Ctrl-C ends it early and gives what was reached.

    Args:
        network: what to train; an ensemble trains all its members at once.
        x: inputs, (rows, network.inputs). float32 stays float32, everything else becomes float64.
        y: targets, (rows, outputs), (rows,) for one output, or class numbers (rows,).
        start: starting parameters by name, or all of them in one flat list; None draws them from the seed.
            A run goes on where it stopped: same data and settings, same bits as without the stop.
        learning_rate: η, above 0, or a schedule of it. ``"lbfgs"`` searches its own.
        steps: number of updates; 1000 where neither this nor ``epochs`` is given.
        epochs: number of times every row is used, instead of ``steps``.
        batch_size: rows in a step, drawn without repetition until all were used; None takes all rows.
        optimizer: by name, or with its settings; ``"lbfgs"`` takes all rows and a line search.
        row_weights: how much each row counts, (rows,); for an ensemble also (rows, members).
        clip_norm: the largest norm of all gradients together; larger ones are shrunk.
        clip_value: the largest size of an element of a gradient.
        precision: ``"float32"``, ``"float64"`` or ``"bfloat16"`` (bfloat16 products, float32 sums and
            weights); None takes that of x.
        validation: the share of the rows, or a pair (x, y), that only measures, or the folds of an ensemble;
            the best parameters are kept.
        patience: stop after so many epochs without a better validation error.
        memory: with validation rows, it is a running mean of the parameters over the epochs that is looked at
            and kept: this share of it stays at each epoch, such as 0.7; 0 takes the parameters as they are.
        time_limit: stop after so many seconds.
        threads: the most that the steps run on; None lets the engine choose. The bits do not depend on it.
        progress: called after each epoch.
        seed: fixes the starting values, the validation rows, the batches and dropout.

    Raises:
        DownslopeError: if something given does not fit; the message says what.

    >>> from downslope.nets import Dense, Network
    >>> net = Network(inputs=1, layers=[Dense(1, bias=False)])
    >>> run = descend(net, [[1.0], [2.0]], [2.0, 4.0], start=[0.0], learning_rate=0.1, steps=50)
    >>> run.parameters["layer1.weight"].round(6), run.losses.round(3)[:3], run.stopped
    (array([[2.]]), array([10.  ,  2.5  ,  0.625]), 'finished')
    """
    data, held = split(
        network, _in_precision(checked_data(network, x, y, row_weights), precision), validation, seed
    )
    batches = Batches(len(data["x"]), batch_size, seed)
    steps = _steps_asked(steps, epochs, batches.steps_in_epoch)
    watch = Watch(held, patience, memory)
    before = start if isinstance(start, Run) else None
    values = starting_values(network, before.parameters if before else start, seed, data["x"].dtype)  # type: ignore[arg-type]
    if optimizer == "lbfgs":
        if batch_size is not None or clip_norm is not None or clip_value is not None:
            raise DownslopeError(
                "L-BFGS takes all rows and whole gradients: leave out batch_size and clipping"
            )
        return _search(network, data, values, steps, watch, progress, _clock(time_limit))
    schedule = Constant(learning_rate) if isinstance(learning_rate, int | float) else learning_rate
    program = training_program(network, optimizer_of(optimizer), clip_norm=clip_norm, clip_value=clip_value)
    values |= {n: np.zeros(tuple(map(int, s.shape)), data["x"].dtype) for n, s in program.states.items()}
    loop = _Loop(network, program, batches, watch, progress, _clock(time_limit))
    if before is not None:
        values = loop.taken_up(before, values)
    bfloat16 = precision == "bfloat16"
    taken = steps_of(program, data, batches, schedule, seed, values, bfloat16=bfloat16, threads=threads)
    return loop.run(taken, steps)


def _clock(time_limit: float | None) -> Callable[[], bool]:
    """Whether the time from now on is up."""
    if time_limit is None:
        return lambda: False
    end = monotonic() + time_limit
    return lambda: monotonic() >= end


def _in_precision(data: Arrays, precision: str | None) -> Arrays:
    """The data in the dtype of a precision; None leaves it as it is."""
    if precision is None:
        return data
    dtype = dtype_of(precision)
    return {name: column.astype(dtype, copy=False) for name, column in data.items()}


class _Record:
    """The errors of all steps so far."""

    def __init__(self) -> None:
        self._parts: list[NDArray[np.float64]] = []
        self.steps = 0

    def extend(self, errors: NDArray[np.float64]) -> None:
        self._parts.append(errors)
        self.steps += len(errors)

    def all(self) -> NDArray[np.float64]:
        return np.concatenate(self._parts) if self._parts else np.zeros(0)

    def mean_of_last(self, count: int) -> float:
        self._parts = [self.all()]
        return float(np.mean(self._parts[0][-count:]))


class _Loop:
    """One descent: what stays the same from step to step, and the record that grows."""

    def __init__(
        self,
        network: AnyNetwork,
        program: Program,
        batches: Batches,
        watch: Watch,
        progress: Callable[[Progress], None] | None,
        time_is_up: Callable[[], bool],
    ) -> None:
        self.network, self.program, self.batches = network, program, batches
        self.watch, self.progress, self.time_is_up = watch, progress, time_is_up
        self.record = _Record()

    def taken_up(self, before: Run, values: Arrays) -> Arrays:
        """The values where another run stopped, and its record as the beginning of this one."""
        if set(before.state) != set(values):
            raise DownslopeError("a run goes on with the network and the optimizer that it had before")
        self.record.extend(before.losses)
        self.watch.errors = before.validation_losses.tolist()
        if before.best_epoch is not None:
            self.watch.best_epoch, self.watch.best = before.best_epoch, dict(before.parameters)
        return dict(before.state)

    def run(self, steps: Steps, count: int) -> Run:
        """So many further steps, or fewer if something ends them."""
        record, epoch = self.record, self.batches.steps_in_epoch
        last = record.steps + count
        watched = self.progress is not None or self.watch.watches
        stopped, message = "finished", f"{last} updates done"
        try:
            while record.steps < last:
                until = min(last, (record.steps // epoch + 1) * epoch) if watched else last
                errors, fault = steps.advance(record.steps + 1, until, last)
                record.extend(errors)
                if fault:
                    stopped, message = "not finite", fault
                    break
                if watched and record.steps % epoch == 0 and self._epoch_ended(steps, last):
                    stopped = "patience"
                    message = f"no better validation error since epoch {self.watch.best_epoch}"
                    break
                if record.steps < last and self.time_is_up():
                    stopped, message = "time", f"the time was up after {record.steps} of {last} updates"
                    if not self.watch.errors:
                        self._epoch_ended(steps, last)
                    break
        except KeyboardInterrupt:
            stopped, message = "interrupted", f"interrupted after {record.steps} of {last} updates"
        return self._finished(steps.values(), stopped, message)

    def _epoch_ended(self, steps: Steps, last: int) -> bool:
        stop = False
        if self.watch.watches:
            values = steps.values()
            stop = self.watch.see({name: values[name] for name in self.program.graph.parameters})
        if self.progress is not None:
            error = self.record.mean_of_last(self.batches.steps_in_epoch)
            _tell(self.progress, self.watch, error, self.record.steps, last)
        return stop

    def _finished(self, values: Arrays, stopped: str, message: str) -> Run:
        latest = {name: values[name] for name in self.program.graph.parameters}
        return Run(
            self.network,
            latest if self.watch.best is None else self.watch.best,
            self.record.all(),
            stopped,
            message,
            np.array(self.watch.errors),
            self.watch.best_epoch or None,
            values,
        )


def _search(
    network: AnyNetwork,
    data: Arrays,
    values: Arrays,
    steps: int,
    watch: Watch,
    progress: Callable[[Progress], None] | None,
    time_is_up: Callable[[], bool],
) -> Run:
    """The run of L-BFGS: an epoch is an iteration."""
    losses: list[float] = []
    reached = dict(values)
    stopped = "finished"

    def seen(error: float, now: Arrays) -> bool:
        nonlocal stopped
        losses.append(error)
        reached.update(now)
        if watch.see(now):
            stopped = "patience"
        elif time_is_up():
            stopped = "time"
        if progress is not None:
            _tell(progress, watch, error, len(losses), steps)
        return stopped != "finished"

    try:
        message = minimise(network, data, values, steps, seen)
    except KeyboardInterrupt:
        stopped, message = "interrupted", f"interrupted after {len(losses)} iterations"
    if "not finite" in message:
        stopped = "not finite"
    errors, best = np.array(watch.errors), watch.best_epoch or None
    return Run(network, watch.best or reached, np.array(losses), stopped, message, errors, best, reached)


def _tell(progress: Callable[[Progress], None], watch: Watch, error: float, step: int, steps: int) -> None:
    held = watch.errors[-1] if watch.errors else None
    progress(Progress(step, steps, error, held, watch.best_epoch or None))


def _steps_asked(steps: int | None, epochs: int | None, steps_in_epoch: int) -> int:
    if steps is not None and epochs is not None:
        raise DownslopeError("give steps or epochs, not both")
    asked = epochs * steps_in_epoch if epochs is not None else 1000 if steps is None else steps
    if asked < 0:
        raise DownslopeError(f"a descent takes at least 0 steps, not {asked}")
    return asked
