"""``doctor``: what is wrong with a run, the evidence, the proof, and what to change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic, perf_counter
from typing import Any, Protocol, runtime_checkable

import numpy as np

from downslope._checks import POSITIVE, flag, number, show
from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError
from downslope.insight.diagnosis._call import Call
from downslope.insight.diagnosis._diagnosis import Diagnosis
from downslope.insight.diagnosis._examination import Examination
from downslope.insight.diagnosis._finding import (
    CERTAIN,
    FAULT,
    NOTE,
    PROVEN,
    SUSPECTED,
    Finding,
    Proof,
    Remedy,
    Suspicion,
)
from downslope.insight.diagnosis._score import Yardstick, shown_score
from downslope.insight.diagnosis._trials import LEVEL, SEEDS, Trials, is_worth, rank_p, verdict
from downslope.insight.diagnosis.findings import Sign, signs
from downslope.nets import Network
from downslope.training import Run

__all__ = ["doctor", "examine"]

_LEAST_SECONDS = 3.0  # for tables whose ten epochs take less
_EPOCHS = 10  # what an examination may take of the run's own time
_MOST = 6  # faults that are mended one after the other
_MEASURABLE = 0.02  # seconds
_SCREENED = 12  # runs, about, that choose one of the remedies of a suspicion
_LEVEL = 0.05  # where two remedies differ by less, the cause is taken in the order of the findings


@suggests_keywords
def doctor(what: Any, x: Any, y: Any, *, prove: bool = True, seconds: float | None = None) -> Diagnosis:
    """What is wrong with a run or a fit, shown by evidence, proven by trying what mends it.

    Each finding looks for the sign of one fault: exact counts of the rows, the gradient and curvature at the
    start and the end, values on the way. What it suspects is then tried: runs from the same start with the
    remedy, without it, and with an unrelated change, over five seeds. A fault is stated as a fact only where
    the remedy ranks above the unchanged runs (Mann and Whitney 1947, at 1%), lowers the error by enough
    (f² ≥ 0.35, which Cohen 1988 calls a large effect, and a twentieth of the error of the best constant), and
    the unrelated change does not. Several faults are mended one after the other.

    Args:
        what: a run that ``descend`` gave, or a fitted MLPRegressor or MLPClassifier, whose descent is
            repeated on these rows.
        x: the inputs that it was trained on, (rows, inputs).
        y: the targets that it was trained on.
        prove: whether suspicions are tried; otherwise all of them are given, marked as such.
        seconds: the time to take; None is that of ten epochs of the run, or 3 s where they take less.

    Raises:
        DownslopeError: if ``what`` is none of these, the run has no settings, as one read from a file, or
            the rows do not fit.

    >>> from downslope.nets import Dense, Network
    >>> x = [[200.0], [-100.0], [300.0], [50.0]]
    >>> y = [400.0, -200.0, 600.0, 100.0]
    >>> from downslope.training import descend
    >>> net = Network(inputs=1, layers=[Dense(1)])
    >>> [finding.code for finding in doctor(descend(net, x, y, steps=100), x, y).findings]
    ['unscaled-inputs']
    """
    limit, tried = None if seconds is None else number("seconds", seconds, POSITIVE), flag("prove", prove)
    call, run = _called(what, x, y)
    return examine(call, run, prove=tried, seconds=limit)


@runtime_checkable
class Trained(Protocol):
    """What was trained as ``descend`` would train it."""

    def descent_arguments(self, x: Any, y: Any) -> Mapping[str, Any]:
        """All arguments of ``descend`` that train it on these rows."""


def _called(what: Any, x: Any, y: Any) -> tuple[Call, Run]:
    """The call that is examined, and the run that came of it."""
    if isinstance(what, Run):
        if not what.settings:
            raise DownslopeError(
                "this run does not know its settings; give what descend gave, not a loaded run"
            )
        call, run = Call(_one(what.network), np.asarray(x), np.asarray(y), what.settings), what
        call.rows  # noqa: B018 -- refuses rows that do not fit
        return call, run
    if isinstance(what, type) or not isinstance(what, Trained):
        raise DownslopeError(
            f"the doctor examines a run that descend gave, or a fitted estimator, not {show(what)}"
        )
    settings = dict(what.descent_arguments(x, y))
    network, x, y = (settings.pop(name) for name in ("network", "x", "y"))
    call = Call(_one(network), x, y, settings)
    return call, call.run()


def _one(network: Any) -> Network:
    if not isinstance(network, Network):
        raise DownslopeError("the doctor examines one network, not an ensemble; give a run of one member")
    return network


def examine(call: Call, run: Run, *, prove: bool, seconds: float | None) -> Diagnosis:
    """What is wrong with a call, of which a run came."""
    begin = perf_counter()
    call = call.afresh()
    seen = _seen(call, run)
    score = seen.score
    suspected = _suspected(seen)
    if not prove:
        findings = [_finding(each, each.suspicion.remedies[0], None, call) for each in suspected]
        return Diagnosis(findings, score, perf_counter() - begin)
    notes = [_finding(each, each.suspicion.remedies[0], None, call) for each in suspected if each.is_note]
    trials: Trials | None = None
    mended, found = seen.call, list[Tried]()
    while len(found) < _MOST:
        faults = [each for each in suspected if not each.is_note]
        if not faults:
            break
        trials = trials or _trials(seen, len(faults), seconds)
        tried = _tried(trials, seen, faults)
        mending = _mending(trials, seen, faults, tried)
        if not found:
            notes += [_finding(*each, call, NOTE) for each in tried[NOTE]]
        found += mending
        mended = _applied(mended, [remedy for _, remedy, _ in mending])
        if not mending or trials.is_over:
            break
        seen = Examination(mended, mended.run(time_limit=None), seen.yardstick)
        known = {each.sign.code for each, _, _ in found}
        suspected = [each for each in _suspected(seen) if each.sign.code not in known]
    if trials is not None and len(found) > 1 and not trials.is_over:
        found = _needed(trials, _seen(call, run).call, found)
    findings = []
    for each, remedy, proof in found:
        findings.append(_finding(each, remedy, proof, call))
        call = remedy.apply(call)
    codes = {finding.code for finding in findings}
    notes = [note for note in notes if note.code not in codes]
    return Diagnosis((*findings, *notes), score, perf_counter() - begin)


@dataclass(frozen=True, eq=False)
class _Suspected:
    """A suspicion and the finding it is of."""

    sign: Sign
    suspicion: Suspicion

    @property
    def is_note(self) -> bool:
        return self.suspicion.severity == NOTE


Tried = tuple[_Suspected, Remedy, Proof | None]


def _seen(call: Call, run: Run, yardstick: Yardstick | None = None) -> Examination:
    apart = call.with_rows_apart()
    return Examination(apart, run, yardstick or Yardstick(apart))


def _suspected(seen: Examination) -> list[_Suspected]:
    with np.errstate(all="ignore"):
        return [_Suspected(sign, each) for sign in signs() for each in sign.look(seen)]


def _trials(seen: Examination, suspected: int, seconds: float | None) -> Trials:
    """Runs as long as the time allows, at most as long as the run that is examined."""
    steps, epoch = seen.steps_asked, seen.run.steps_in_epoch
    step = _seconds_of_a_step(seen.call, steps)
    limit = max(_EPOCHS * epoch * step, _LEAST_SECONDS) if seconds is None else seconds
    branches = 2 * SEEDS + suspected * (SEEDS + _SCREENED)
    affordable = int(limit / (branches * step))
    return Trials(seen.yardstick, max(1, min(steps, affordable)), steps, monotonic() + limit)


def _seconds_of_a_step(call: Call, steps: int) -> float:
    """Measured on more and more steps, until they take long enough to be measured or are all."""
    count = 0
    while True:
        count = min(steps, 8 * count + 1)
        begin = perf_counter()
        call.run(steps=count, epochs=None, time_limit=None)
        seconds = perf_counter() - begin
        if (count > 1 and seconds > _MEASURABLE) or count >= steps:
            return seconds / max(count, 1)


def _tried(trials: Trials, seen: Examination, faults: Sequence[_Suspected]) -> Mapping[str, list[Tried]]:
    """What came of the remedy of each suspicion, by severity, as far as the time allows."""
    found: dict[str, list[Tried]] = {FAULT: [], NOTE: []}
    for each in faults:
        if each.suspicion.certain:
            return {FAULT: [(each, each.suspicion.remedies[0], None)], NOTE: []}
        if trials.is_over:
            break
        remedy = trials.screened(seen.call, each.suspicion.remedies)
        proof = trials.prove(seen.call, remedy, remedy.apply(seen.call))
        severity = verdict(proof, seen.score)
        if severity is not None:
            found[severity].append((each, remedy, proof))
    return found


def _mending(
    trials: Trials, seen: Examination, faults: Sequence[_Suspected], tried: Mapping[str, list[Tried]]
) -> Sequence[Tried]:
    """What mends a run: the remedy that does most; where none does anything alone, the fewest together."""
    if tried[FAULT]:
        return [_first(tried[FAULT])]
    return [] if len(faults) == 1 or trials.is_over else _together(trials, seen, faults)


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


def _together(trials: Trials, seen: Examination, faults: Sequence[_Suspected]) -> Sequence[Tried]:
    """The remedies that mend a run together where none does alone: all, without those that are not needed."""
    chosen: dict[_Suspected, Remedy] = {each: each.suspicion.remedies[0] for each in faults}
    for each in faults:
        others = _applied(seen.call, [remedy for other, remedy in chosen.items() if other is not each])
        chosen[each] = trials.screened(others, each.suspicion.remedies)
    everything = Remedy("all of these", lambda call: _applied(call, chosen.values()))
    if verdict(trials.prove(seen.call, everything, everything.apply(seen.call)), seen.score) != FAULT:
        return []
    for each in reversed(faults):
        rest = {other: remedy for other, remedy in chosen.items() if other is not each}
        whole, part = (trials.branches(_applied(seen.call, some.values())) for some in (chosen, rest))
        if rank_p(whole.scores, part.scores) >= LEVEL or not is_worth(part.median, whole.median):
            chosen = rest
        if trials.is_over:
            return []
    found: list[Tried] = []
    mended = _applied(seen.call, chosen.values())
    for each, remedy in chosen.items():
        rest_of_call = _applied(seen.call, [other for other in chosen.values() if other is not remedy])
        proof = trials.prove(rest_of_call, remedy, mended)
        if verdict(proof, seen.score) != FAULT:
            return []
        found.append((each, remedy, proof))
    return found


def _needed(trials: Trials, call: Call, found: Sequence[Tried]) -> list[Tried]:
    """Those of the remedies, found one after the other, that are needed when the later ones are there too."""
    kept = list(found)
    whole = trials.branches(_applied(call, [remedy for _, remedy, _ in found]))
    for each in found:
        rest = [other for other in kept if other is not each]
        if each[2] is None or not rest:
            continue
        part = trials.branches(_applied(call, [remedy for _, remedy, _ in rest]))
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


def _applied(call: Call, remedies: Iterable[Remedy]) -> Call:
    for remedy in remedies:
        call = remedy.apply(call)
    return call


def _finding(
    each: _Suspected, remedy: Remedy, proof: Proof | None, call: Call, severity: str | None = None
) -> Finding:
    before, after = call.arguments(), remedy.apply(call).arguments()
    changes = {name: value for name, value in after.items() if value is not before.get(name)}
    own = each.suspicion
    stated = PROVEN if proof is not None else CERTAIN if own.certain else SUSPECTED
    return Finding(
        code=each.sign.code,
        severity=severity or own.severity,
        where=own.where,
        evidence=own.evidence,
        cause=own.cause,
        remedy=remedy.words,
        changes=changes,
        remedied=after,
        proof=proof,
        stated=stated,
        expected=own.expected or _expected(proof),
        source=each.sign.source,
    )


def _expected(proof: Proof | None) -> str:
    if proof is None:
        return ""
    before, after = shown_score(proof.unchanged.median), shown_score(proof.remedied.median)
    return f"the error falls from {before} to {after} of that of the best constant"
