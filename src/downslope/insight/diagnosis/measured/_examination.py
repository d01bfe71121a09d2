"""What the findings look at: a call, the run it gave, and what can be measured of it, each once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._forks import cached_property
from downslope.engines import OutOfTime
from downslope.errors import DownslopeError
from downslope.insight.curves import fitted, history_of
from downslope.insight.diagnosis.measured._budget import Budget
from downslope.insight.diagnosis.measured._call import Call
from downslope.insight.diagnosis.measured._curvature import largest_curvature
from downslope.insight.diagnosis.measured._look import Look
from downslope.insight.diagnosis.measured._out_of_fold import OutOfFold, out_of_fold
from downslope.insight.diagnosis.measured._sample import drawn, most_rows
from downslope.insight.diagnosis.measured._score import WORST, Yardstick
from downslope.insight.gradients import gradient_norms
from downslope.nets import Network, starting_values
from downslope.training import (
    Adagrad,
    Adam,
    Arrays,
    RMSprop,
    Run,
    Sgd,
    optimizer_of,
    schedule_of,
)

__all__ = ["FAR", "Continued", "Examination"]

FAR = 0.2
"""Of the bound of stability: below it, longer steps are safe along every direction."""
_MORE = 200  # steps that a run goes on for at least
_EPOCHS, _VISITS = 10, 200_000  # of a run that goes on
_WORSE = 0.05  # of the error of the best constant: rows that measure have another one than those learned from
_PART = 20  # of the run that it goes on for at a lower rate
_FITS_BETTER = 3.0  # standard errors, from which on the rows that are learned from tell nothing of others

Values = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Continued:
    """What a run comes to where it goes on.

    Attributes:
        score: its error as a share of that of the best constant output.
        foretold: whether its curve was followed, instead of descending.
    """

    score: float
    foretold: bool


@dataclass(frozen=True, eq=False)
class Examination:
    """A call, the run it gave, and what is measured of it when a finding asks.

    Attributes:
        call: what was asked for.
        run: what came of it.
        yardstick: what its score is measured by.
        budget: the time of runs that are made for it.
    """

    call: Call
    run: Run
    yardstick: Yardstick
    budget: Budget

    @cached_property
    def score(self) -> float:
        """The error of the run as a share of that of the best constant output."""
        return self.score_of(self.call)

    def score_of(self, call: Call) -> float:
        """The same, as a call that is judged otherwise measures it."""
        return WORST if self.failed else self.yardstick.score(call, self.run)

    @cached_property
    def unseen_score(self) -> float:
        """The score on rows that were not learned from: of a run without them, where trials hold some out.

        Raises:
            OutOfTime: if there is no time for that run.
        """
        if self.call.held is None or self.failed:
            return self.score
        return self.yardstick.score(self.call, self.budget.run(self.call))

    def is_within(self, share: float, call: Call) -> bool:
        """Whether the error is less than that, as a call that is judged otherwise measures it.

        Never where rows were held out for trials alone: the run learned from them.
        """
        return self.call.held is None and self.score_of(call) < share

    @property
    def failed(self) -> bool:
        """Whether the run came to what is not finite."""
        return self.run.stopped == "not finite"

    @cached_property
    def is_useless(self) -> bool:
        """Whether it failed, or is worse than the best constant output, on rows that it learned from too."""
        if self.failed or self.score <= 1 + _WORSE:
            return self.failed
        learned = Look(self.call.network, self.run.parameters, self.rows).errors.mean()
        return not learned <= (1 + _WORSE) * self.constant

    @property
    def steps_asked(self) -> int:
        """The steps that the call asks for: a run that failed or stopped has done fewer."""
        return self.call.steps_asked

    @cached_property
    def rows(self) -> Arrays:
        """Rows that are trained on: those that have a weight, or some drawn ones where they are many."""
        data, chosen = self.call.rows, self._chosen
        if len(chosen) == len(data["x"]):
            return data
        return {name: np.ascontiguousarray(values[chosen]) for name, values in data.items()}

    @cached_property
    def row_numbers(self) -> NDArray[np.int64]:
        """The numbers of these rows in the table that was given."""
        return self.call.row_numbers[self._chosen]

    @cached_property
    def _chosen(self) -> NDArray[np.int64]:
        counted = np.flatnonzero(
            np.any(self.call.rows["row_weights"].reshape(len(self.call.rows["x"]), -1), axis=1)
        )
        return drawn(counted, most_rows(self.call.network))

    @cached_property
    def measured(self) -> Arrays:
        """Rows that measure, or some drawn ones where they are many."""
        data = self.call.measured
        chosen = drawn(np.arange(len(data["x"])), most_rows(self.call.network))
        return data if len(chosen) == len(data["x"]) else {n: values[chosen] for n, values in data.items()}

    @cached_property
    def start(self) -> Values:
        """The parameters that the run began with."""
        settings, dtype = self.call.settings, self.rows["x"].dtype
        return starting_values(self.call.network, settings.get("start"), settings.get("seed", 0), dtype)

    @cached_property
    def end(self) -> Values:
        """The last parameters that the run came to."""
        names = self.call.network.graph().parameters
        state = self.run.state or self.run.parameters
        return {name: state[name] for name in names}

    @cached_property
    def at_start(self) -> Look:
        """The network at its start."""
        return Look(self.call.network, self.start, self.rows)

    @cached_property
    def at_end(self) -> Look:
        """The network at the last parameters."""
        return Look(self.call.network, self.end, self.rows)

    def look(self, network: Network, parameters: Values) -> Look:
        """Another network at some parameters, on the same rows.

        Raises:
            OutOfTime: if the time is up.
        """
        if self.budget.is_over:
            raise OutOfTime
        return Look(network, parameters, self.rows)

    @cached_property
    def constant(self) -> float:
        """The error of the best output that is the same for every row, of this call.

        Without end where the targets are all alike, so that no share of it is worth anything.
        """
        return Yardstick(self.call.afresh()).constant or float("inf")

    @cached_property
    def epochs(self) -> NDArray[np.float64]:
        """The mean error of the rows over each epoch, as the steps saw them, (epochs,); of whole epochs."""
        each = self.run.steps_in_epoch
        losses = self.run.losses[: len(self.run.losses) // each * each].reshape(-1, each)
        size = self.call.settings.get("batch_size") or len(self.call.rows["x"])
        sizes = np.full(each, float(size))
        sizes[-1] = len(self.call.rows["x"]) - (each - 1) * size
        with np.errstate(all="ignore"):
            return np.average(losses, axis=1, weights=sizes)

    @cached_property
    def error_cooled(self) -> float | None:
        """The mean error of the rows after an epoch or 1/20 of the run more, at a tenth of the rate.

        Where steps swing about what they look for, shorter ones fall into it at once. None for L-BFGS and
        runs that failed.
        """
        if self.optimizer is None or not self.last_rate > 0:
            return None
        steps = max(self.run.steps_in_epoch, len(self.run.losses) // _PART)
        run = self._going_on(steps, learning_rate=self.last_rate / 10)
        if run is None:
            return None
        end = {name: run.state[name] for name in self.end}
        return float(Look(self.call.network, end, self.rows).errors.mean())

    @property
    def is_noisy(self) -> bool:
        """Whether the noise of batches explains half, at least, of what cooling takes off the error."""
        cooled, is_whole = self.error_cooled, self.run.steps_in_epoch == 1
        if cooled is None or is_whole:
            return False
        return 2 * self.noise_floor >= float(self.at_end.errors.mean()) - cooled

    @cached_property
    def continued(self) -> Continued | None:
        """The score with as many steps again, at least 200; None for L-BFGS and runs that failed.

        Of many rows they are fewer: ten epochs, or 200,000 rows where that is more. Without the
        time for them, the curve of the errors so far is followed, unless it says nothing of held-out rows.
        """
        size = self.call.settings.get("batch_size") or len(self.call.rows["x"])
        most = max(_EPOCHS * self.run.steps_in_epoch, _VISITS // size)
        steps = max(min(len(self.run.losses), most), _MORE)
        try:
            run = self._going_on(steps) if len(self.run.losses) else None
        except OutOfTime:
            if not self.budget.makes_runs:
                raise
            return self._followed(steps)
        return None if run is None else Continued(self.yardstick.score(self.call, run), foretold=False)

    def _followed(self, steps: int) -> Continued | None:
        """The score after some more steps, as the errors so far foretell it."""
        try:
            history = history_of(self.run)
        except DownslopeError:
            raise OutOfTime from None
        curve = fitted(history.errors, history.times)
        later = float(history.time_of(np.array(float(len(self.run.losses) + steps))))
        now = curve.at(curve.now)
        if self.gap > _FITS_BETTER or not now > 0:
            return None
        return Continued(self.score * max(curve.at(later), 0.0) / now, foretold=True)

    def _going_on(self, steps: int, **settings: Any) -> Run | None:
        """The run with more steps."""
        if self.failed or self.optimizer is None or not steps:
            return None
        return self.budget.run(
            self.call, start=self.run, steps=steps, epochs=None, time_limit=None, patience=None, **settings
        )

    @cached_property
    def gap(self) -> float:
        """How far the error of rows that measure is above that of rows that are learned from.

        In standard errors; 0 where they are the same rows.
        """
        parameters, network = self.run.parameters, self.call.network
        with np.errstate(all="ignore"):
            held = Look(network, parameters, self.measured).errors
            learned = Look(network, parameters, self.rows).errors
            error = np.sqrt(np.var(held) / len(held) + np.var(learned) / len(learned))
            return float((held.mean() - learned.mean()) / error) if error > 0 else 0.0

    @cached_property
    def out_of_fold(self) -> OutOfFold | None:
        """What networks say of rows that they did not learn from; None where none can."""
        return self.held_out(np.ones(len(self.rows["x"])))

    def held_out(self, factors: NDArray[np.float64], *, loss: Any = None, draw: int = 0) -> OutOfFold | None:
        """The same with the weight of each row that is looked at times a factor, (rows,).

        Args:
            factors: of the rows.
            loss: in place of the network's.
            draw: another division of the rows, and another start, for each number.
        """
        call = self.call
        if loss is not None:
            call = call.with_network(replace(call.network, loss=loss))
        share = len(self.rows["x"]) / len(self.call.rows["x"])  # as many epochs of fewer rows
        steps = max(int(self.steps_asked * share) // 2, 1)
        return None if self.failed else out_of_fold(call, self.rows, factors, steps, self.budget, draw)

    @cached_property
    def rate(self) -> float:
        """The largest learning rate of the run."""
        count = max(len(self.run.losses), 1)
        schedule = schedule_of(self.call.settings.get("learning_rate"))
        steps = np.unique(np.linspace(1, count, 64).astype(int))
        return max(schedule.rate(int(step), count) for step in steps)

    @cached_property
    def last_rate(self) -> float:
        """The learning rate of the last step."""
        count = max(len(self.run.losses), 1)
        return schedule_of(self.call.settings.get("learning_rate")).rate(count, count)

    @property
    def optimizer(self) -> Any:
        """The update rule; None for L-BFGS."""
        given = self.call.settings.get("optimizer", "sgd")
        return None if isinstance(given, str) and given.lower() == "lbfgs" else optimizer_of(given)

    @cached_property
    def stability(self) -> float | None:
        """η·λmax at the end as a share of its bound: from 1 on, the steepest direction does not shrink.

        The bound is 2(1 + μ) for descent with momentum, with Nesterov's look-ahead (2 + 2μ)/(1 + 2μ), on the
        Hessian (Cohen et al. 2021); for Adam (2 + 2β₁)/(1 − β₁), which is 38 at β₁ = 0.9, on the Hessian
        preconditioned by √v̂ (Cohen et al. 2022); for RMSprop and Adagrad, which are descent preconditioned by
        √v, 2. None for other rules.
        """
        rule = self.optimizer
        if isinstance(rule, Sgd):
            mu = rule.momentum
            bound, scales = (2 + 2 * mu) / (1 + 2 * mu) if rule.nesterov else 2 * (1 + mu), None
        elif isinstance(rule, Adam | RMSprop | Adagrad):
            beta = rule.beta1 if isinstance(rule, Adam) else 0.0
            bound, scales = (2 + 2 * beta) / (1 - beta), self.scales
            if scales is None:
                return None
        else:
            return None
        return self.last_rate * largest_curvature(self.call.network, self.end, self.rows, scales) / bound

    @cached_property
    def noise_floor(self) -> float:
        """η tr(P⁻¹Σ)/4B at the end: how far the noise of batches of B rows keeps the mean error up.

        Σ is the covariance of the rows' gradients, P what the rule divides gradients by; momentum μ makes
        steps 1/(1 − μ) times as long (Mandt, Hoffman and Blei, "Stochastic gradient descent as approximate
        Bayesian inference", 2017). Where P is the root of the mean square of the batches' gradients, Σ/B is
        P² at most, and the floor η tr(P)/4.
        """
        rule = self.optimizer
        if isinstance(rule, Adam | RMSprop | Adagrad) and self.scales is not None:
            total = sum(float(np.sum(scale)) for scale in self.scales.values())
            done = len(self.run.losses) if isinstance(rule, Adagrad) else 1  # its squares are summed
            return self.last_rate * total / done / 4
        norms = gradient_norms(self.call.network, self.rows["x"], self.rows["y"], parameters=self.end)
        variance = float(np.mean(np.square(norms))) - self.at_end.gradient_norm**2
        size = self.call.settings.get("batch_size") or len(self.call.rows["x"])
        longer = 1 / (1 - rule.momentum) if isinstance(rule, Sgd) else 1.0
        return self.last_rate * longer * max(variance, 0.0) / (4 * size)

    @cached_property
    def scales(self) -> Values | None:
        """What the rule divides each gradient by at the end, such as √v̂ + ε; None where nothing."""
        rule, names = self.optimizer, [f"{name}.square" for name in self.end]
        if not isinstance(rule, Adam | RMSprop | Adagrad) or any(n not in self.run.state for n in names):
            return None
        done = 1 - rule.beta2 ** max(len(self.run.losses), 1) if isinstance(rule, Adam) else 1.0
        squares = {name: np.asarray(self.run.state[f"{name}.square"], np.float64) for name in self.end}
        return {name: np.sqrt(square / done) + rule.epsilon for name, square in squares.items()}
