"""Which remedies mend a run: alone, one after the other, or together, and which of them are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic, process_time

import numpy as np

from downslope.insight.diagnosis._finding import FAULT, NOTE, Proof, Remedy, Suspicion
from downslope.insight.diagnosis._trials import LEVEL, SEEDS, Progress, Trials, is_worth, rank_p, verdict
from downslope.insight.diagnosis.findings import Sign, signs
from downslope.insight.diagnosis.measured import Call, Examination

__all__ = ["Mending", "Suspected", "clock_of", "mend", "suspicions"]

_LEAST_SECONDS = 5.0  # of the processor, for tables whose ten epochs take less
_EPOCHS = 10  # what an examination may take of the run's own time
_MOST = 6  # faults that are mended one after the other
_MEASURABLE = 0.02  # seconds
_SCREENED = 12  # runs, about, that choose one of the remedies of a suspicion
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
    """

    found: Sequence[Tried]
    small: Sequence[Tried]
    untried: Sequence[Suspected]


def suspicions(seen: Examination) -> list[Suspected]:
    """All that an examination gives reason to suspect."""
    with np.errstate(all="ignore"):
        return [Suspected(sign, each) for sign in signs() for each in sign.look(seen)]


def clock_of(seconds: float | None) -> Callable[[], float]:
    """What tells the time of an examination: the processor's time, where none was asked for."""
    return process_time if seconds is None else monotonic


def mend(
    seen: Examination,
    suspected: Sequence[Suspected],
    seconds: float | None,
    started: float,
    progress: Progress | None = None,
) -> Mending:
    """Try the remedies of what is suspected, one fault after the other, until nothing more is found.

    Args:
        seen: the run as it is.
        suspected: of it.
        seconds: the time to take; None is that of ten epochs of the run, or 5 s of the processor.
        started: when the examination began, by its clock.
        progress: is told in words what is tried next; what it raises ends the trials.
    """
    faults = [each for each in suspected if not each.is_note]
    if not faults:
        return Mending((), (), ())
    trials = _trials(seen, len(faults), seconds, started)
    if progress is not None:
        trials.progress = progress
    begin, found, small = seen.call, list[Tried](), list[Tried]()
    sure, untried = 0, list[Suspected]()  # faults among what was found, and what was not tried beside them
    while True:
        tried, left = _tried(trials, seen, faults)
        small = small if found else tried[NOTE]
        # what does little alone may be half of a pair: one such remedy is made before the next look
        proven = tried[FAULT] or ([] if len(found) > sure else tried[NOTE])
        mending = [_first(proven)] if proven else _together(trials, seen, faults)
        untried = untried if found else left
        found += mending
        if tried[FAULT] or (mending and not proven):
            sure, untried = len(found), left
        if not mending or trials.is_over or len(found) >= _MOST:
            break
        begin = _fair(begin, (each for each, _, _ in mending))
        mended = _applied(begin, found)
        seen = Examination(mended, mended.run(time_limit=None), seen.yardstick)
        known = {each.sign.code for each, _, _ in found}
        faults = [each for each in suspicions(seen) if not each.is_note and each.sign.code not in known]
        if not faults:
            break
    found = found[:sure]
    if len(found) > 1 and not trials.is_over:
        found = _needed(trials, begin, found)
    return Mending(found, small, untried)


def _trials(seen: Examination, suspected: int, seconds: float | None, started: float) -> Trials:
    """Runs as long as the time allows, at most as long as the run that is examined."""
    clock, steps, epoch = clock_of(seconds), seen.steps_asked, seen.run.steps_in_epoch
    step = _seconds_of_a_step(seen.call, steps)
    limit = max(_EPOCHS * epoch * step, _LEAST_SECONDS) if seconds is None else seconds
    left = max(limit - (clock() - started), 0.0)
    branches = 2 * SEEDS + suspected * (SEEDS + _SCREENED)
    affordable = int(left / (branches * step))
    return Trials(seen.yardstick, max(1, min(steps, affordable)), steps, clock, started + limit)


