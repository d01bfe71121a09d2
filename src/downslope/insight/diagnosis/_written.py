"""A diagnosis in words and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

import numpy as np

from downslope._visible import escape
from downslope.drawing import Curve, Picture, curves_picture
from downslope.insight.diagnosis._finding import FAULT, SUSPECTED, Evidence, Finding, Proof
from downslope.insight.diagnosis.measured import shown_score

__all__ = ["diagnosis_line", "finding_html", "finding_text", "proof_picture"]

_WIDTH = 100
_INDENT = " " * 13
_NOTHING = (
    0.95  # of the error of the best constant: less than f² = 0.053, a small effect (Cohen 1988), was learned
)


def diagnosis_line(
    findings: Sequence[Finding], score: float, judged_by: str, unexamined: Sequence[str], *, failed: bool
) -> str:
    """Whether the run is healthy, in a few sentences; what there was no time for among them."""
    faults = [finding for finding in findings if finding.severity == FAULT]
    shown_faults = sum(finding.stated != SUSPECTED for finding in faults)
    shown = shown_score(score)
    of = " of" if shown.endswith("%") else ""
    left = f"The error of {judged_by} is {shown}{of} that of the best constant."
    if failed:
        left = "The run came to what is not finite."
    if shown_faults:
        said = f"Not healthy: {_count(shown_faults, 'fault')}. {left}"
    elif faults:
        said = f"Not proven: {_count(len(faults), 'suspicion')}. {left}"
    elif failed:
        said = f"Not healthy. {left} Nothing that was tried mends it."
    else:
        if score >= _NOTHING:
            left += " Nothing that was tried lowers it: the inputs may say nothing of the target."
        found = "No fault was found so far." if unexamined else "Healthy: no fault was found."
        said = f"{found} {left}"
    return f"{said} Not looked at for want of time: {', '.join(unexamined)}." if unexamined else said


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def finding_text(place: int, finding: Finding, names: Sequence[str]) -> str:
    """A finding in lines of at most 100 characters."""
    lines = [
        f"{place}. {_title(finding, names)}",
        fill(finding.cause, _WIDTH, initial_indent="   ", subsequent_indent="   "),
    ]
    lines += [_row(name, words) for name, words in _facts(finding)]
    return "\n".join(lines)


def finding_html(place: int, finding: Finding, names: Sequence[str]) -> str:
    """A finding with the runs that were tried as curves."""
    rows = "".join(f"<div><b>{escape(n)}</b> {escape(words)}</div>" for n, words in _facts(finding))
    drawn = None if finding.proof is None else proof_picture(finding.proof)
    picture = "" if drawn is None else drawn.svg()
    title = f"{place}. {_title(finding, names)}"
    head = f"<div><b>{escape(title)}</b></div><div>{escape(finding.cause)}</div>"
    return f'<div style="margin:8px 0">{head}{rows}{picture}</div>'


def _title(finding: Finding, names: Sequence[str]) -> str:
    where = finding.where.words(names)
    kind = "" if finding.severity == FAULT else "note, "
    return f"{finding.code}{f' ({where})' if where else ''}: {kind}{finding.stated}"


def _facts(finding: Finding) -> list[tuple[str, str]]:
    """What stands under a finding, each with its name."""
    facts = [("Evidence", _evidence(each)) for each in finding.evidence]
    changes = f" (changes {', '.join(finding.changes)})" if finding.changes else ""
    facts.append(("Remedy", finding.remedy + changes))
    if finding.proof is not None:
        facts.append(("Proof", _proof(finding.proof)))
    return facts


def _evidence(evidence: Evidence) -> str:
    return f"{evidence.quantity}: {evidence.value:.4g}; bound {evidence.bound:.4g}"


def _proof(proof: Proof) -> str:
    before, after, beside = (
        shown_score(branches.median) for branches in (proof.unchanged, proof.remedied, proof.placebo)
    )
    runs = f"{len(proof.unchanged.scores)} runs of {proof.steps:,} steps" + (
        ", fewer than asked for" * proof.short
    )
    return (
        f"error beside that of the best constant: {before}, with the remedy {after}, with an unrelated "
        f"change {beside} ({runs}; p = {proof.p:.2g})"
    )


def _row(name: str, words: str) -> str:
    return fill(words, _WIDTH, initial_indent=f"   {name:<10}", subsequent_indent=_INDENT)


def proof_picture(proof: Proof) -> Picture | None:
    """Every run as a curve, those with the remedy in front; None where no error can be drawn."""
    kinds = {"unchanged": proof.unchanged, "placebo": proof.placebo, "remedied": proof.remedied}
    curves = []
    for name, branches in kinds.items():
        steps = np.linspace(0, proof.steps, branches.curves.shape[1])
        for curve in branches.curves:
            finite = np.isfinite(curve)
            points = list(zip(steps[finite].tolist(), curve[finite].tolist(), strict=True))
            curves.append(Curve(name, points, faint=name == "placebo"))
    return curves_picture(curves, "steps")
