"""Descent: apply the program of a step again and again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope._checks import choice, show
from downslope._dataclass import dataclass
from downslope._keywords import suggests_keywords
from downslope._signals import Deferred, pending
from downslope.engines import computed_as_asked
from downslope.errors import DownslopeError
from downslope.nets import AnyNetwork, Point, starting_values
from downslope.training._batches import ShuffledBatches
from downslope.training._epochs import AfterEpoch, Ending, Losses, run_epochs
from downslope.training._kept_run import KeptRun
from downslope.training._loop import Loop, State
from downslope.training._program import Program, training_program
from downslope.training._report import Report
from downslope.training._run import Progress, Run
from downslope.training._search import search
from downslope.training._stopping import Validation, ValidationRows, Watch, split, split_stream
from downslope.training.arguments import (
    Arrays,
    DescentSettings,
    checked_data,
    dtype_of,
    precision_of,
    relative_weights,
    shares_may_be_empty,
)
from downslope.training.checkpoints import Checkpoint, Part, described
from downslope.training.optimizers import (
    Frozen,
    FrozenNames,
    LearningRate,
    Optimizer,
    Schedule,
    frozen_masks,
    optimizer_of,
    rates,
    schedule_of,
)
from downslope.training.ranks import Ranks, part_of, ranks_of
from downslope.training.rows import BlockTable, InMemory, RowSource, StreamedRows, rows_of_table, weighed

__all__ = ["descend"]


@suggests_keywords
@computed_as_asked
def descend(
    network: AnyNetwork,
    x: Any,  # ArrayLike, or a Dataset
    y: Any,
    *,
    start: Point | None = None,
    learning_rate: LearningRate | None = None,
    steps: int | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    optimizer: str | Optimizer | type[Optimizer] = "sgd",
    row_weights: ArrayLike | str | None = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    precision: str | None = None,
    validation: Validation | None = None,
    patience: int | None = None,
    ema_decay: float = 0.0,
    time_limit: float | None = None,
    threads: int | None = None,
    engine: str | None = None,
    device: str | None = None,
    frozen: FrozenNames | None = None,
    progress: Callable[[Progress], object] | None = None,
    checkpoint: Checkpoint | Part | None = None,
    parallel: str | None = None,
    seed: int = 0,
) -> Run:
    """Descend the error of a network on some rows.

    Ctrl-C ends it early and gives what was reached.

    Args:
        network: what to train; an ensemble trains all its members at once.
        x: inputs, (rows, network.inputs). float32 stays float32, everything else becomes float64. Or a
            ``ds.Dataset`` of numbers, which need not fit into memory: all its columns but the target.
        y: targets, (rows, outputs), (rows,) for one output, or class numbers (rows,); of a dataset the name
            of their column, or of several.
        start: parameters to start from: by name, all in one flat list, or a model's; what is not given is
            drawn from the seed. A run goes on where it stopped: same data and settings, same bits as without
            the stop. L-BFGS begins anew at the parameters of a run.
        learning_rate: η, above 0; a schedule of it; or a function of the number of the step, counted from 1.
            None is 0.01, or what L-BFGS finds by its line search, which takes no other.
        steps: number of updates; 1000 where neither this nor ``epochs`` is given.
        epochs: number of times every row is used, instead of ``steps``.
        batch_size: rows in a step, drawn without repetition until all were used; None takes all rows.
        optimizer: by name, as a class, or with its settings; ``"lbfgs"`` takes all rows and a line search.
        row_weights: how much each row counts, (rows,); for an ensemble also (rows, members); of a dataset the
            name of their column. Only their ratios matter. A batch in which no row has a weight changes
            nothing.
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
        engine: ``"native"``, ``"torch"`` (the extra ``downslope[torch]``) or ``"reference"``; None takes what
            DOWNSLOPE_ENGINE says, or the native one.
        device: of torch, ``"cuda"`` or ``"cpu"``; None takes a GPU if there is one.
        frozen: names of parameters that stay as they are, or by name which of their numbers: an array of
            truth values in their shape.
        progress: called after each epoch; the descent stops where it returns True.
        checkpoint: where it is saved as it goes, a ``ds.Checkpoint``: killed at any moment, it goes on with
            the same bits. The seconds of ``time_limit`` then count over all processes, up to what was saved.
        parallel: ``"data"``: the processes that torchrun started, or those of an initialised
            ``torch.distributed``, compute each step together, each from its part of the batch's rows. All
            call this with the same arguments and get the run of one process, to rounding; the first saves the
            checkpoint. None: this process alone. L-BFGS is always alone.
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
    given = {**locals()}
    for name in ("network", "x", "y", "progress", "checkpoint"):
        del given[name]
    settings = DescentSettings(
        *(steps, epochs, batch_size, clip_norm, clip_value),
        *(patience, ema_decay, time_limit, threads, seed),
    )
    precision = precision_of(precision)
    ranks = ranks_of(None if parallel is None else choice("parallel", parallel, ("data",)))
    source, validation_rows = _rows(network, x, y, row_weights, precision, validation, settings.seed, ranks)
    report = Report(Watch(validation_rows, settings.patience, settings.ema_decay, settings.threads), progress)
    values = starting_values(network, start, settings.seed, source.dtype)
    by_search = isinstance(optimizer, str) and optimizer.lower() == "lbfgs"
    if by_search:
        _refuse_ignored(
            learning_rate=learning_rate,
            batch_size=batch_size,
            clip_norm=clip_norm,
            clip_value=clip_value,
            frozen=frozen,
            precision=precision if precision == "bfloat16" else None,
        )
        descent: _Search | _Stepping = _Search(network, _in_memory(source), values, settings, report)
    else:
        descent = _Stepping(
            network,
            source,
            values,
            settings,
            report,
            start if isinstance(start, Run) else None,
            schedule_of(learning_rate),
            optimizer_of(optimizer),
            frozen_masks(network, frozen),
            bfloat16=precision == "bfloat16",
            ranks=ranks,
        )
    asked = partial(_asked, network, source, values, given)
    with Deferred(reports=True), part_of(checkpoint, asked, ranks) as part:
        run = _kept(descent, None if part is None else KeptRun(part, network))
        ended = pending() if ranks is None else ranks.agree(pending())
        if ended and run.stopped != "interrupted":
            run = replace(run, stopped="interrupted", message=f"{run.message}; interrupted at the end")
    return run.called_with(given)


