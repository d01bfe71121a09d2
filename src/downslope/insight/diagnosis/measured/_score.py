"""How good a run is, by one measure for a call and all its changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines import Evaluator
from downslope.graph import input_
from downslope.insight.diagnosis.measured._call import Call, Judge
from downslope.insight.diagnosis.measured._sample import drawn, most_rows
from downslope.nets import Network
from downslope.training import Run

__all__ = ["WORST", "Yardstick", "output_of", "row_errors", "shown_score"]

WORST = 1e6
"""The score of what is not finite, or worse than a million times the best constant."""


def shown_score(score: float) -> str:
    """A score as a share in words.

    >>> shown_score(0.05), shown_score(24.23), shown_score(1e6)
    ('5 %', '24.2 times', 'over a million times')
    """
    if score >= WORST:
        return "over a million times"
    return f"{score:.3g} times" if score >= _MANY else f"{100 * score:.3g} %"


_MANY = 10.0  # from here on no share in per cent
_LEAST = 1e-15  # below it a score is rounding
_NOTHING = 1e-9  # more than what rounding leaves of the loss where all targets are alike
_LEVELS = 63  # constants that are tried


class Yardstick:
    """Measures calls by the loss of the first one on the rows that it measures by.

    A score is that loss, without penalties, as a share of the loss of the best constant output: 1 has learned
    nothing, 0 fits every row. Of many rows some are drawn, the same for every call.

    Args:
        call: whose targets and loss count.
        judge: what counts in place of its targets, weights and loss.

    Attributes:
        constant: the loss of the best constant output; where the targets that it measures by are all alike,
            that of the targets that are learned; 0 where these are all alike, too, and nothing is to be
            explained: every finite output is then as good as any other.
    """

    def __init__(self, call: Call, judge: Judge | None = None) -> None:
        judge = judge or Judge(call.measured["y"], call.measured["row_weights"])
        self._call, self._network = call, call.network
        counted = np.flatnonzero(np.any(judge.weights.reshape(len(judge.weights), -1), axis=1))
        self._some = drawn(counted, most_rows(call.network))
        self._judge = replace(judge, y=judge.y[self._some], weights=judge.weights[self._some])
        rows = call.rows
        some = drawn(np.arange(len(rows["y"])), most_rows(call.network))
        learned = replace(judge, y=rows["y"][some], weights=rows["row_weights"][some])
        self.constant = self._best_constant(self._judge) or self._best_constant(learned)
        self._others: dict[Judge, Yardstick] = {}

    def score(self, call: Call, run: Run) -> float:
        """That of the parameters that a run of a changed call gave, between rounding and a million."""
        return self.score_of(call, run.parameters)

    def score_of(self, call: Call, parameters: Mapping[str, NDArray[Any]]) -> float:
        """That of some parameters of the network of a changed call."""
        if call.judge is not None:
            return self._judged_by(call.judge).score_of(replace(call, judge=None), parameters)
        with np.errstate(all="ignore"):
            output = output_of(call.network, parameters, call.measured["x"][self._some])
            return self._share(call.restore(output))

    def errors_of(self, call: Call, run: Run | None) -> NDArray[np.float64]:
        """What each row that measures adds to the score, their mean, (rows,); ``WORST`` without a run."""
        if call.judge is not None:
            return self._judged_by(call.judge).errors_of(replace(call, judge=None), run)
        weights = np.asarray(self._judge.weights, np.float64)
        if run is None:
            return np.full(len(weights), WORST)
        with np.errstate(all="ignore"):
            output = output_of(call.network, run.parameters, call.measured["x"][self._some])
            errors = self._row_errors(call.restore(output), self._judge)
            shares = errors * weights / (weights.mean() * (self.constant or 1.0))
        return np.where(np.isfinite(shares), np.minimum(shares, WORST), WORST)

    def are_paired(self, call: Call, other: Call) -> bool:
        """Whether two calls are measured by the same rows, held against the same targets."""
        one, two = (self if each.judge is None else self._judged_by(each.judge) for each in (call, other))
        return one is two or all(
            np.array_equal(getattr(one._judge, name), getattr(two._judge, name)) for name in ("y", "weights")
        )

    def share(self, output: NDArray[Any]) -> float:
        """That of outputs for the rows that measure, (rows, outputs)."""
        return self._share(output[self._some])

    def _share(self, output: NDArray[Any]) -> float:
        with np.errstate(all="ignore"):
            loss = self._loss(output, self._judge)
        if not self.constant:
            return _LEAST if np.isfinite(loss) else WORST
        share = loss / self.constant
        return float(min(max(share, _LEAST), WORST)) if np.isfinite(share) else WORST

    def _judged_by(self, judge: Judge) -> Yardstick:
        """The yardstick of the same call with other targets, weights or another measure."""
        if judge not in self._others:
            self._others[judge] = Yardstick(self._call, judge)
        return self._others[judge]

    def _loss(self, output: NDArray[Any], judge: Judge) -> float:
        return float(np.average(self._row_errors(output, judge), weights=judge.weights))

    def _row_errors(self, output: NDArray[Any], judge: Judge) -> NDArray[Any]:
        """The loss of each row, (rows,)."""
        weights = judge.weights
        if judge.measure is not None:
            return judge.measure.errors(output, judge.y)
        given = {"z": np.asarray(output, weights.dtype), "y": judge.y, "row_weights": weights}
        return _errors(self._network).rows(given)[0]

    def _best_constant(self, judge: Judge) -> float:
        """The least loss of an output that is the same for every row."""
        width = int(self._network.graph().output.shape[1])
        losses = []
        levels = self._levels(width, judge) if judge.measure is None else judge.measure.constants
        for level in levels:
            output = np.broadcast_to(level, (len(judge.y), len(level)))
            losses.append(self._loss(np.ascontiguousarray(output), judge))
        least = float(np.nanmin(losses))
        return least if least > _NOTHING else 0.0

    def _levels(self, width: int, judge: Judge) -> list[NDArray[Any]]:
        """Outputs that may be the best constant one: exact for squares and entropies."""
        y, weights, name = judge.y, judge.weights, str(self._network.loss)
        if name == "cross_entropy":
            counts = np.bincount(y.astype(int), weights, minlength=width)
            return [np.log(np.maximum(counts, 1e-12 * counts.sum()))]
        mean = np.average(y, axis=0, weights=weights)
        if name == "binary_cross_entropy":
            share = np.clip(mean, 1e-12, 1 - 1e-12)
            return [np.log(share / (1 - share))]
        if name == "poisson":
            return [np.log(np.maximum(mean, 1e-12))]
        return [mean, *np.quantile(y, np.linspace(0, 1, _LEVELS), axis=0)]


def output_of(network: Network, parameters: Mapping[str, NDArray[Any]], x: NDArray[Any]) -> NDArray[Any]:
    """The output of the last layer, (rows, outputs)."""
    return _output(network).rows({**parameters, "x": x})[0]


def row_errors(network: Network, output: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """The loss of each row, (rows,), of outputs and targets."""
    given = {"z": output, "y": y.astype(output.dtype), "row_weights": np.ones(len(y), output.dtype)}
    return _errors(network).rows(given)[0]


@lru_cache(maxsize=64)
def _output(network: Network) -> Evaluator:
    return Evaluator([network.graph().output])


@lru_cache(maxsize=64)
def _errors(network: Network) -> Evaluator:
    graph = network.graph()
    return Evaluator([network.errors(input_("z", graph.output.shape), graph.y)])
