"""Diagnosis by counterfactual: a suspected cause is tried beside no change and beside a placebo."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.engines import OutOfTime
from downslope.errors import DownslopeError
from downslope.insight.diagnosis._finding import FAULT, NOTE, Branches, Proof, Remedy
from downslope.insight.diagnosis._tails import f_tail
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
    "is_proven",
    "is_worth",
    "runs_of",
    "seeds_p",
    "verdict",
]

SEEDS = 5
"""Runs of each kind: with five, a complete separation has a chance of 1 in 252."""
_LOOKS = 2
"""At the runs: where five of each kind leave it open, for some starts do well by luck, five more are made."""
LEVEL = 0.01
"""The chance of scores as good as these at which a remedy counts as one."""
_CONFIRMED = 0.05
"""The same of rows that measure, where other evidence stands beside the trial."""
LARGE, LARGE_SHARE = 0.35, 0.05
"""What a fault costs at least: f² = (error − error with the remedy)/(error with the remedy), of the size that
Cohen calls large ("Statistical Power Analysis for the Behavioral Sciences", 1988), and a twentieth of what
there is to explain: in a table without noise every f² is large."""
SMALL, SMALL_SHARE = 0.15, 0.01
"""The same of a note, with what Cohen calls medium."""
_NEARLY, _NEARLY_SHARE = 1.05, 0.005  # of the best score and beyond it, where a smaller change is as good
_KEPT = (4, 3, 3)  # remedies that are kept after each round of choosing
_SCREENS = ((90,), (91, 92, 93))  # seeds of the rounds after the first, which has that of the call
_PLACEBO = 50  # the first seed of placebos
_POINTS = 60  # of a curve that is kept
_MOST_OF_A_ROW = 10.0  # times the mean error of the best constant: no row alone decides
_WAYS = 20_000  # to part runs in two, of which chances are counted
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
    _known: dict[tuple[Call, int], Branches] = field(default_factory=dict)
    _changed: dict[tuple[Call, Remedy], Call] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return not self.steps or self.budget.is_over

    def tried(self, call: Call, remedies: Sequence[Remedy]) -> tuple[Remedy, Proof]:
        """The first of the remedies that are screened with which no run fails, and its proof.

        At the edge of what is stable a remedy can do well in a few runs and fail in the next: one that does
        as much and does not fail comes before it. Where the best of the first runs with any remedy is hardly
        better than the worst without, these are all of the proof.
        """
        some = self.screened(call, remedies)
        if not self.promises(call, [self._with(call, remedy) for remedy in some]):
            few, mended = self._few(call), self._with(call, some[0])
            unchanged, remedied = self.branches(call, few), self.branches(mended, few)
            return some[0], self._proof(call, mended, unchanged, remedied, unchanged)
        proofs = []
        for remedy in self._best(call, [each for each in remedies if each in some], len(_KEPT)):
            proofs.append((remedy, self.prove(call, remedy, self._with(call, remedy))))
            last, usual = proofs[-1][1].remedied, proofs[0][1].remedied.median
            if last.scores.max() < WORST and not is_worth(last.median, usual):
                return proofs[-1]
        return proofs[0]

    def screened(self, call: Call, remedies: Sequence[Remedy]) -> Sequence[Remedy]:
        """The best remedies by the worse of two runs of each, the smallest change that does as well first.

        Raises:
            OutOfTime: if the time is up before; so do the others.
        """
        return self._best(call, remedies, 2)

    def promises(self, call: Call, changed: Sequence[Call]) -> bool:
        """Whether the best of the first runs of some changed calls beats the worst without a change."""
        few = self._few(call)
        unchanged = float(self.branches(call, few).scores.max())
        least = min(float(self.branches(each, few).scores.min()) for each in changed)
        return is_worth(unchanged, least, SMALL, SMALL_SHARE)

    def _best(self, call: Call, remedies: Sequence[Remedy], rounds: int) -> Sequence[Remedy]:
        """Those that are left after some rounds of choosing, the first to prove in front.

        The first run has the seed of the call, which the remedy is for. Only the best get more, for at the
        edge of what is stable some starts do well and others fail (Jamieson and Talwalkar 2016).
        """
        left, seeds = list(remedies), list[int]()
        for more, kept in zip(self._rounds(call)[:rounds], _KEPT, strict=False):
            if len(left) == 1:
                return left
            seeds += more
            scores = dict[Remedy, float]()
            for remedy in left:
                self.progress(f"trying: {remedy.words}")
                scores[remedy] = float(self.branches(self._with(call, remedy), seeds).scores.max())
            as_good = _nearly_best(left, scores)
            others = sorted((r for r in left if r not in as_good), key=scores.__getitem__)
            left = sorted([*as_good, *others][:kept], key=left.index)
        first = _nearly_best(left, scores)[0]
        return [first, *(remedy for remedy in sorted(left, key=scores.__getitem__) if remedy is not first)]

    def _rounds(self, call: Call) -> list[tuple[int, ...]]:
        """The seeds of each round of choosing."""
        return [(int(call.settings.get("seed") or 0),), *_SCREENS]

    def _few(self, call: Call) -> list[int]:
        """The seeds of the first two rounds."""
        return [seed for seeds in self._rounds(call)[:2] for seed in seeds]

    def _with(self, call: Call, remedy: Remedy) -> Call:
        """The call with a remedy: the same one each time."""
        if (call, remedy) not in self._changed:
            self._changed[call, remedy] = remedy.apply(call)
        return self._changed[call, remedy]

    def prove(self, call: Call, remedy: Remedy, mended: Call) -> Proof:
        """Runs with the remedy, of the call ``mended``, beside runs without it and with a placebo.

        Another start and order of the rows as the placebo are the unchanged call again: the remedy is then
        ranked beside both.
        """
        return self._proven_by(SEEDS, call, remedy, mended)

    def looked_at_again(self, call: Call, remedy: Remedy, proof: Proof) -> Proof:
        """The proof by twice as many runs, where these are all that it lacks and there is time for them."""
        if not is_open(proof):
            return proof
        try:
            return self._proven_by(_LOOKS * SEEDS, call, remedy, self._with(call, remedy))
        except OutOfTime:
            return proof

    def _proven_by(self, count: int, call: Call, remedy: Remedy, mended: Call) -> Proof:
        """The same of so many runs of each kind."""
        self.progress("running it unchanged")
        unchanged = self.branches(call, range(count))
        self.progress(f"proving: {remedy.words}")
        remedied = self.branches(mended, range(count))
        self.progress("running it with an unrelated change")
        other = remedy.placebo(call) if remedy.placebo else call
        placebo = self.branches(other, range(_PLACEBO, _PLACEBO + count))
        return self._proof(call, mended, unchanged, remedied, placebo, apart=remedy.placebo is not None)

    def _proof(
        self,
        call: Call,
        mended: Call,
        unchanged: Branches,
        remedied: Branches,
        placebo: Branches,
        *,
        apart: bool = False,
    ) -> Proof:
        """The same of runs that were made, with a placebo that is a change or other seeds alone."""
        without = [unchanged, placebo] if apart else [joined([unchanged, placebo])]
        is_sample, paired = call.measured is not call.rows, self.yardstick.are_paired(call, mended)
        return Proof(
            unchanged,
            remedied,
            placebo,
            self.steps,
            self.steps < self.asked or self._sampled(call) is not call,
            min(1.0, _LOOKS * max(seeds_p(remedied.scores, each.scores) for each in without)),
            max(rows_p(remedied.errors, each.errors, paired=paired) for each in without)
            if is_sample
            else 0.0,
            seeds_p(placebo.scores, unchanged.scores) if apart else 1.0,
        )

    def branches(self, call: Call, seeds: Iterable[int] = range(SEEDS)) -> Branches:
        """Runs of a call with seeds of their own, each made once."""
        wanted = list(dict.fromkeys(seeds))
        new = [seed for seed in wanted if (call, seed) not in self._known]
        self._known |= {(call, seed): made for seed, made in zip(new, self._made(call, new), strict=True)}
        return joined([self._known[call, seed] for seed in wanted])

    def _made(self, call: Call, seeds: Sequence[int]) -> list[Branches]:
        """A run with each of some seeds."""
        if not seeds:
            return []
        if self.is_over:
            raise OutOfTime
        try:
            call.rows  # noqa: B018 -- known before threads ask for it at once
        except DownslopeError:  # changes that do not go together
            return [self._branch(call, None)] * len(seeds)
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            made = pool.map(lambda seed: self._run(call, seed), seeds)
            try:
                runs = list(made)
            except KeyboardInterrupt:
                self.budget.stop()
                raise OutOfTime from None
        return [self._branch(call, run) for run in runs]

    def _branch(self, call: Call, run: Run | None) -> Branches:
        """What a run came to; of None it could not be made."""
        ended = None if run is None or run.stopped == "not finite" else run
        score = WORST if ended is None else self.yardstick.score(call, ended)
        errors = np.minimum(self.yardstick.errors_of(call, ended), _MOST_OF_A_ROW)
        curve = _curve(run) if run is None else _curve(run) / (Yardstick(call).constant or 1.0)
        return Branches(np.array([score]), curve[None], errors[None])

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


def runs_of(remedies: int) -> int:
    """How many runs choose one of so many remedies and prove it, at most."""
    tried = [remedies, *(min(remedies, kept) for kept in _KEPT)] if remedies > 1 else [1, 1, 0]
    return sum(count * len(seeds) for count, seeds in zip(tried, ((0,), *_SCREENS), strict=False)) + SEEDS


def joined(some: Sequence[Branches]) -> Branches:
    """All runs of the same rows together."""
    parts = ([getattr(each, name) for each in some] for name in ("scores", "curves", "errors"))
    return Branches(*map(np.concatenate, parts))


def _nearly_best(remedies: Sequence[Remedy], scores: Mapping[Remedy, float]) -> list[Remedy]:
    """Those whose score is hardly above the best."""
    enough = _NEARLY * min(scores[remedy] for remedy in remedies) + _NEARLY_SHARE
    return [remedy for remedy in remedies if scores[remedy] <= enough]


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


def verdict(proof: Proof, reached: float, *, trials: int, evident: bool = False) -> str | None:
    """``"fault"``, ``"note"`` or None: whether a remedy did more than chance, than a placebo, and how much.

    Runs that are shorter than what was asked for favour whatever is fast at first: with the remedy they also
    have to do better than the whole run did. What is proven and small is a fault of a run that came out worse
    than usual, where every run with the remedy is better than it by enough.

    Args:
        proof: the runs that were tried.
        reached: the score of the whole run.
        trials: suspicions that are tried beside each other, none of which may win by the choice of the rows
            that measure but once in 100 examinations (Bonferroni).
        evident: whether there is evidence beside the trial that chance gives once in 1,000 times at most: the
            trial then confirms it, and what does harm is a fault where its effect is medium, too.
    """
    if not is_proven(proof, trials=trials, evident=evident):
        return None
    after, befores = proof.remedied.median, [proof.unchanged.median, proof.placebo.median]
    if proof.short:
        befores.append(reached)
    for severity, effect, share in ((FAULT, LARGE, LARGE_SHARE), (NOTE, SMALL, SMALL_SHARE)):
        if all(is_worth(before, after, effect, share) for before in befores):
            unlucky = is_worth(reached, float(proof.remedied.scores.max()))
            return FAULT if evident or unlucky else severity
    return None


def is_proven(proof: Proof, *, trials: int = 1, evident: bool = False) -> bool:
    """Whether other seeds and other rows would say the same, as ``verdict`` asks for it."""
    return proof.p < LEVEL and proof.rows_p < (_CONFIRMED if evident else LEVEL / trials)


def is_open(proof: Proof) -> bool:
    """Whether more runs are all that a proof lacks."""
    worth = all(
        is_worth(each.median, proof.remedied.median, SMALL, SMALL_SHARE)
        for each in (proof.unchanged, proof.placebo)
    )
    return worth and proof.p >= LEVEL and proof.rows_p < _CONFIRMED


def is_worth(before: float, after: float, effect: float = LARGE, share: float = LARGE_SHARE) -> bool:
    """Whether a score is lower by enough to be worth a change."""
    return before - after >= max(effect * after, share)


def seeds_p(lower: NDArray[np.float64], higher: NDArray[np.float64]) -> float:
    """The chance that one sample of scores lies at least so far below another of the same distribution.

    The permutation test of Pitman ("Significance tests which may be applied to samples from any populations",
    1937), one-sided: of all ways to part the runs in two, those that give as small a mean. Of a score s it
    takes s/(1 + s), which ends at 1, so that no run that fails decides alone. Where some runs do well by the
    luck of their start, ranks would say less: two such runs among ten outrank all with the remedy.

    >>> import numpy as np
    >>> round(seeds_p(np.arange(5.0), np.arange(5.0, 10.0)) * 252, 6)
    1.0
    """
    scores = np.concatenate([lower, higher])
    shares = scores / (1 + scores)
    sums = shares[_parts(len(lower), len(scores))].sum(axis=1)
    return float(np.mean(sums <= shares[: len(lower)].sum() + 1e-12))


def rows_p(lower: NDArray[np.float64], higher: NDArray[np.float64], *, paired: bool) -> float:
    """The chance that errors of rows lie at least so far below others where the rows do not tell them apart.

    Student's test ("The probable error of a mean", 1908), one-sided, of the differences row by row or, where
    other rows measure, of the two means (Welch 1947). It asks whether other rows would say the same, as
    permutations ask it of other seeds.

    Args:
        lower, higher: errors of each row in each of some runs, (runs, rows).
        paired: whether they are of the same rows.

    >>> import numpy as np
    >>> round(rows_p(np.zeros((1, 4)), np.array([[1.0, 2.0, 3.0, 4.0]]), paired=True), 4)
    0.0152
    """
    above, below = higher.mean(axis=0), lower.mean(axis=0)
    parts = [above - below] if paired else [above, below]
    variances = [float(np.var(part)) / max(len(part) - 1, 1) for part in parts]
    total, difference = sum(variances), float(above.mean() - below.mean())
    if not total:
        return float(difference <= 0)
    freedom = total**2 / sum(v**2 / max(len(part) - 1, 1) for v, part in zip(variances, parts, strict=True))
    tail = f_tail(difference**2 / total, 1, freedom) / 2  # the square of Student's t is an F
    return tail if difference > 0 else 1 - tail


@lru_cache(maxsize=8)
def _parts(count: int, of: int) -> NDArray[np.int64]:
    """All ways to choose some runs, (ways, count), the first ones first; of very many some drawn ones."""
    if comb(of, count) <= _WAYS:
        return np.array(list(combinations(range(of), count)))
    random = np.random.default_rng(0)
    drawn_ways = random.permuted(np.tile(np.arange(of), (_WAYS - 1, 1)), axis=1)[:, :count]
    return np.vstack([np.arange(count), drawn_ways])