def _asked(
    network: AnyNetwork, source: RowSource, values: Arrays, given: Mapping[str, Any]
) -> dict[str, str]:
    """What decides the bits of a descent, in words; the seconds and threads that it may take do not."""
    others = {
        name: value for name, value in given.items() if name not in ("time_limit", "threads", "parallel")
    }
    asked = {"network": network, **others, **source.asked, "start": values}
    return {name: described(value) for name, value in asked.items()}


def _kept(descent: _Search | _Stepping, kept: KeptRun | None) -> Run:
    """The run of a descent, which is saved as it goes if it is kept."""
    if kept is None:
        return descent.run(None)
    limit = descent.settings.time_limit
    done = kept.done
    if done is not None and not (done.stopped == "time" and (limit is None or kept.part.spent < limit)):
        return done
    run = descent.run(kept)
    kept.end(run)
    return run


@dataclass(frozen=True, eq=False)
class _Descent:
    """What every descent begins with."""

    network: AnyNetwork
    source: RowSource
    values: Arrays
    settings: DescentSettings
    report: Report

    def end(self, kept: KeptRun | None) -> float:
        """The time, by ``time.monotonic``, at which it ends; what other processes took counts."""
        limit = self.settings.time_limit
        return math.inf if limit is None else monotonic() + limit - (0.0 if kept is None else kept.part.spent)


@dataclass(frozen=True, eq=False)
class _Search(_Descent):
    """A descent by L-BFGS."""

    source: InMemory

    def run(self, kept: KeptRun | None) -> Run:
        """Descend, from where it was kept."""
        steps, threads = self.settings.steps_for(1), self.settings.threads
        data = dict(self.source.arrays)
        return search(self.network, data, self.values, steps, self.report, self.end(kept), threads, kept)