def _seconds_of_a_step(call: Call, steps: int) -> float:
    """Of the processor: measured on more and more steps, until they can be measured or are all."""
    count = 0
    while True:
        count = min(steps, 8 * count + 1)
        begin = process_time()
        call.run(steps=count, epochs=None, time_limit=None, threads=1)
        seconds = process_time() - begin
        if (count > 1 and seconds > _MEASURABLE) or count >= steps:
            return max(seconds, 1e-6) / max(count, 1)


def _tried(
    trials: Trials, seen: Examination, faults: Sequence[Suspected]
) -> tuple[Mapping[str, list[Tried]], list[Suspected]]:
    """What came of the remedy of each suspicion, by severity; and those for which there was no time."""
    found: dict[str, list[Tried]] = {FAULT: [], NOTE: []}
    for place, each in enumerate(faults):
        if each.suspicion.certain:
            return {FAULT: [(each, each.suspicion.remedies[0], None)], NOTE: []}, []
        if trials.is_over:
            return found, list(faults[place:])
        call = each.suspicion.fair(seen.call)
        remedy = trials.screened(call, each.suspicion.remedies)
        proof = trials.prove(call, remedy, remedy.apply(call))
        severity = verdict(proof, seen.score_of(call))
        if severity is not None and each.suspicion.evident:
            severity = FAULT
        if severity is not None:
            found[severity].append((each, remedy, proof))
    return found, []


def _first(proven: Sequence[Tried]) -> Tried:
    """The remedy that does most; among those that do as much, the first in the order of causes."""
    runs = [proof.remedied for _, _, proof in proven if proof is not None]
    if not runs:  # certain without a trial
        return proven[0]
    best = min(runs, key=lambda branches: branches.median)
    as_good = [
        rank_p(best.scores, own.scores) >= _LEVEL or not is_worth(own.median, best.median) for own in runs
    ]
    return proven[as_good.index(True)]


def _together(trials: Trials, seen: Examination, faults: Sequence[Suspected]) -> list[Tried]:
    """The remedies that mend a run together where none does alone: all, without those that are not needed."""
    if len(faults) == 1 or trials.is_over:
        return []
    begin = _fair(seen.call, faults)
    reached = seen.score_of(begin)
    chosen = {each: each.suspicion.remedies[0] for each in faults}
    for each in faults:
        others = _changed(begin, (remedy for other, remedy in chosen.items() if other is not each))
        chosen[each] = trials.screened(others, each.suspicion.remedies)
    everything = Remedy("all of these", lambda call: _changed(call, chosen.values()))
    if verdict(trials.prove(begin, everything, everything.apply(begin)), reached) != FAULT:
        return []
    for each in reversed(faults):
        rest = {other: remedy for other, remedy in chosen.items() if other is not each}
        whole, part = (trials.branches(_changed(begin, some.values())) for some in (chosen, rest))
        if rank_p(whole.scores, part.scores) >= LEVEL or not is_worth(part.median, whole.median):
            chosen = rest
        if trials.is_over:
            return []
    found: list[Tried] = []
    mended = _changed(begin, chosen.values())
    for each, remedy in chosen.items():
        call = _changed(begin, (other for other in chosen.values() if other is not remedy))
        proof = trials.prove(call, remedy, mended)
        if verdict(proof, reached) != FAULT:
            return []
        found.append((each, remedy, proof))
    return found


def _needed(trials: Trials, call: Call, found: Sequence[Tried]) -> list[Tried]:
    """Those of the remedies, found one after the other, that are needed when the later ones are there too."""
    kept = list(found)
    whole = trials.branches(_applied(call, kept))
    for each in found:
        rest = [other for other in kept if other is not each]
        if each[2] is None or not rest:
            continue
        part = trials.branches(_applied(call, rest))
        if rank_p(whole.scores, part.scores) >= LEVEL or not is_worth(part.median, whole.median):
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
