"""Descent: apply the program of a step again and again."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from time import monotonic

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError
from downslope.nets import AnyNetwork, Point, starting_values
from downslope.training._batches import ShuffledBatches
from downslope.training._epochs import Ending, Losses, run_epochs
from downslope.training._loop import Loop, State
from downslope.training._program import training_program
from downslope.training._report import Report
from downslope.training._run import Progress, Run
from downslope.training._search import search
from downslope.training._stopping import Validation, ValidationRows, Watch, split
from downslope.training.arguments import (
    Arrays,
    DescentSettings,
    checked_data,
    count_alike,
    dtype_of,
    may_be_empty,
    precision_of,
    relative_weights,
)
from downslope.training.optimizers import (
    Frozen,
    FrozenNames,
    LearningRate,
    Optimizer,
    frozen_masks,
    optimizer_of,
    rates,
    schedule_of,
)

__all__ = ["descend"]


@suggests_keywords
def descend(
    network: AnyNetwork,
    x: ArrayLike,
    y: ArrayLike,
    *,
    start: Point | None = None,
    learning_rate: LearningRate | None = None,
    steps: int | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    optimizer: str | Optimizer | type[Optimizer] = "sgd",
    row_weights: ArrayLike | None = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    precision: str | None = None,
    validation: Validation | None = None,
    patience: int | None = None,
    ema_decay: float = 0.0,
    time_limit: float | None = None,
    threads: int | None = None,
    frozen: FrozenNames | None = None,
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
            the stop. L-BFGS begins anew at the parameters of a run.
        learning_rate: η, above 0; a schedule of it; or a function of the number of the step, counted from 1.
            None is 0.01, or what L-BFGS finds by its line search, which takes no other.
        steps: number of updates; 1000 where neither this nor ``epochs`` is given.
        epochs: number of times every row is used, instead of ``steps``.
        batch_size: rows in a step, drawn without repetition until all were used; None takes all rows.
        optimizer: by name, as a class, or with its settings; ``"lbfgs"`` takes all rows and a line search.
        row_weights: how much each row counts, (rows,); for an ensemble also (rows, members). Only their
            ratios matter. A batch in which no row has a weight changes nothing.
        clip_norm: the largest norm of all gradients together; larger ones are shrunk. None or infinity: none.
        clip_value: the largest absolute value of an element of a gradient. None or infinity: none.
        precision: ``"float32"``, ``"float64"`` or ``"bfloat16"`` (bfloat16 products, float32 sums and
            weights); None takes that of x.
        validation: the share of the rows, or a pair (x, y), that only measures, or the folds of an ensemble;
            the best parameters are kept.
        patience: stop after so many epochs without a better validation error.
        ema_decay: with validation rows, measure and keep a running mean of the parameters over the epochs, in
            which each epoch counts this share of the one after it, such as 0.7; 0 takes the parameters as
            they are.
        time_limit: stop after so many seconds. Where there are validation rows, the last parameters are still
            validated.
        threads: the most that the steps run on; None lets the engine choose. The bits do not depend on it.
        frozen: names of parameters that stay as they are, or by name which of their numbers: an array of
            truth values in their shape.
        progress: called after each epoch; the descent stops where it returns True.
        seed: fixes the starting values, the validation rows, the batches and dropout.

    Returns:
        The parameters, the losses, and why it stopped.

    Raises:
        DownslopeError: if something given does not fit; the message says what.

    >>> from downslope.nets import Dense, Network
    >>> net = Network(inputs=1, layers=[Dense(1, bias=False)])
    >>> run = descend(net, [[1.0], [2.0]], [2.0, 4.0], start=[0.0], learning_rate=0.1, steps=50)
    >>> run.parameters["layer1.weight"].round(6), run.losses.round(3)[:3], run.stopped
    (array([[2.]]), array([10.  ,  2.5  ,  0.625]), 'finished')
    """
    given = {name: value for name, value in locals().items() if name not in ("network", "x", "y", "progress")}
    settings = DescentSettings(
        *(steps, epochs, batch_size, clip_norm, clip_value),
        *(patience, ema_decay, time_limit, threads, seed),
    )
    end = math.inf if settings.time_limit is None else monotonic() + settings.time_limit
    precision = precision_of(precision)
    data, validation_rows = _rows(network, x, y, row_weights, precision, validation, settings.seed)
    report = Report(Watch(validation_rows, settings.patience, settings.ema_decay, settings.threads), progress)
    before = start if isinstance(start, Run) else None
    dtype = data["x"].dtype
    values = starting_values(network, start, settings.seed, dtype)
    if isinstance(optimizer, str) and optimizer.lower() == "lbfgs":
        _refuse_ignored(
            learning_rate=learning_rate,
            batch_size=batch_size,
            clip_norm=clip_norm,
            clip_value=clip_value,
            frozen=frozen,
            precision=precision if precision == "bfloat16" else None,
        )
        found = search(network, data, values, settings.steps_for(1), report, end, settings.threads)
        return found.called_with(given)
    masks, rule = frozen_masks(network, frozen), optimizer_of(optimizer)
    batches, weights = ShuffledBatches(data, settings.batch_size, settings.seed), data["row_weights"]
    count = settings.steps_for(batches.steps_in_epoch)
    program = training_program(
        network,
        Frozen(rule) if masks else rule,
        clip_norm=settings.clip_norm,
        clip_value=settings.clip_value,
        relative=batches.steps_in_epoch > 1 and not count_alike(weights),
        skip_empty=may_be_empty(weights, batches.size, count),
    )
    state_of_masks = {f"{name}.frozen": mask.astype(dtype) for name, mask in masks.items()}
    for name, node in program.states.items():
        if name not in state_of_masks:
            values[name] = np.zeros(tuple(map(int, node.shape)), dtype)
    losses = Losses()
    if before is not None:
        values, losses = _resume(before, values, report.watch, batches.steps_in_epoch)
    schedule, until = schedule_of(learning_rate), losses.count + count
    loop = Loop(
        program,
        batches,
        lambda first, count: rates(schedule, first, count, until),
        State(losses.count, {**values, **state_of_masks}),
        seed=settings.seed,
        bfloat16=precision == "bfloat16",
        threads=settings.threads,
    )

    def after_epoch(errors: NDArray[np.float64]) -> Ending | None:
        now = loop.values()
        parameters = {name: now[name] for name in program.graph.parameters}
        return report.after_epoch(parameters, errors, loop.step, until)

    ending = run_epochs(loop, until, losses, after_epoch=after_epoch if report.is_needed else None, end=end)
    if ending.stopped == "time" and report.watch.watches and not report.watch.errors:
        after_epoch(losses.last(batches.steps_in_epoch))
    reached = {name: value for name, value in loop.values().items() if name in values}
    run = _run(network, reached, losses, report.watch, ending, batches.steps_in_epoch)
    return run.called_with(given)


