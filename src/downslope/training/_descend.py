"""Descent: apply the program of a step again and again."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope.errors import DownslopeError
from downslope.nets import AnyNetwork
from downslope.training._batches import ShuffledBatches
from downslope.training._data import Arrays, checked_data, dtype_of
from downslope.training._epochs import Ending, Losses, run_epochs
from downslope.training._lbfgs import minimise
from downslope.training._loop import Loop, State
from downslope.training._optimizers import Optimizer, optimizer_of
from downslope.training._parameters import Point, starting_values
from downslope.training._program import training_program
from downslope.training._run import Progress, Run
from downslope.training._schedules import Constant, Schedule, rates
from downslope.training._stopping import Validation, Watch, split

__all__ = ["descend"]


def descend(
    network: AnyNetwork,
    x: ArrayLike,
    y: ArrayLike,
    *,
    start: Point | None = None,
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
    progress: Callable[[Progress], object] | None = None,
    seed: int = 0,
) -> Run:
    """Descend the error of a network on some rows.

    Ctrl-C ends it early and gives what was reached.

    Args:
        network: what to train; an ensemble trains all its members at once.
        x: inputs, (rows, network.inputs). float32 stays float32, everything else becomes float64.
        y: targets, (rows, outputs), (rows,) for one output, or class numbers (rows,).
        start: parameters to start from: by name, all in one flat list, or a model's; what is not given is
            drawn from the seed. A run goes on where it stopped: same data and settings, same bits as without
            the stop.
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
    batches = ShuffledBatches(data, batch_size, seed)
    steps = _steps_asked(steps, epochs, batches.steps_in_epoch)
    watch = Watch(held, patience, memory)
    end = math.inf if time_limit is None else monotonic() + time_limit
    before = start if isinstance(start, Run) else None
    values = starting_values(network, start, seed, data["x"].dtype)
    if optimizer == "lbfgs":
        if batch_size is not None or clip_norm is not None or clip_value is not None:
            raise DownslopeError(
                "L-BFGS takes all rows and whole gradients: leave out batch_size and clipping"
            )
        return _search(network, data, values, steps, watch, progress, lambda: monotonic() >= end)
    schedule = Constant(learning_rate) if isinstance(learning_rate, int | float) else learning_rate
    program = training_program(network, optimizer_of(optimizer), clip_norm=clip_norm, clip_value=clip_value)
    values |= {n: np.zeros(tuple(map(int, s.shape)), data["x"].dtype) for n, s in program.states.items()}
    losses = Losses() if before is None else _resume(before, watch, values)
    if before is not None:
        values = dict(before.state)
    step = 0 if before is None else len(before.losses)
    until = step + steps
    loop = Loop(
        program,
        batches,
        lambda first, count: rates(schedule, first, count, until),
        State(step, values),
        seed=seed,
        bfloat16=precision == "bfloat16",
        threads=threads,
    )
    epochs_seen = _Epochs(loop, watch, progress, until)
    looked_at = watch.watches or progress is not None
    ending = run_epochs(loop, until, losses, after_epoch=epochs_seen.ended if looked_at else None, end=end)
    if ending.stopped == "time" and watch.watches and not watch.errors:
        epochs_seen.ended(losses.last(batches.steps_in_epoch))
    return _finished(network, loop, losses, watch, ending, batches.steps_in_epoch)


def _in_precision(data: Arrays, precision: str | None) -> Arrays:
    """The data in the dtype of a precision; None leaves it as it is."""
    if precision is None:
        return data
    dtype = dtype_of(precision)
    return {name: column.astype(dtype, copy=False) for name, column in data.items()}


@dataclass(frozen=True)
class _Epochs:
    """What is looked at after each epoch of a descent."""

    loop: Loop
    watch: Watch
    progress: Callable[[Progress], object] | None
    until: int

    def ended(self, errors: NDArray[np.float64]) -> Ending | None:
        """Note the parameters and report; the ending, if it is time to stop."""
        stop = False
        if self.watch.watches:
            values = self.loop.values()
            stop = self.watch.see({name: values[name] for name in self.loop.program.graph.parameters})
        if self.progress is not None:
            _report(self.progress, self.watch, float(np.mean(errors)), self.loop.step, self.until)
        if stop:
            return Ending("patience", f"no better validation error since epoch {self.watch.best_epoch}")
        return None


def _resume(before: Run, watch: Watch, values: Arrays) -> Losses:
    """The losses of another run, and what its validation saw, as the beginning of this one."""
    if set(before.state) != set(values):
        raise DownslopeError("a run goes on with the network and the optimizer that it had before")
    watch.errors = before.validation_losses.tolist()
    if before.best_epoch is not None:
        watch.best_epoch, watch.best = before.best_epoch, dict(before.parameters)
    return Losses(before.losses)


def _finished(
    network: AnyNetwork, loop: Loop, losses: Losses, watch: Watch, ending: Ending, steps_in_epoch: int
) -> Run:
    values = loop.values()
    latest = {name: values[name] for name in loop.program.graph.parameters}
    return Run(
        network,
        latest if watch.best is None else watch.best,
        losses.all(),
        ending.stopped,
        ending.message,
        np.array(watch.errors),
        watch.best_epoch or None,
        values,
        steps_in_epoch,
    )


def _search(
    network: AnyNetwork,
    data: Arrays,
    values: Arrays,
    steps: int,
    watch: Watch,
    progress: Callable[[Progress], object] | None,
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
            _report(progress, watch, error, len(losses), steps)
        return stopped != "finished"

    try:
        message = minimise(network, data, values, steps, seen)
    except KeyboardInterrupt:
        stopped, message = "interrupted", f"interrupted after {len(losses)} iterations"
    if "not finite" in message:
        stopped = "not finite"
    errors, best = np.array(watch.errors), watch.best_epoch or None
    return Run(network, watch.best or reached, np.array(losses), stopped, message, errors, best, reached)


def _report(
    progress: Callable[[Progress], object], watch: Watch, error: float, step: int, steps: int
) -> None:
    held = watch.errors[-1] if watch.errors else None
    progress(Progress(step, steps, error, held, watch.best_epoch or None))


def _steps_asked(steps: int | None, epochs: int | None, steps_in_epoch: int) -> int:
    if steps is not None and epochs is not None:
        raise DownslopeError("give steps or epochs, not both")
    asked = epochs * steps_in_epoch if epochs is not None else 1000 if steps is None else steps
    if asked < 0:
        raise DownslopeError(f"a descent takes at least 0 steps, not {asked}")
    return asked
