"""``doctor``: what is wrong with a run, the evidence, the proof, and what to change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any, Protocol, runtime_checkable

import numpy as np

from downslope._checks import POSITIVE, flag, items, number, show, text
from downslope._keywords import suggests_keywords
from downslope.engines import OutOfTime
from downslope.errors import DownslopeError
from downslope.insight.diagnosis._diagnosis import HELD, LEARNED, VALIDATION, Diagnosis
from downslope.insight.diagnosis._finding import CERTAIN, NOTE, PROVEN, SUSPECTED, Finding, Proof, Remedy
from downslope.insight.diagnosis._mending import Mending, Suspected, budget_of, mend, suspicions
from downslope.insight.diagnosis._trials import LARGE_SHARE, Progress, is_proven
from downslope.insight.diagnosis.findings import signs
from downslope.insight.diagnosis.measured import WORST, Call, Examination, Yardstick, shown_score
from downslope.nets import Network
from downslope.training import Run

__all__ = ["doctor", "examine"]


@suggests_keywords
def doctor(
    what: Any,
    x: Any = None,
    y: Any = None,
    *,
    prove: bool = True,
    seconds: float | None = None,
    features: Sequence[str] | None = None,
) -> Diagnosis:
    """What is wrong with a run or a fit, shown by evidence, proven by trying what mends it.

    Each finding looks for the sign of one fault: exact counts of the rows, the gradient and curvature at the
    start and the end, values on the way. What it suspects is then tried: runs from the same start with the
    remedy, without it, and with an unrelated change, over five seeds. A fault is stated as a fact only where
    the remedy does better than the unchanged runs and those with the unrelated change (Pitman 1937, at
    1%), where other rows would say the same (Student 1908, at 1% for all that is tried together), and where
    it lowers the error by enough (f² ≥ 0.35, which Cohen 1988 calls a large effect, and a twentieth of the
    error of the best constant). Several faults are mended one after the other.

    Args:
        what: a run that ``descend`` gave; or a model or a fitted estimator, of which the descent is repeated
            on these rows, for a model that of its largest network; or all arguments of ``descend`` by name.
        x: the inputs that it was trained on, (rows, inputs); for a model the table.
        y: the targets that it was trained on; for a model None, where they are a column of the table.
        prove: whether suspicions are tried; otherwise all of them are given, marked as such.
        seconds: the time that all of it may take; None is that of ten epochs of the run, or 5 s of the
            processor where they take less, beside the run. What there was no time to try is given as
            suspected, and what there was no time to look at is named in ``unexamined``; Ctrl-C ends the time.
        features: names of the inputs; those of a model's are known.

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
    names = getattr(what, "input_names", ()) if features is None else _names(features, call.network)
    return examine(call, run, prove=tried, seconds=limit, names=names)


@runtime_checkable
class Trained(Protocol):
    """What was trained as ``descend`` would train it."""

    def descent_arguments(self, x: Any, y: Any) -> Mapping[str, Any]:
        """All arguments of ``descend`` that train it on these rows."""


def _called(what: Any, x: Any, y: Any) -> tuple[Call, Run | None]:
    """The call that is examined, and the run that came of it, if it was made."""
    if isinstance(what, Run):
        if not what.settings:
            raise DownslopeError(
                "this run does not know its settings; give what descend gave, not a loaded run"
            )
        call = Call(_one(what.network), np.asarray(_given("x", x)), np.asarray(_given("y", y)), what.settings)
        _refuse_other_rows(call, what)
        return call, what
    if isinstance(what, Mapping):
        settings = {**{name: each for name, each in (("x", x), ("y", y)) if each is not None}, **what}
    elif isinstance(what, Trained) and not isinstance(what, type):
        settings = dict(what.descent_arguments(_given("x", x), y))
    else:
        raise DownslopeError(
            "what needs a run that descend gave, a model or a fitted estimator, or the arguments of descend "
            f"by name, not {show(what)}"
        )
    missing = [name for name in ("network", "x", "y") if name not in settings]
    if missing:
        raise DownslopeError(
            f"what lacks {', '.join(missing)}: it needs all arguments of descend by name; of models of "
            "several targets give one"
        )
    network, x, y = (settings.pop(name) for name in ("network", "x", "y"))
    return Call(_one(network), np.asarray(x), np.asarray(y), settings), None


def _given(name: str, values: Any) -> Any:
    if values is None:
        raise DownslopeError(
            f"{name} is missing: give the rows that it was trained on, as doctor(what, x, y)"
        )
    return values


