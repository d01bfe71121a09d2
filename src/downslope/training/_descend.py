"""Descent: apply the program of a step again and again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope.engines import Plan, native_descent
from downslope.errors import DownslopeError
from downslope.nets import Network
from downslope.training._data import Arrays, Batches, checked_data, starting_values
from downslope.training._lbfgs import minimise
from downslope.training._optimizers import OPTIMIZERS, Optimizer
from downslope.training._program import Program, training_program
from downslope.training._schedules import Constant, Schedule
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
        stopped: ``"finished"``, ``"patience"``, ``"interrupted"`` or ``"not finite"``.
        message: in words, where and why it stopped.
        state: the last parameters and what the optimizer remembers, by name.
    """

    network: Network
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
    network: Network,
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
    validation: Validation | None = None,
    patience: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    seed: int = 0,
) -> Run:
    """Descend the error of a network on some rows.

    Ctrl-C ends it early and gives what was reached.

    Args:
        network: what to train.
        x: inputs, (rows, network.inputs). float32 stays float32, everything else becomes float64.
        y: targets, (rows, outputs), (rows,) for one output, or class numbers (rows,).
        start: starting parameters by name, or all of them in one flat list; None draws them from the seed.
            A run goes on where it stopped: same data and settings, same bits as without the stop.
        learning_rate: η, above 0, or a schedule of it. ``"lbfgs"`` searches its own.
        steps: number of updates; 1000 where neither this nor ``epochs`` is given.
        epochs: number of times every row is used, instead of ``steps``.
        batch_size: rows in a step, drawn without repetition until all were used; None takes all rows.
        optimizer: by name, or with its settings; ``"lbfgs"`` takes all rows and a line search.
        row_weights: how much each row counts, (rows,).
        clip_norm: the largest norm of all gradients together; larger ones are shrunk.
        clip_value: the largest size of an element of a gradient.
        validation: the share of the rows, or a pair (x, y), that only measures; the best parameters are kept.
        patience: stop after so many epochs without a better validation error.
        progress: called after each epoch.
        seed: fixes the starting values, the validation rows, the batches and dropout.

    Raises:
        DownslopeError: if something given does not fit; the message says what.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=1, layers=[Dense(1, bias=False)])
    >>> run = descend(net, [[1.0], [2.0]], [2.0, 4.0], start=[0.0], learning_rate=0.1, steps=50)
    >>> run.parameters["layer1.weight"].round(6), run.losses.round(3)[:3], run.stopped
    (array([[2.]]), array([10.  ,  2.5  ,  0.625]), 'finished')
    """
    data, held = split(network, checked_data(network, x, y, row_weights), validation, seed)
    batches = Batches(len(data["x"]), batch_size, seed)
    steps = _steps_asked(steps, epochs, batches.steps_in_epoch)
    watch = Watch(network, held, patience)
    before = start if isinstance(start, Run) else None
    values = starting_values(network, before.parameters if before else start, seed, data["x"].dtype)  # type: ignore[arg-type]
    if optimizer == "lbfgs":
        if batch_size is not None or clip_norm is not None or clip_value is not None:
            raise DownslopeError(
                "L-BFGS takes all rows and whole gradients: leave out batch_size and clipping"
            )
        return _search(network, data, values, steps, watch, progress)
    schedule = Constant(learning_rate) if isinstance(learning_rate, int | float) else learning_rate
    program = training_program(network, _optimizer(optimizer), clip_norm=clip_norm, clip_value=clip_value)
    values |= {n: np.zeros(tuple(map(int, s.shape)), data["x"].dtype) for n, s in program.states.items()}
    loop = _Loop(network, program, data, batches, schedule, seed, watch, progress)
    if before is not None:
        values = loop.taken_up(before, values)
    return loop.run(values, steps)


