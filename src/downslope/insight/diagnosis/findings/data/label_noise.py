"""``label-noise``: rows whose targets say nothing of their inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from math import gamma, isinf, pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis._tails import binomial_tail
from downslope.insight.diagnosis._trials import LEVEL
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.findings.data._far_out import far_out
from downslope.insight.diagnosis.findings.data._gathered import are_gathered
from downslope.insight.diagnosis.findings.data._rows import judged_without, leaving_out
from downslope.insight.diagnosis.measured import Call, Examination, OutOfFold, mean_of
from downslope.insight.diagnosis.remedies import EFFICIENT, huber_of, with_loss
from downslope.nets import Huber

__all__ = ["label_noise"]

_SOURCE = (
    "Copas, 'Binary regression models for contaminated data' (1988); "
    "Northcutt, Jiang and Chuang, 'Confident learning' (2021)"
)
_LEVEL = 2.71  # of twice the gain: one in 20 by chance (½χ² with 1 degree; Self and Liang 1987)
_RARE_LEVEL, _RARELY = 9.55, 0.001  # the same of one in 1,000, and that chance
_RUNS_LEVEL = 3.29  # standard errors: one in 1,000 by chance
_CLASSES = ("binary_cross_entropy", "cross_entropy")
_NUMBERS = ("squared_error", "absolute_error")
_SHARES = (0.0, *np.geomspace(0.005, 0.5, 24))  # of targets that say nothing: most are right
_SPREADS = np.geomspace(0.02, 1, 32)  # of noise, beside the spread of the targets
_TAILS = (4.0, np.inf)  # degrees of freedom of noise: heavy tails are no wrong targets
_DRAWS, _ROUNDS = 3, 2  # of folds, for classes; of networks without the rows found before, for numbers
_EACH = 10  # rows of each value, from which on targets are few values and no mixture of densities
_SURE = 0.01  # of the rows of which networks are surest, that are contradicted where the targets are right

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class _Foreign:
    """Rows whose targets are more likely another row's.

    Attributes:
        rows: whether each is, of the rows that are looked at.
        measured: the same of the rows that measure.
        likely: how likely each of the first is, for their order.
        evidence: that there are any; empty where there is none.
        evident: whether chance gives such evidence once in 1,000 times at most.
        foretold: the class of each of the first as it is foretold; 0 of numbers.
        spread: of the other targets, which are numbers, about what is foretold; 0 of classes.
    """

    rows: Flags
    measured: Flags
    likely: Array
    evidence: Sequence[Evidence]
    evident: bool
    foretold: NDArray[np.int64]
    spread: float = 0.0


@finding("label-noise", _SOURCE)
def label_noise(seen: Examination) -> Iterable[Suspicion]:
    """Targets that networks which did not see them contradict, where these are sure."""
    test = _test(seen)
    held = seen.out_of_fold if test else None
    if test is None or held is None:
        return
    foreign = test(held)
    if not foreign.evidence:
        return
    evident = foreign.evident
    foreign = _sharper(seen, test, held, foreign)
    if not foreign.evidence or are_together(seen.row_numbers, foreign.rows):
        return
    if np.any(foreign.rows & far_out(seen)[2]):  # rows that are beside the others in more than their targets
        return
    if are_gathered(seen.rows["x"], foreign.rows, foreign.foretold):  # what the inputs leave open, not errors
        return
    count = int(foreign.rows.sum())
    rows = seen.row_numbers[np.argsort(-foreign.likely, kind="stable")[:count]]
    words = f"leave out the {count:,} rows, or correct their targets"
    remedies = [leaving_out(seen, rows, words)]
    if foreign.spread and seen.call.network.loss_function.name == "squared_error":
        remedies.append(_robust(remedies[0], foreign.spread))
    yield Suspicion(
        Where(rows=tuple(int(row) for row in rows)),
        foreign.evidence,
        f"The targets of {count:,} rows are likely wrong: networks that did not learn from them contradict "
        "them, and learning them costs accuracy elsewhere.",
        remedies,
        fair=judged_without(seen, foreign.measured),
        evident=evident,
    )


def _sharper(
    seen: Examination, test: Callable[[OutOfFold], _Foreign], held: OutOfFold, foreign: _Foreign
) -> _Foreign:
    """The test again, by networks that wrong targets mislead less.

    Of numbers by networks without these rows, with Huber's loss; of classes by the mean of more networks,
    since those which never saw a wrong class are too sure of the rows at a border.
    """
    if not foreign.spread:
        drawn = [seen.held_out(np.ones(len(foreign.rows)), draw=draw) for draw in range(1, _DRAWS)]
        return test(mean_of([held, *(each for each in drawn if each)]))
    for _ in range(_ROUNDS):
        again = seen.held_out(np.where(foreign.rows, 0.0, 1.0), loss=Huber(delta=EFFICIENT * foreign.spread))
        if again is None:
            break
        foreign = test(again)
        if not foreign.evidence:
            break
    return foreign


def _robust(leaving: Remedy, spread: float) -> Remedy:
    """Rows left out, and a loss in which those that are left over weigh little."""
    huber = huber_of(spread)
    return Remedy(
        f"{leaving.words}, and Huber's loss with delta {huber.delta:g} for those that are not seen",
        lambda call: with_loss(leaving.apply(call), huber),
        leaving.placebo,
    )


def are_together(numbers: NDArray[np.int64], chosen: NDArray[np.bool_]) -> bool:
    """Whether chosen rows follow on each other more than by chance (Wald and Wolfowitz 1940)."""
    marks = chosen[np.argsort(numbers)]
    ones, count = int(marks.sum()), len(marks)
    runs = 1 + int(np.sum(marks[1:] != marks[:-1]))
    expected = 1 + 2 * ones * (count - ones) / count
    variance = (expected - 1) * (expected - 2) / (count - 1)
    return variance > 0 and (expected - runs) / np.sqrt(variance) > _RUNS_LEVEL


def _test(seen: Examination) -> Callable[[OutOfFold], _Foreign] | None:
    """How foreign targets are told, by the loss."""
    loss = str(seen.call.network.loss)
    y, measured = (np.asarray(part["y"], np.float64) for part in (seen.rows, seen.call.measured))
    if y.ndim == 2 and y.shape[1] > 1:
        return None
    y, measured = y.ravel(), measured.ravel()
    if loss in _CLASSES and np.array_equal(y, np.floor(y)):
        return lambda held: _foreign_classes(held, y.astype(int), measured.astype(int))
    if loss in _NUMBERS and len(np.unique(y)) * _EACH > len(y):
        return lambda held: _foreign_numbers(held, y, measured)
    return None


def _foreign_classes(held: OutOfFold, y: NDArray[np.int64], measured: NDArray[np.int64]) -> _Foreign:
    """Confident learning: a row is foreign if another class is as likely as rows of that class say it is."""
    likely, likely_measured = _probabilities(held.rows), _probabilities(held.measured)
    classes = likely.shape[1]
    own = np.array([likely[y == k, k].mean() if np.any(y == k) else np.inf for k in range(classes)])
    flags = []
    for chances, targets in ((likely, y), (likely_measured, measured)):
        best = chances.argmax(axis=1)
        flags.append((best != targets) & (chances.max(axis=1) >= own[best]))
    sure = np.argsort(-likely.max(axis=1), kind="stable")[: len(y) // 2]
    contradicted = int(np.sum(likely[sure].argmax(axis=1) != y[sure]))
    evidence = Evidence(
        "share of rows that are contradicted, of the half that networks are surest of",
        contradicted / len(sure),
        _SURE,
        "Northcutt, Jiang and Chuang (2021)",
    )
    by_chance = binomial_tail(contradicted, len(sure), _SURE)
    found = by_chance < LEVEL and bool(flags[0].any())
    order = -likely[np.arange(len(y)), y]
    foretold = likely.argmax(axis=1)
    return _Foreign(flags[0], flags[1], order, [evidence] if found else [], by_chance < _RARELY, foretold)


def _probabilities(outputs: NDArray[Any]) -> Array:
    """Of each class, (rows, classes)."""
    logits = np.hstack([np.zeros((len(outputs), 1)), outputs]) if outputs.shape[1] == 1 else outputs
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)


def _foreign_numbers(held: OutOfFold, y: Array, measured: Array) -> _Foreign:
    """The most likely mixture of targets near what is foretold and targets drawn from those of all rows."""
    center, spread = y.mean(), y.std()
    foreign, foreign_measured = (_density(own - center, spread, np.inf) for own in (y, measured))
    residuals, residuals_measured = y - held.rows[:, 0], measured - held.measured[:, 0]
    best, alone, found = -np.inf, -np.inf, (1.0, np.inf, 0.0)
    for size, tail in product(_SPREADS * spread, _TAILS):
        own = _density(residuals, size, tail)
        for share in _SHARES:
            likelihood = float(np.sum(np.log(np.maximum((1 - share) * own + share * foreign, 1e-300))))
            if not share:
                alone = max(alone, likelihood)
            if likelihood > best:
                best, found = likelihood, (size, tail, share)
    size, tail, share = found
    odds = [
        share * theirs / np.maximum((1 - share) * _density(r, size, tail), 1e-300)
        for theirs, r in ((foreign, residuals), (foreign_measured, residuals_measured))
    ]
    gain = 2 * (best - alone)
    evidence = [
        Evidence("twice the log-likelihood gained by targets of other rows", gain, _LEVEL, "Copas (1988)"),
        Evidence("share of such targets", share, 0.0),
    ]
    foretold = np.median(np.abs(residuals)) < np.median(np.abs(y - np.median(y)))
    is_found = gain > _LEVEL and foretold and bool(np.any(odds[0] > 1))
    return _Foreign(
        odds[0] > 1,
        odds[1] > 1,
        odds[0],
        evidence if is_found else [],
        gain > _RARE_LEVEL,
        np.zeros(len(y), int),
        float(size),
    )


def _density(residuals: Array, spread: float, tail: float) -> Array:
    """Of Student's t with some degrees of freedom; without end they are the normal distribution's."""
    squares = (residuals / spread) ** 2
    if isinf(tail):
        return np.exp(-squares / 2) / (sqrt(2 * pi) * spread)
    factor = gamma((tail + 1) / 2) / (gamma(tail / 2) * sqrt(tail * pi))
    return factor * (1 + squares / tail) ** (-(tail + 1) / 2) / spread


@label_noise.planted
def _swapped(healthy: Call, severity: float, random: np.random.Generator) -> Call | None:
    """Targets of 5% to 30% of the training rows handed round among them; for classes, other classes."""
    call = healthy.with_rows_apart()
    if str(call.network.loss) not in (*_CLASSES, *_NUMBERS):
        return None
    y = np.array(call.y)
    chosen = random.permutation(len(y))[: round((0.05 + 0.25 * severity) * len(y))]
    if str(call.network.loss) in _NUMBERS:
        y[chosen] = y[np.roll(chosen, 1)]
    else:
        classes = int(y.max()) + 1
        y[chosen] = (y[chosen] + random.integers(1, classes, y[chosen].shape)) % classes
    return Call(call.network, call.x, y, call.settings)


@label_noise.look_alike
def _noisy(healthy: Call, random: np.random.Generator) -> Call | None:
    """Noise with heavy tails on every target, none of which is another row's."""
    if str(healthy.network.loss) not in _NUMBERS:
        return None
    noise = 0.3 * random.standard_t(4, healthy.y.shape)
    return healthy.with_targets(lambda y: y + (noise if y.shape == noise.shape else 0), lambda z: z)
