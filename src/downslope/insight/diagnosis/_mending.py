"""Which remedies mend a run: alone, one after the other, or together, and which of them are needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

import numpy as np

from downslope._dataclass import dataclass
from downslope.engines import OutOfTime
from downslope.errors import DownslopeError
from downslope.insight.diagnosis._finding import FAULT, NOTE, Proof, Remedy, Suspicion
from downslope.insight.diagnosis._trials import (
    LARGE_SHARE,
    LEVEL,
    SEEDS,
    SMALL_SHARE,
    Progress,
    Trials,
    is_worth,
    runs_of,
    seeds_p,
    verdict,
)
from downslope.insight.diagnosis.findings import Sign, signs
from downslope.insight.diagnosis.measured import Budget, Call, Examination, most_rows

__all__ = ["Mending", "Suspected", "budget_of", "mend", "suspicions"]

_LEAST_SECONDS = 5.0  # of the processor, for tables whose ten epochs take less
_EPOCHS = 10  # what an examination may take of the run's own time
_MOST = 6  # faults that are mended one after the other
_SIGNALS = 0.5  # of the time, which signals may take
_MENDED = "the run with these remedies"
_RULE, _DESCENT = "optimizer", "descent"  # groups of findings
_UNPROVEN = "unproven"  # what no verdict was given on
_LEVEL = 0.05  # where two remedies differ by less, the cause is taken in the order of the findings


@dataclass(frozen=True, eq=False)
class Suspected:
    """A suspicion and the finding it is of."""

    sign: Sign
    suspicion: Suspicion

    @property
    def is_note(self) -> bool:
        """Whether it does the fit no harm."""
        return self.suspicion.severity == NOTE


Tried = tuple[Suspected, Remedy, Proof | None]
"""A suspicion, the remedy that was chosen, and its proof; None where the evidence alone shows the fault."""


@dataclass(frozen=True, eq=False)
class Mending:
    """What mends a run.

    Attributes:
        found: faults with their remedies, in the order in which they are made.
        small: what is proven and small.
        untried: suspicions for which the time was too short.
        unexamined: what was not looked at for want of time: codes of findings, or words.
    """

    found: Sequence[Tried]
    small: Sequence[Tried]
    untried: Sequence[Suspected]
    unexamined: Sequence[str] = ()


def suspicions(seen: Examination) -> tuple[list[Suspected], list[str]]:
    """All that an examination gives reason to suspect, and the codes for which there was no time.

    What needs no run comes first, for it is cheap. Half of the time that is left is kept for trials, where
    there is anything to try.
    """
    found: dict[Sign, list[Suspected]] = {}
    with np.errstate(all="ignore"):
        with seen.budget.part(_SIGNALS):
            with seen.budget.without_runs():
                _look(seen, (sign for sign in signs() if not sign.costly), found)
            _look(seen, _missing(found), found)
        if all(each.is_note for some in found.values() for each in some):
            _look(seen, _missing(found), found)
    suspected = [each for sign in signs() for each in found.get(sign, ())]
    return suspected, [sign.code for sign in signs() if sign not in found]


def _missing(found: Mapping[Sign, object]) -> list[Sign]:
    """The signs that were not looked at, those that take long last."""
    return sorted((sign for sign in signs() if sign not in found), key=lambda sign: sign.costly)


def _look(seen: Examination, some: Iterable[Sign], found: dict[Sign, list[Suspected]]) -> None:
    """Add what signs suspect, of those for which there is time."""
    for sign in some:
        if seen.budget.is_over:
            return
        try:
            found[sign] = [Suspected(sign, each) for each in sign.look(seen)]
        except OutOfTime:
            continue
        except KeyboardInterrupt:
            seen.budget.stop()


def budget_of(call: Call, seconds: float | None, *, left: float | None = None) -> Budget:
    """The time of an examination: what was asked for, or that of ten epochs, or 5 s of the processor.

    Args:
        call: that is examined.
        seconds: that were asked for.
        left: of them; None for all.
    """
    budget = Budget(
        _LEAST_SECONDS if seconds is None else seconds if left is None else left, seconds is not None
    )
    budget.measure(call)
    if seconds is None:
        rows = len(call.x)
        epoch = -(-rows // min(call.settings.get("batch_size") or rows, rows)) * budget.step
        budget.extend(_EPOCHS * epoch - _LEAST_SECONDS)
    return budget


def mend(seen: Examination, suspected: Sequence[Suspected], progress: Progress | None = None) -> Mending:
    """Try the remedies of what is suspected, one fault after the other, until nothing more is found.

    Args:
        seen: the run as it is.
        suspected: of it.
        progress: is told in words what is tried next; what it raises ends the trials.
    """
    faults = [each for each in suspected if not each.is_note and _can_matter(seen, each.suspicion)]
    if not faults:
        return Mending((), (), ())
    trials = _trials(seen, faults)
    if progress is not None:
        trials.progress = progress
    begin, found, small, unexamined = seen.call, list[Tried](), list[Tried](), list[str]()
    first: tuple[Examination, Sequence[Tried]] | None = None
    sure, untried = 0, list[Suspected]()  # faults among what was found, and what was not tried
    while True:
        tried, left = _tried(trials, seen, faults)
        small = small if found else tried[NOTE]
        # what does little alone may be half of a pair: one such remedy is made before the next look
        proven = tried[FAULT] or ([] if len(found) > sure else tried[NOTE])
        mending = [_first(proven)] if proven else _together(trials, seen, faults)
        mending = mending or _likely(seen, tried[_UNPROVEN], must=not found)
        first = first or (seen, [*tried[NOTE], *tried[_UNPROVEN]])
        if len(found) == sure:  # of the run as it is, or as it is with what was found, where that leaves much
            untried = left if not found or seen.score >= LARGE_SHARE else []
        found += mending
        if tried[FAULT] or (mending and not proven):
            sure = len(found)
        if not mending or trials.is_over or len(found) >= _MOST:
            break
        begin = _fair(begin, (each for each, _, _ in mending))
        mended = _applied(begin, found)
        try:
            seen = Examination(mended, seen.budget.run(mended), seen.yardstick, seen.budget)
        except OutOfTime:
            unexamined = [_MENDED]
            break
        known = {each.sign.code for each, _, _ in found}
        suspected, unexamined = suspicions(seen)
        faults = [
            each
            for each in suspected
            if not each.is_note and each.sign.code not in known and _can_matter(seen, each.suspicion)
        ]
        if not faults:
            break
    found = found[:sure] or _likely(*first, must=True)
    if len(found) > 1:
        with suppress(OutOfTime):
            found = _needed(trials, begin, found)
    return Mending(found, small, untried, unexamined)


def _can_matter(seen: Examination, suspicion: Suspicion) -> bool:
    """Whether so much of the error is left that a remedy can be worth a note."""
    return suspicion.certain or not seen.is_within(SMALL_SHARE, suspicion.fair(seen.call))


def _trials(seen: Examination, faults: Sequence[Suspected]) -> Trials:
    """Runs as long as the time allows, at most as long as the run that is examined."""
    steps, budget, most = seen.steps_asked, seen.budget, most_rows(seen.call.network)
    branches = 2 * SEEDS + sum(runs_of(len(each.suspicion.remedies)) for each in faults)
    step = budget.step * min(1.0, most / budget.batch)
    affordable = int((budget.left / budget.slowness / branches - budget.setup) / step)
    return Trials(seen.yardstick, max(0, min(steps, affordable)), steps, budget, most)


def _tried(
    trials: Trials, seen: Examination, faults: Sequence[Suspected]
) -> tuple[Mapping[str, list[Tried]], list[Suspected]]:
    """What came of the remedy of each suspicion, by verdict; and those for which there was no time."""
    found: dict[str, list[Tried]] = {FAULT: [], NOTE: [], _UNPROVEN: []}
    for each in faults:
        if each.suspicion.certain:
            return found | {FAULT: [(each, each.suspicion.remedies[0], None)]}, []
    order, left = sorted(faults, key=_costs_more), list[Suspected]()
    first: list[tuple[Suspected, Call, Remedy, Proof]] = []
    for place, each in enumerate(order):
        call = each.suspicion.fair(seen.call)
        try:
            first.append((each, call, *trials.tried(call, each.suspicion.remedies)))
        except OutOfTime:
            left = order[place:]
            break
    for each, call, remedy, once in first:
        proof = trials.looked_at_again(call, remedy, once)
        evident = each.suspicion.evident
        said = verdict(proof, seen.score_of(call), trials=len(faults), evident=evident) or _UNPROVEN
        found[said].append((each, remedy, proof))
    causes = list(faults)
    for some in found.values():
        some.sort(key=lambda tried: causes.index(tried[0]))
    return found, sorted(left, key=causes.index)


def _costs_more(each: Suspected) -> bool:
    """Whether a remedy takes more time than the run, for which it has a placebo of its own."""
    return any(remedy.placebo is not None for remedy in each.suspicion.remedies)


def _first(proven: Sequence[Tried]) -> Tried:
    """The remedy that does most; among those that do as much, the first in the order of causes.

    A rate can make up for a rule that is not right: what is wrong with the rule comes before it, if it is
    evident and its remedy does enough. What the descent brought about comes after all of them.
    """
    runs = [proof.remedied for _, _, proof in proven if proof is not None]
    if not runs:  # certain without a trial
        return proven[0]
    best = min(runs, key=lambda branches: branches.median)
    as_good = [
        seeds_p(best.scores, own.scores) >= _LEVEL or not is_worth(own.median, best.median) for own in runs
    ]
    first = [each for each, good in zip(proven, as_good, strict=True) if good]
    if first[0][0].sign.group == _DESCENT:
        first = [each for each in proven if _is_rule(*each)] or first
    return min(first, key=lambda each: each[0].suspicion.yields)


def _is_rule(each: Suspected, _: Remedy, proof: Proof | None) -> bool:
    """Whether it is evident that the rule is not right, and another one does as much as a fault costs."""
    if proof is None or each.sign.group != _RULE or not each.suspicion.evident:
        return False
    return is_worth(proof.unchanged.median, proof.remedied.median)


def _likely(seen: Examination, unproven: Sequence[Tried], *, must: bool) -> list[Tried]:
    """What is suspected of a run that learned nothing, though runs of the same call do otherwise by chance.

    The first remedy with which most runs are better by enough, though others may fail for another reason: of
    what is evident, if there is any.
    Where there is none and the run is worse than a constant, something is wrong all the same, and the remedy
    that did most is given, if it must be one.
    """
    reached = seen.score
    with suppress(OutOfTime, DownslopeError):
        reached = seen.unseen_score
    if reached < 1 - LARGE_SHARE:
        return []
    proofs = [(tried, proof) for tried in unproven if (proof := tried[2]) is not None]
    likely = [
        tried
        for tried, proof in proofs
        if is_worth(reached, proof.remedied.median)
        and (tried[1].placebo is None or is_worth(proof.placebo.median, proof.remedied.median))
    ]
    if not likely and must and seen.is_useless and proofs:
        likely = [min(proofs, key=lambda each: each[1].remedied.scores.mean())[0]]
    likely.sort(key=lambda tried: (not tried[0].suspicion.evident, tried[0].suspicion.yields))
    return likely[:1]


def _together(trials: Trials, seen: Examination, faults: Sequence[Suspected]) -> list[Tried]:
    """The remedies that mend a run together where none does alone: all, without those that are not needed."""
    if len(faults) == 1:
        return []
    try:
        return _all_needed(trials, seen, faults)
    except OutOfTime:
        return []


def _all_needed(trials: Trials, seen: Examination, faults: Sequence[Suspected]) -> list[Tried]:
    """The same, where there is time."""
    begin = _fair(seen.call, faults)
    reached = seen.score_of(begin)
    chosen = {each: each.suspicion.remedies[0] for each in faults}
    for each in faults:
        others = _changed(begin, (remedy for other, remedy in chosen.items() if other is not each))
        chosen[each] = trials.screened(others, each.suspicion.remedies)[0]
    everything = Remedy("all of these", lambda call: _changed(call, chosen.values()))
    changed = everything.apply(begin)
    if not trials.promises(begin, [changed]):
        return []
    if verdict(trials.prove(begin, everything, changed), reached, trials=len(faults)) != FAULT:
        return []
    for each in reversed(faults):
        rest = {other: remedy for other, remedy in chosen.items() if other is not each}
        whole, part = (trials.branches(_changed(begin, some.values())) for some in (chosen, rest))
        if seeds_p(whole.scores, part.scores) >= LEVEL or not is_worth(part.median, whole.median):
            chosen = rest
    found: list[Tried] = []
    mended = _changed(begin, chosen.values())
    for each, remedy in chosen.items():
        call = _changed(begin, (other for other in chosen.values() if other is not remedy))
        proof = trials.prove(call, remedy, mended)
        if verdict(proof, reached, trials=len(faults)) != FAULT:
            return []
        found.append((each, remedy, proof))
    return found


def _needed(trials: Trials, call: Call, found: Sequence[Tried]) -> list[Tried]:
    """Those of the remedies, found one after the other, that are needed when the later ones are there too."""
    kept = list(found)
    whole = trials.branches(_applied(call, kept))
    for each in found:
        rest = [other for other in kept if other is not each]
        if each[2] is None or each[2].p >= LEVEL or not rest:
            continue
        part = trials.branches(_applied(call, rest))
        if seeds_p(whole.scores, part.scores) >= LEVEL or not is_worth(part.median, whole.median):
            kept, whole = rest, part
    if len(kept) == len(found):
        return kept
    proven: list[Tried] = []
    for suspected, remedy, proof in kept:  # what was proven beside a remedy that is not needed
        mended = remedy.apply(call)
        proven.append((suspected, remedy, proof and trials.prove(call, remedy, mended)))
        call = mended
    return proven


def _fair(call: Call, suspected: Iterable[Suspected]) -> Call:
    """The call as all that is suspected has it measured."""
    for each in suspected:
        call = each.suspicion.fair(call)
    return call


def _applied(call: Call, found: Iterable[Tried]) -> Call:
    return _changed(call, (remedy for _, remedy, _ in found))


def _changed(call: Call, remedies: Iterable[Remedy]) -> Call:
    for remedy in remedies:
        call = remedy.apply(call)
    return call