@dataclass(frozen=True, eq=False)
class _Stepping(_Descent):
    """A descent by steps of an optimizer.

    Attributes:
        before: the run that it goes on from.
    """

    before: Run | None
    schedule: Schedule
    rule: Optimizer
    masks: Mapping[str, NDArray[np.bool_]]
    bfloat16: bool
    ranks: Ranks | None

    def run(self, kept: KeptRun | None) -> Run:
        """Descend, from where it was kept."""
        batches = ShuffledBatches(self.source, self.settings.batch_size, self.settings.seed, self.ranks)
        try:
            run = self._run(batches, kept)
        finally:
            batches.close()
        said = self.source.said(batches.size)
        return replace(run, message=f"{run.message}; {said}") if said else run

    def _run(self, batches: ShuffledBatches, kept: KeptRun | None) -> Run:
        settings, report, dtype = self.settings, self.report, self.source.dtype
        count, per_epoch = settings.steps_for(batches.steps_in_epoch), batches.steps_in_epoch
        program = self._program(batches, count)
        masks = {f"{name}.frozen": mask.astype(dtype) for name, mask in self.masks.items()}
        values, losses = dict(self.values), Losses()
        for name, node in program.states.items():
            if name not in masks:
                values[name] = np.zeros(tuple(map(int, node.shape)), dtype)
        until = count if self.before is None else count + _steps_of(self.before)
        before = self.before if kept is None or kept.before is None else kept.before
        if before is not None:
            values, losses = _resume(before, values, report.watch, per_epoch)
        loop = Loop(
            program,
            batches,
            lambda first, count: rates(self.schedule, first, count, until),
            State(losses.count, {**values, **masks}),
            seed=settings.seed,
            bfloat16=self.bfloat16,
            threads=settings.threads,
            ranks=self.ranks,
        )

        def after_epoch(errors: NDArray[np.float64]) -> Ending | None:
            now = loop.values()
            parameters = {name: now[name] for name in program.graph.parameters}
            return report.after_epoch(parameters, errors, loop.step, until)

        def standing(ending: Ending) -> Run:
            reached = {name: value for name, value in loop.values().items() if name in values}
            return _run(self.network, reached, losses, report.watch, ending, per_epoch)

        ending = None
        if kept is not None:
            saved = Ending("interrupted", f"saved on the way to {until} updates")
            kept.begin(
                *(loop.step, until, per_epoch),
                lambda: standing(saved) if report.watch.in_step(loop.step, per_epoch) else None,
            )
            if kept.before is not None:
                ending = self._missed(loop, losses, after_epoch)
        if ending is None:
            after = after_epoch if loop.agree(report.is_needed) else None
            ending = run_epochs(loop, until, losses, after_epoch=after, end=self.end(kept), saving=kept)
        if ending.stopped == "time" and report.watch.watches and not report.watch.errors:
            after_epoch(losses.last(per_epoch))
        loop.close()
        return standing(ending)

    def _program(self, batches: ShuffledBatches, count: int) -> Program:
        settings, source, size = self.settings, self.source, batches.size
        return training_program(
            self.network,
            Frozen(self.rule) if self.masks else self.rule,
            clip_norm=settings.clip_norm,
            clip_value=settings.clip_value,
            relative=self.ranks is not None or (batches.steps_in_epoch > 1 and not source.alike),
            skip_empty=size < source.rows
            and shares_may_be_empty(source.without_weight, source.rows, size, count),
            over_ranks=self.ranks is not None,
        )

    def _missed(self, loop: Loop, losses: Losses, after_epoch: AfterEpoch) -> Ending | None:
        """What was still to be done after an epoch where the descent was saved."""
        watch, (epochs, part) = self.report.watch, divmod(loop.step, loop.batches.epoch(1)[1])
        if watch.watches and not part and len(watch.errors) < epochs:
            return after_epoch(losses.last(loop.batches.epoch(1)[1]))
        return self.report.out_of_patience() if watch.is_over else None


def _rows(
    network: AnyNetwork,
    x: Any,
    y: Any,
    row_weights: ArrayLike | str | None,
    precision: str | None,
    validation: Validation | None,
    seed: int,
    ranks: Ranks | None,
) -> tuple[RowSource, Sequence[ValidationRows]]:
    """The rows to train on, whose weights are relative, and the rows to validate on."""
    dtype = None if precision is None else dtype_of(precision)
    # what it is most often comes first: to ask for a protocol takes as long as steps of a neuron
    if not isinstance(x, np.ndarray | list) and isinstance(x, StreamedRows | BlockTable):
        if not isinstance(row_weights, str | None):
            raise DownslopeError(
                f"row_weights is the name of a column where x is a dataset, not {show(row_weights)}"
            )
        rows = x if isinstance(x, StreamedRows) else rows_of_table(network, x, y, dtype, row_weights)
        rows, validation_rows = split_stream(network, rows, validation, seed, ranks)
        return rows if row_weights is None else weighed(rows, relative=True), validation_rows
    if isinstance(row_weights, str):
        raise DownslopeError(
            f"row_weights is one number for each row, and the name of a column, {show(row_weights)}, only "
            "where x is a dataset"
        )
    data, validation_rows = split(network, checked_data(network, x, y, row_weights, dtype), validation, seed)
    if row_weights is not None:  # all are 1 else, or 0 where a member holds the row out
        data = {**data, "row_weights": relative_weights(data["row_weights"])}
    return InMemory(data), validation_rows


def _in_memory(source: RowSource) -> InMemory:
    """The rows as a search takes them."""
    if not isinstance(source, InMemory):
        raise DownslopeError(
            'optimizer="lbfgs" takes all rows at each step, which a dataset has too many of; take another '
            'one, such as "adam"'
        )
    return source


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
    losses = before.losses[: _steps_of(before)]
    watch.resume(before, len(losses) // steps_in_epoch)
    return {name: before.state[name].astype(value.dtype) for name, value in values.items()}, Losses(losses)


def _steps_of(run: Run) -> int:
    """The updates of a run: the last loss of one that failed belongs to a step that was not taken."""
    return len(run.losses) - (run.stopped == "not finite")


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