class _Loop:
    """One descent: what stays the same from step to step, and the record that grows."""

    def __init__(
        self,
        network: Network,
        program: Program,
        data: Arrays,
        batches: Batches,
        schedule: Schedule,
        seed: int,
        watch: Watch,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self.network, self.program, self.data, self.batches = network, program, data, batches
        self.schedule, self.seed, self.watch, self.progress = schedule, seed, watch, progress
        self.plan = Plan([program.graph.error, *program.updates.values()])
        leaves = {**program.graph.parameters, **program.states}
        updates = {leaves[name]: new for name, new in program.updates.items()}
        self.native = native_descent(program.graph.error, updates, data)
        self.losses: list[float] = []
        self._chunk = 64  # steps in one call of the native engine

    def taken_up(self, before: Run, values: Arrays) -> Arrays:
        """The values where another run stopped, and its record as the beginning of this one."""
        if set(before.state) != set(values):
            raise DownslopeError("a run goes on with the network and the optimizer that it had before")
        self.losses = before.losses.tolist()
        self.watch.errors = before.validation_losses.tolist()
        if before.best_epoch is not None:
            self.watch.best_epoch, self.watch.best = before.best_epoch, dict(before.parameters)
        return dict(before.state)

    def run(self, values: Arrays, steps: int) -> Run:
        """So many further steps, or fewer if something ends them."""
        done = len(self.losses)
        last = done + steps
        stopped, message = "finished", f"{last} updates done"
        try:
            while (step := len(self.losses)) < last:
                values, fault = self._advance(values, step + 1, last)
                if fault:
                    stopped, message = "not finite", fault
                    break
                step = len(self.losses)
                if step % self.batches.steps_in_epoch == 0 and self._epoch_ended(values, step, last):
                    stopped = "patience"
                    message = f"no better validation error since epoch {self.watch.best_epoch}"
                    break
        except KeyboardInterrupt:
            stopped, message = "interrupted", f"interrupted after {len(self.losses)} of {last} updates"
        return self._finished(values, stopped, message)

    def _advance(self, values: Arrays, step: int, last: int) -> tuple[Arrays, str | None]:
        """Some steps from ``step`` on, at most to the end of an epoch that someone wants to see."""
        if self.native is None:
            return self._step(values, step, last)
        order = self.batches.rows(step, last)
        if order is None:  # every step takes all rows
            watched = self.progress is not None or self.watch.watches
            count = 1 if watched else min(last - step + 1, self._chunk)
        else:
            order = order[: self._chunk * self.batches.size]
            count = -(-len(order) // self.batches.size)
        rates = np.array([self.schedule.rate(s, last) for s in range(step, step + count)])
        started = perf_counter()
        self.native.put(values)
        rounds = count if order is None else 1
        errors = self.native.run(order, self.batches.size, rounds, rates, step, self.seed)
        reached = self.native.values()
        if np.all(np.isfinite(errors)) and all(np.all(np.isfinite(v)) for v in reached.values()):
            self.losses.extend(errors.tolist())
            # chunks of a few hundredths of a second, so that Ctrl-C is heard
            if perf_counter() - started < 0.02:
                self._chunk = min(2 * self._chunk, 1 << 20)
            return reached, None
        return self._step_by_step(values, step, step + count - 1, last)

    def _step_by_step(self, values: Arrays, first: int, until: int, last: int) -> tuple[Arrays, str | None]:
        """The steps of a chunk in which something is no longer finite, on the engine that can say what."""
        for step in range(first, until + 1):
            values, fault = self._step(values, step, last)
            if fault:
                return values, fault
        return values, None

    def _step(self, values: Arrays, step: int, last: int) -> tuple[Arrays, str | None]:
        order = self.batches.rows(step, step)
        rows = slice(None) if order is None else order
        batch = {name: column[rows] for name, column in self.data.items()}
        dtype = self.data["x"].dtype
        rate = np.asarray(self.schedule.rate(step, last), dtype)
        scalars = {"learning_rate": rate, "step": np.asarray(step, dtype), "draw": step, "seed": self.seed}
        given = {**scalars, **batch, **values}
        with np.errstate(all="ignore"):  # overflow is looked for below, and said
            error, *new = self.plan.run(given)
            updated = dict(zip(self.program.updates, new, strict=True))
            fault = _fault(self.program, float(error), updated, given)
        self.losses.append(float(error))
        if fault:
            kept = "the parameters before this step are kept"
            advice = "Try a smaller learning rate, or scale the inputs"
            return values, f"step {step}: {fault}; {kept}. {advice}."
        return updated, None

    def _epoch_ended(self, values: Arrays, step: int, last: int) -> bool:
        stop = self.watch.see({name: values[name] for name in self.program.graph.parameters})
        _tell(self.progress, self.watch, self.losses, step, last, self.batches.steps_in_epoch)
        return stop

    def _finished(self, values: Arrays, stopped: str, message: str) -> Run:
        latest = {name: values[name] for name in self.program.graph.parameters}
        return Run(
            self.network,
            latest if self.watch.best is None else self.watch.best,
            np.array(self.losses),
            stopped,
            message,
            np.array(self.watch.errors),
            self.watch.best_epoch or None,
            values,
        )


def _search(
    network: Network,
    data: Arrays,
    values: Arrays,
    steps: int,
    watch: Watch,
    progress: Callable[[Progress], None] | None,
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
        _tell(progress, watch, losses, len(losses), steps, 1)
        return stopped == "patience"

    try:
        message = minimise(network, data, values, steps, seen)
    except KeyboardInterrupt:
        stopped, message = "interrupted", f"interrupted after {len(losses)} iterations"
    if "not finite" in message:
        stopped = "not finite"
    errors, best = np.array(watch.errors), watch.best_epoch or None
    return Run(network, watch.best or reached, np.array(losses), stopped, message, errors, best, reached)


def _tell(
    progress: Callable[[Progress], None] | None,
    watch: Watch,
    losses: list[float],
    step: int,
    steps: int,
    steps_in_epoch: int,
) -> None:
    if progress is not None:
        error = float(np.mean(losses[-steps_in_epoch:]))
        held = watch.errors[-1] if watch.errors else None
        progress(Progress(step, steps, error, held, watch.best_epoch or None))


def _fault(program: Program, error: float, updated: Arrays, values: Mapping[str, Any]) -> str | None:
    """What is no longer finite and where it began, or None."""
    if not np.isfinite(error):
        stages = program.graph.stages
        reached = Plan([s.node for s in stages]).run(values)
        lost = f"the error is no longer finite ({error})"
        for stage, value in zip(stages, reached, strict=True):
            if not np.all(np.isfinite(value)):
                grown = _largest(program, stage.layer, values)
                return f"{lost}, first in the values {stage.symbol} of {stage.layer}{grown}"
        size, layer = np.max(np.abs(reached[-1])), stages[-1].layer
        return f"{lost}: the loss of the values up to {size:.3g} of {layer}{_largest(program, layer, values)}"
    bad = [name for name, value in updated.items() if not np.all(np.isfinite(value))]
    return f"the update of {bad[0]} is not finite" if bad else None


def _largest(program: Program, layer: str, values: Mapping[str, Any]) -> str:
    """The largest parameter of a layer, or of all where the layer has none."""
    names = [n for n in program.graph.parameters if n.startswith(f"{layer}.")] or list(
        program.graph.parameters
    )
    sizes = {name: float(np.max(np.abs(values[name]))) for name in names}
    name = max(sizes, key=lambda n: sizes[n])
    return f", where {name} has grown to {sizes[name]:.3g}"


def _steps_asked(steps: int | None, epochs: int | None, steps_in_epoch: int) -> int:
    if steps is not None and epochs is not None:
        raise DownslopeError("give steps or epochs, not both")
    asked = epochs * steps_in_epoch if epochs is not None else 1000 if steps is None else steps
    if asked < 0:
        raise DownslopeError(f"a descent takes at least 0 steps, not {asked}")
    return asked


def _optimizer(given: str | Optimizer) -> Optimizer:
    if not isinstance(given, str):
        return given
    if given not in OPTIMIZERS:
        raise DownslopeError(f"there is no optimizer {given!r}; choose one of {', '.join(OPTIMIZERS)}, lbfgs")
    return OPTIMIZERS[given]