def _rows(
    network: AnyNetwork,
    x: ArrayLike,
    y: ArrayLike,
    row_weights: ArrayLike | None,
    precision: str | None,
    validation: Validation | None,
    seed: int,
) -> tuple[Arrays, Sequence[ValidationRows]]:
    """The rows to train on, whose weights are relative, and the rows to validate on."""
    dtype = None if precision is None else dtype_of(precision)
    data, validation_rows = split(network, checked_data(network, x, y, row_weights, dtype), validation, seed)
    return {**data, "row_weights": relative_weights(data["row_weights"])}, validation_rows


def _refuse_ignored(**given: object) -> None:
    """Refuse what L-BFGS would ignore."""
    ignored = [name for name, value in given.items() if value is not None]
    if ignored:
        raise DownslopeError(
            "L-BFGS takes all rows, whole gradients and the steps that its line search finds, in float32 or "
            f"float64: leave out {', '.join(ignored)}"
        )


def _resume(before: Run, values: Arrays, watch: Watch, steps_in_epoch: int) -> tuple[Arrays, Losses]:
    """The values and the losses of another run, as the beginning of this one; and what its validation saw."""
    if set(before.state) != set(values):
        raise DownslopeError(
            "a run goes on with the network and the optimizer that it had before; to begin anew at its "
            "parameters, give start=run.parameters"
        )
    for name, value in values.items():
        if np.shape(before.state[name]) != value.shape:
            raise DownslopeError(
                f"{name} needs the shape {value.shape} in the state of a run, not {before.state[name].shape}"
            )
    failed = before.stopped == "not finite"  # its last loss belongs to a step that was not taken
    losses = before.losses[: len(before.losses) - failed]
    watch.resume(before, len(losses) // steps_in_epoch)
    return {name: before.state[name].astype(value.dtype) for name, value in values.items()}, Losses(losses)


def _run(
    network: AnyNetwork,
    reached: Arrays,
    losses: Losses,
    watch: Watch,
    ending: Ending,
    steps_in_epoch: int,
) -> Run:
    latest = {name: reached[name] for name in network.graph().parameters}
    return Run(
        network,
        latest if watch.best is None else watch.best,
        losses.all(),
        ending.stopped,
        ending.message,
        np.array(watch.errors),
        watch.best_epoch or None,
        reached,
        steps_in_epoch,
        watch.average,
    )
