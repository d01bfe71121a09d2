"""The solvers ``sgd`` and ``adam``: epochs of batches, and when to stop."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from downslope._dataclass import dataclass
from downslope._signals import Deferred, pending
from downslope.estimators._interrupts import refuse_cut
from downslope.estimators._threads import threads_of
from downslope.estimators.mlp._fit import Fit, MLPSettings, OptimizerState
from downslope.estimators.mlp._kept import KeptFit, Standing
from downslope.estimators.mlp._network import AdamMoments, Velocity, program
from downslope.estimators.mlp._rates import LearningRates, RatePolicy
from downslope.estimators.mlp._rows import MLPBatches, TrainingRows
from downslope.nets import Network
from downslope.training import (
    Checkpoint,
    Ending,
    Loop,
    Losses,
    Optimizer,
    Part,
    State,
    described,
    part_of,
    run_epochs,
)
from downslope.training.arguments import shares_may_be_empty

__all__ = ["Hooks", "fit_stochastic"]

Arrays = Mapping[str, NDArray[Any]]
_MOST_WITHOUT_NUMBERS = 10_000


@dataclass(frozen=True)
class Hooks:
    """What a fit asks of the estimator between its epochs.

    Attributes:
        score: the score of the validation rows where the fit stands; None without them.
        after_epoch: whether to stop here; None where nobody asks to be called.
    """

    score: Callable[[Fit], float] | None = None
    after_epoch: Callable[[Fit], bool] | None = None


def fit_stochastic(
    settings: MLPSettings,
    network: Network,
    rows: TrainingRows,
    start: Fit,
    random: np.random.RandomState,
    hooks: Hooks,
    *,
    one_epoch: bool = False,
    checkpoint: Checkpoint | None = None,
) -> Fit:
    """Train from where a fit stands, for one epoch or as long as it takes.

    Args:
        settings: of the estimator.
        network: what to train.
        rows: to train on; their dtype is that of the parameters.
        start: the parameters to begin with, what the optimizer remembers, and the record so far.
        random: draws the seed of dropout and the order of each epoch.
        hooks: what is asked of the estimator between epochs.
        one_epoch: whether one epoch is all; its end is no reason to warn.
        checkpoint: where the fit is saved as it goes.
    """
    size = _batch_size(settings, len(rows))
    with Deferred(reports=True), part_of(checkpoint, lambda: _asked(settings, network, rows, start)) as part:
        # the seed of dropout is drawn only where there is dropout: otherwise all draws are scikit-learn's
        dropped = any(type(layer).__name__ == "Dropout" for layer in network.layers)
        seed = int(random.randint(2**31)) if dropped else 0
        before = 0 if start.optimizer is None else start.optimizer.steps
        batches = rows.batches(size, random, before, shuffle=settings.shuffle)
        try:
            return _fitted(settings, network, rows, batches, seed, start, random, hooks, one_epoch, part)
        finally:
            batches.close()


def _asked(settings: MLPSettings, network: Network, rows: TrainingRows, start: Fit) -> dict[str, str]:
    """What decides the bits of a fit, in words."""
    decides = {each.name: getattr(settings, each.name) for each in fields(settings)}
    for name in ("n_jobs", "verbose"):
        del decides[name]
    decides |= {"network": network, **rows.asked, "start": start.values}
    return {name: described(value) for name, value in decides.items()}


def _fitted(
    settings: MLPSettings,
    network: Network,
    rows: TrainingRows,
    batches: MLPBatches,
    seed: int,
    start: Fit,
    random: np.random.RandomState,
    hooks: Hooks,
    one_epoch: bool,
    part: Part | None,
) -> Fit:
    """As ``fit_stochastic``, from where it was saved."""
    steps = settings.max_iter * batches.steps_in_epoch
    step = program(
        *(network, _rule(settings), settings.alpha, settings.clip_norm, settings.clip_value),
        relative=rows.relative,
        skip_empty=shares_may_be_empty(rows.without_weight, len(rows), batches.size, steps),
    )
    optimizer = start.optimizer or _optimizer_state(settings, steps)
    start, until = replace(start, optimizer=optimizer, epochs=0), optimizer.steps
    kept = None if part is None else KeptFit(part, start)
    before, losses = optimizer.steps, Losses()
    until = before + (1 if one_epoch else settings.max_iter) * batches.steps_in_epoch
    if kept is not None and kept.before is not None:
        standing = kept.before
        random.set_state(standing.random)
        if kept.part.done:
            return standing.fit
        assert standing.fit.optimizer is not None
        start, optimizer, losses = standing.fit, standing.fit.optimizer, Losses(standing.errors)
        batches.go_on(standing.drawn, standing.order)
    values = dict(start.values)
    for name, state in step.states.items():
        kept_state = optimizer.arrays.get(name)
        if kept_state is None:
            kept_state = np.zeros(tuple(map(int, state.shape)), rows.dtype)
        values[name] = kept_state
    rates = LearningRates(optimizer.policy, optimizer.learning_rate)
    loop = Loop(
        step,
        batches,
        rates,
        State(optimizer.steps, values),
        seed=seed,
        bfloat16=settings.precision == "bfloat16",
        threads=threads_of(settings.n_jobs),
        repeatable=False,
    )
    record = _Record(settings, len(rows), batches, loop, rates, hooks, start)

    def now() -> Standing | None:
        """Where the fit stands, unless it is in the middle of what follows an epoch."""
        fit, (epochs, steps) = record.fit(), divmod(loop.step - before, batches.steps_in_epoch)
        if fit.epochs != epochs:
            return None
        return Standing(fit, tuple(random.get_state()), *batches.drawn, losses.last(steps))

    if kept is not None:
        kept.begin(loop.step, until, batches.steps_in_epoch, now)
    ending = run_epochs(loop, until, losses, after_epoch=record.after_epoch, saving=kept)
    if kept is not None and ending.stopped != "not finite":
        kept.save(done=ending.stopped != "interrupted")
    failure = ending.message if ending.stopped == "not finite" else ""
    if failure:
        ending = record.without_numbers(until)
    if ending.stopped == "interrupted" or pending():
        refuse_cut(interrupted=True)
        warnings.warn("Training interrupted by user.", stacklevel=2)
    elif ending.stopped == "finished" and not one_epoch:
        warnings.warn(
            f"Stochastic Optimizer: Maximum iterations ({settings.max_iter}) reached and the optimization "
            "hasn't converged yet.",
            ConvergenceWarning,
            stacklevel=2,
        )
    return replace(record.fit(), failure=failure)


def _batch_size(settings: MLPSettings, rows: int) -> int:
    if isinstance(settings.batch_size, str):
        return min(200, rows)
    if settings.batch_size > rows:
        warnings.warn(
            "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped", stacklevel=2
        )
    return int(np.clip(settings.batch_size, 1, rows))


def _rule(settings: MLPSettings) -> Optimizer:
    if settings.solver == "sgd":
        return Velocity(float(settings.momentum), bool(settings.nesterovs_momentum))
    return AdamMoments(float(settings.beta_1), float(settings.beta_2), float(settings.epsilon))


def _optimizer_state(settings: MLPSettings, total: int) -> OptimizerState:
    """To begin with, for a schedule of so many steps."""
    adam = settings.solver == "adam"
    policy = RatePolicy(
        float(settings.learning_rate_init),
        settings.schedule or ("constant" if adam else settings.learning_rate),
        total,
        settings.power_t,
        (float(settings.beta_1), float(settings.beta_2)) if adam else None,
    )
    return OptimizerState(policy, policy.initial)


class _Record:
    """The record of one fit, which grows by each epoch."""

    def __init__(
        self,
        settings: MLPSettings,
        rows: int,
        batches: MLPBatches,
        loop: Loop,
        rates: LearningRates,
        hooks: Hooks,
        start: Fit,
    ) -> None:
        self._settings, self._loop, self._rates, self._hooks = settings, loop, rates, hooks
        self._rows = rows
        self._sizes = np.full(batches.steps_in_epoch, float(batches.size))
        self._sizes[-1] = self._rows - batches.size * (batches.steps_in_epoch - 1)
        self._start = start
        self._curve = list(start.loss_curve)
        self._scores = None if start.scores is None else list(start.scores)
        self._best = (start.best_score, start.best)
        self._best_loss, self._without_progress = start.best_loss, start.without_progress
        self._epochs, self._rows_seen = start.epochs, start.rows_seen

    def fit(self) -> Fit:
        """Where the fit stands."""
        found = self._loop.values()
        values = {name: found[name] for name in self._loop.program.graph.parameters}
        arrays = {name: found[name] for name in self._loop.program.states}
        best_score, best = self._best
        return Fit(
            values,
            OptimizerState(self._rates.policy, self._rates.now, self._loop.step, arrays),
            self._epochs,
            self._rows_seen,
            self._curve[-1] if self._curve else self._start.loss,
            tuple(self._curve),
            self._best_loss,
            None if self._scores is None else tuple(self._scores),
            best_score,
            best,
            self._without_progress,
        )

    def after_epoch(self, errors: NDArray[np.float64]) -> Ending | None:
        """Note an epoch; the ending, if it is time to end.

        Its loss is a mean in which each batch counts by its rows.
        """
        self._curve.append(float(errors @ self._sizes) / self._rows)
        self._epochs += 1
        self._rows_seen += self._rows
        self._print(f"Iteration {self._epochs}, loss = {self._curve[-1]:.8f}")
        self._note_progress()
        self._rates.now = self._rates.policy.after_epoch(self._rates.now, self._rows_seen)
        if self._hooks.after_epoch is not None and self._hooks.after_epoch(self.fit()):
            return Ending("callback", "a callback returned True")
        return self._ending()

    def without_numbers(self, until: int) -> Ending:
        """The rest of the epochs as scikit-learn has them after a failure: NaN in everything.

        It ends after 10,000 of them, so that no ``max_iter`` is too large.
        """
        lost = {name: np.full_like(value, np.nan) for name, value in self._loop.values().items()}
        ending, most = None, self._epochs + _MOST_WITHOUT_NUMBERS
        while ending is None and self._loop.step < until and self._epochs < most:
            _, last = self._loop.batches.epoch(self._loop.step + 1)
            self._loop.put(State(last, lost))
            ending = self.after_epoch(np.full(len(self._sizes), np.nan))
        return ending or Ending("finished", "no numbers are left")

    def _note_progress(self) -> None:
        """Count the epochs that brought less than ``tol``; keep the best by the score of validation rows."""
        loss, tol = self._curve[-1], self._settings.tol
        if self._hooks.score is None:
            assert self._best_loss is not None
            poor = loss > self._best_loss - tol
            self._best_loss = loss if loss < self._best_loss else self._best_loss
        else:
            assert self._scores is not None
            best, _ = self._best
            assert best is not None
            here = self.fit()
            score = self._hooks.score(here)
            self._scores.append(score)
            self._print(f"Validation score: {score:f}")
            poor = score < best + tol
            if score > best:
                self._best = (score, here.values)
        self._without_progress = self._without_progress + 1 if poor else 0

    def _ending(self) -> Ending | None:
        patience = self._settings.n_iter_no_change
        if self._without_progress <= patience:
            return None
        rate, words = self._rates.policy.without_progress(self._rates.now)
        what = "Training loss" if self._hooks.score is None else "Validation score"
        message = (
            f"{what} did not improve more than tol={self._settings.tol:f} for {patience} consecutive "
            f"epochs.{words}"
        )
        self._print(message)
        if rate is None:
            return Ending("patience", message)
        self._rates.now, self._without_progress = rate, 0
        return None

    def _print(self, line: str) -> None:
        if self._settings.verbose:
            print(line)
