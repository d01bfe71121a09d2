"""Diagnosis by counterfactual: a suspected cause is tried beside no change and beside a placebo."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from downslope.engines import OutOfTime
from downslope.errors import DownslopeError
from downslope.insight.diagnosis._finding import FAULT, NOTE, Branches, Proof, Remedy
from downslope.insight.diagnosis.measured import WORST, Budget, Call, Yardstick, drawn
from downslope.nets import starting_values
from downslope.training import Run

__all__ = [
    "LARGE_SHARE",
    "LEVEL",
    "SEEDS",
    "SMALL",
    "SMALL_SHARE",
    "Progress",
    "Trials",
    "is_worth",
    "rank_p",
    "verdict",
]

SEEDS = 5
"""Runs of each kind: with five, a complete separation has a chance of 1 in 252."""
LEVEL = 0.01
"""The chance of ranks as good as these at which a remedy counts as one."""
LARGE, LARGE_SHARE = 0.35, 0.05
"""What a fault costs at least: f² = (error − error with the remedy)/(error with the remedy), of the size that
Cohen calls large ("Statistical Power Analysis for the Behavioral Sciences", 1988), and a twentieth of what
there is to explain: in a table without noise every f² is large."""
SMALL, SMALL_SHARE = 0.15, 0.01
"""The same of a note, with what Cohen calls medium."""
_NEARLY, _NEARLY_SHARE = 1.05, 0.005  # of the best score and beyond it, where a smaller change is as good
_SCREENS, _FINAL, _MORE = 90, 3, 4  # first seed of choosing, remedies that get more runs, and how many
_POINTS = 60  # of a curve that is kept
_JITTER = 0.01  # of a start that was given, as a share, between seeds

Progress = Callable[[str], None]
"""Is told in words what takes the next moments."""


def _told_nobody(words: str) -> None:
    """Progress that nobody looks at."""


@dataclass
class Trials:
    """Runs of changed calls, within a time.

    Attributes:
        yardstick: what they are measured by.
        steps: of each of them.
        asked: the steps that the call asks for.
        budget: the time that they may take.
        most_rows: that a step takes; of more, some are drawn.
        progress: is told in words what is tried next; what it raises ends the trials.
    """

    yardstick: Yardstick
    steps: int
    asked: int
    budget: Budget
    most_rows: int
    progress: Progress = _told_nobody
    _known: dict[tuple[Call, int, int], Branches] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return not self.steps or self.budget.is_over

    def tried(self, call: Call, remedies: Sequence[Remedy]) -> tuple[Remedy, Proof]:
        """The first of the remedies that are screened with which no run fails, and its proof.

        At the edge of what is stable a remedy can do well in a few runs and fail in the next.
        """
        proofs = []
        for remedy in self.screened(call, remedies):
            proofs.append((remedy, self.prove(call, remedy, remedy.apply(call))))
            if proofs[-1][1].remedied.scores.max() < WORST:
                return proofs[-1]
        return proofs[0]

    def screened(self, call: Call, remedies: Sequence[Remedy]) -> Sequence[Remedy]:
        """The best remedies by the worst of some runs of each, the smallest change that does as well first.

        One of the runs has the seed of the call, which the remedy is for. The best get more runs, for at the
        edge of what is stable some starts do well and others fail.

        Raises:
            OutOfTime: if the time is up before; so do the others.
        """
        if len(remedies) == 1:
            return remedies
        own, scores = int(call.settings.get("seed") or 0), dict[Remedy, float]()
        for remedy in remedies:
            self.progress(f"trying: {remedy.words}")
            scores[remedy] = self._worst(remedy.apply(call), (own, _SCREENS))
        as_good = _nearly_best(remedies, scores)
        others = sorted((r for r in remedies if r not in as_good), key=scores.__getitem__)
        final = [*as_good, *others][:_FINAL]
        for remedy in final:
            more = self._worst(remedy.apply(call), range(_SCREENS + 1, _SCREENS + _MORE))
            scores[remedy] = max(scores[remedy], more)
        first = _nearly_best([remedy for remedy in remedies if remedy in final], scores)[0]
        return [first, *(remedy for remedy in sorted(final, key=scores.__getitem__) if remedy is not first)]

    def _worst(self, call: Call, seeds: Iterable[int]) -> float:
        return float(max(self._branches(call, seeds).scores))

    def prove(self, call: Call, remedy: Remedy, mended: Call) -> Proof:
        """Runs with the remedy, of the call ``mended``, beside runs without it and with a placebo.

        Another start and order of the rows as the placebo are the unchanged call again: the remedy is then
        ranked beside both.
        """
        self.progress("running it unchanged")
        unchanged = self.branches(call)
        self.progress(f"proving: {remedy.words}")
        remedied = self.branches(mended)
        self.progress("running it with an unrelated change")
        placebo = self.branches(remedy.placebo(call) if remedy.placebo else call, first=50)
        without = unchanged.scores if remedy.placebo else np.append(unchanged.scores, placebo.scores)
        return Proof(
            unchanged,
            remedied,
            placebo,
            self.steps,
            self.steps < self.asked or self._sampled(call) is not call,
            rank_p(remedied.scores, without),
            rank_p(placebo.scores, unchanged.scores),
        )

    def branches(self, call: Call, first: int = 0, count: int = SEEDS) -> Branches:
        """Runs of a call with seeds of their own, each made once."""
        if (call, first, count) not in self._known:
            self._known[call, first, count] = self._branches(call, range(first, first + count))
        return self._known[call, first, count]

    def _branches(self, call: Call, seeds: Iterable[int]) -> Branches:
        if self.is_over:
            raise OutOfTime
        seeds = list(seeds)
        try:
            call.rows  # noqa: B018 -- known before threads ask for it at once
        except DownslopeError:  # changes that do not go together
            return Branches(np.full(len(seeds), WORST), np.full((len(seeds), _POINTS), np.nan))
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            made = pool.map(lambda seed: self._run(call, seed), seeds)
            try:
                runs = list(made)
            except KeyboardInterrupt:
                self.budget.stop()
                raise OutOfTime from None
        scores = [WORST if run is None else _score(self.yardstick, call, run) for run in runs]
        unit = Yardstick(call).constant or 1.0
        return Branches(np.array(scores), np.array([_curve(run) for run in runs]) / unit)

    def _run(self, call: Call, seed: int) -> Run | None:
        """A change that asks for more or fewer steps gets as many more or fewer."""
        try:
            run = self._sampled(call).run(
                seed=seed,
                start=_start(call, seed),
                steps=max(1, round(self.steps * call.steps_asked / self.asked)) if self.asked else 0,
                epochs=None,
                time_limit=self.budget.limit,
                threads=1,  # runs beside each other share the processors without waiting for one another
            )
        except DownslopeError:
            return None  # such as values that are beyond the largest number after the change
        if run.stopped == "time":
            raise OutOfTime
        return run

    def _sampled(self, call: Call) -> Call:
        """The call with drawn rows, where each of its steps takes too many."""
        size = min(call.settings.get("batch_size") or len(call.x), len(call.x))
        return call if size <= self.most_rows else call.of_rows(drawn(np.arange(len(call.x)), self.most_rows))


def _nearly_best(remedies: Sequence[Remedy], scores: Mapping[Remedy, float]) -> list[Remedy]:
    """Those whose score is hardly above the best."""
    enough = _NEARLY * min(scores[remedy] for remedy in remedies) + _NEARLY_SHARE
    return [remedy for remedy in remedies if scores[remedy] <= enough]


def _score(yardstick: Yardstick, call: Call, run: Run) -> float:
    return WORST if run.stopped == "not finite" else yardstick.score(call, run)


def _start(call: Call, seed: int) -> object:
    """What a run starts from: a start that was given differs a little between seeds, to show the spread.

    By one factor for each parameter, so that equal units stay equal.
    """
    given = call.settings.get("start")
    if given is None or isinstance(given, Run) or seed in (0, call.settings.get("seed")):
        return given
    random = np.random.default_rng(seed)
    values = starting_values(call.network, given, call.settings.get("seed", 0), call.rows["x"].dtype)
    return {
        name: (value * (1 + _JITTER * random.standard_normal())).astype(value.dtype)
        for name, value in values.items()
    }


def _curve(run: Run | None) -> NDArray[np.float64]:
    """The mean error of parts of a run; NaN where there is none."""
    curve = np.full(_POINTS, np.nan)
    if run is None or not len(run.losses):
        return curve
    parts = np.array_split(run.losses, min(_POINTS, len(run.losses)))
    with np.errstate(all="ignore"):
        means = np.array([part.mean() for part in parts])
    positions = np.linspace(0, len(means) - 1, _POINTS).round().astype(int)
    return np.where(np.isfinite(means[positions]), means[positions], np.nan)


def verdict(proof: Proof, reached: float) -> str | None:
    """``"fault"``, ``"note"`` or None: whether a remedy did more than chance, than a placebo, and how much.

    Runs that are shorter than what was asked for favour whatever is fast at first: with the remedy they also
    have to do better than the whole run did.

    Args:
        proof: the runs that were tried.
        reached: the score of the whole run.
    """
    if proof.p >= LEVEL:
        return None
    after, befores = proof.remedied.median, [proof.unchanged.median, proof.placebo.median]
    if proof.short:
        befores.append(reached)
    for severity, effect, share in ((FAULT, LARGE, LARGE_SHARE), (NOTE, SMALL, SMALL_SHARE)):
        by_placebo = is_worth(proof.unchanged.median, proof.placebo.median, effect, share)
        if by_placebo and proof.placebo_p < LEVEL:
            continue
        if all(is_worth(before, after, effect, share) for before in befores):
            return severity
    return None


def is_worth(before: float, after: float, effect: float = LARGE, share: float = LARGE_SHARE) -> bool:
    """Whether a score is lower by enough to be worth a change."""
    return before - after >= max(effect * after, share)


def rank_p(lower: NDArray[np.float64], higher: NDArray[np.float64]) -> float:
    """The chance that one sample ranks at least so far below another of the same distribution.

    The exact test of Mann and Whitney ("On a test of whether one of two random variables is stochastically
    larger than the other", 1947), one-sided; ties count half.

    >>> import numpy as np
    >>> round(rank_p(np.arange(5.0), np.arange(5.0, 10.0)) * 252, 6)
    1.0
    """
    pairs = (higher[None, :] > lower[:, None]) + 0.5 * (higher[None, :] == lower[:, None])
    counts = _distribution(len(lower), len(higher))
    return float(np.mean(counts >= pairs.sum() - 1e-9))


@lru_cache(maxsize=8)
def _distribution(first: int, second: int) -> NDArray[np.float64]:
    """How many pairs are won in every order of two samples without ties."""
    total = first + second
    won = [
        sum(total - rank for rank in ranks) - first * (first + 1) / 2
        for ranks in combinations(range(total), first)
    ]
    return np.array(won)