def _refuse_other_rows(call: Call, run: Run) -> None:
    """Refuse rows that make another number of steps in an epoch than those of the run."""
    if not call.x.ndim:
        return  # which is refused by its shape
    rows, share = len(call.x), call.settings.get("validation")
    trained = rows - max(1, round(rows * share)) if isinstance(share, float) else rows
    steps = -(-trained // min(call.settings.get("batch_size") or trained, trained)) if trained > 0 else 0
    if steps != run.steps_in_epoch:
        raise DownslopeError(
            f"x has {rows:,} rows, which are {steps:,} steps in an epoch, and the run made "
            f"{run.steps_in_epoch:,}: give the rows that it was trained on"
        )


def _names(features: Sequence[str], network: Network) -> Sequence[str]:
    found = items("features", features, "names of the inputs")
    if len(found) != network.inputs:
        raise DownslopeError(f"features needs {network.inputs} names, one for each input, not {len(found)}")
    return [text("features", name) for name in found]


def _one(network: Any) -> Network:
    if not isinstance(network, Network):
        raise DownslopeError(f"what needs one network, not {show(network)}; give a run of one member")
    return network


def examine(
    call: Call,
    run: Run | None,
    *,
    prove: bool,
    seconds: float | None,
    names: Sequence[str] = (),
    progress: Progress | None = None,
) -> Diagnosis:
    """What is wrong with a call, of which a run came.

    Args:
        call: what was asked for.
        run: what came of it; None where it is still to be made.
        prove, seconds: as of ``doctor``.
        names: of the inputs.
        progress: is told in words what is tried next; what it raises ends the examination.
    """
    begin = perf_counter()
    call = call.afresh()
    for damaged in (Suspected(sign, each) for sign in signs() for each in sign.look_at_arguments(call)):
        remedy = damaged.suspicion.remedies[0]
        first = _finding(damaged, remedy, None, call)
        try:
            rest = examine(
                remedy.apply(call), None, prove=prove, seconds=seconds, names=names, progress=progress
            )
        except DownslopeError:  # nothing is left that could be run
            rest = Diagnosis((), WORST, True, 0.0, names)
        both, took = (first, *rest.findings), perf_counter() - begin
        return Diagnosis(both, WORST, True, took, names, rest.unexamined)
    run, cut = (run, []) if run else _made(call, seconds)
    apart = call.with_rows_apart()
    if run.stopped in ("time", "interrupted", "callback"):
        apart = apart.with_settings(steps=len(run.losses), epochs=None, time_limit=None)
    left = None if seconds is None else max(seconds - (perf_counter() - begin), 0.0)
    seen = Examination(apart, run, Yardstick(apart), budget_of(apart, seconds, left=left))
    suspected, unexamined = suspicions(seen)
    score, judged_by = _judged(seen)
    mending = mend(seen, suspected, progress) if prove else Mending((), (), tuple(suspected))
    unexamined = [*cut, *unexamined, *(each for each in mending.unexamined if each not in unexamined)]
    mended, findings = call, list[Finding]()
    for each, remedy, proof in mending.found:
        findings.append(_finding(each, remedy, proof, mended))
        mended = remedy.apply(mended)
    known = {finding.code for finding in findings}
    harmless = [each for each in suspected if each.is_note and prove]
    others: list[tuple[Suspected, Remedy, Proof | None]] = list(mending.small)
    others += [(each, each.suspicion.remedies[0], None) for each in (*mending.untried, *harmless)]
    for each, remedy, proof in others:
        if each.sign.code not in known:
            known.add(each.sign.code)
            can_harm = each in mending.untried and not seen.is_within(LARGE_SHARE, seen.call)
            severity = None if can_harm else NOTE
            findings.append(
                _finding(each, remedy, proof, mended if each in mending.untried else call, severity)
            )
    return Diagnosis(findings, score, seen.failed, perf_counter() - begin, names, unexamined, judged_by)


def _judged(seen: Examination) -> tuple[float, str]:
    """The score that is told, and which rows it is of: learned ones say little of new ones."""
    if seen.call.has_validation:
        return seen.score, VALIDATION
    if seen.call.held is not None and not seen.failed:
        with suppress(OutOfTime, DownslopeError):
            return seen.unseen_score, HELD
    return seen.score, LEARNED


def _made(call: Call, seconds: float | None) -> tuple[Run, list[str]]:
    """The run of a call, within half of the time that was asked for; and what was left out of it."""
    limits = [call.settings.get("time_limit"), None if seconds is None else seconds / 2]
    limit = min((each for each in limits if each is not None), default=None)
    run = call.run(time_limit=limit)
    if run.stopped == "interrupted":
        raise KeyboardInterrupt
    if run.stopped != "time" or limit == limits[0]:
        return run, []
    return run, [f"steps beyond {len(run.losses):,} of {call.steps_asked:,}"]


def _finding(
    each: Suspected, remedy: Remedy, proof: Proof | None, call: Call, severity: str | None = None
) -> Finding:
    before, after = call.arguments(), remedy.apply(call).arguments()
    changes = {name: value for name, value in after.items() if value is not before.get(name)}
    own = each.suspicion
    proven = proof is not None and is_proven(proof, evident=own.evident)
    stated = PROVEN if proven else CERTAIN if own.certain else SUSPECTED
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
