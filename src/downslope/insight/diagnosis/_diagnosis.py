"""What an examination comes to, in words and as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.drawing import panel
from downslope.insight.diagnosis._finding import FAULT, Finding, Proof
from downslope.insight.diagnosis._score import shown_score

__all__ = ["Diagnosis"]


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What the doctor says.

    Attributes:
        findings: faults, the one to mend first in front; then notes.
        score: the error of the run as a share of that of the best constant output.
        failed: whether the run came to what is not finite.
        seconds: that the examination took.
    """

    findings: Sequence[Finding]
    score: float
    failed: bool
    seconds: float

    @property
    def healthy(self) -> bool:
        """Whether there is no fault: none found, none suspected for whose trial there was no time."""
        return not self.failed and not any(finding.severity == FAULT for finding in self.findings)

    def __repr__(self) -> str:
        codes = ", ".join(finding.code for finding in self.findings)
        return f"<Diagnosis: {'healthy' if self.healthy else 'not healthy'}{': ' + codes if codes else ''}>"

    def __str__(self) -> str:
        """In words: the cause, the evidence, the remedy and its proof of each finding."""
        if self.healthy:
            first = "Healthy: no fault was found."
        elif self.findings:
            first = "Not healthy:"
        else:
            first = "Not healthy: it came to what is not finite, and nothing that was tried mends it."
        return "\n".join([first, *(line for finding in self.findings for line in _lines(finding))])

    def _repr_html_(self) -> str:
        """What a notebook shows: each finding, and its runs as curves."""
        parts = []
        for finding in self.findings:
            words = [f"<div>{escape(line)}</div>" for line in _lines(finding)]
            parts.append("".join(words))
        return panel("Diagnosis", repr(self)[12:-1], *parts)

    def to_json(self) -> dict[str, Any]:
        """As plain data: numbers, texts and lists; the runs that were tried as scores and curves."""
        return {
            "healthy": self.healthy,
            "score": self.score,
            "seconds": self.seconds,
            "findings": [_json(finding) for finding in self.findings],
        }


def _lines(finding: Finding) -> list[str]:
    where = f" ({finding.where})" if str(finding.where) else ""
    lines = [f"{finding.code}{where}, {finding.stated}: {finding.cause}"]
    lines += [f"  {evidence}" for evidence in finding.evidence]
    lines.append(f"  Remedy: {finding.remedy}.")
    if finding.proof is not None:
        lines.append(f"  Tried: {_tried(finding.proof)}.")
    return lines


def _tried(proof: Proof) -> str:
    kinds = {"unchanged": proof.unchanged, "with the remedy": proof.remedied, "placebo": proof.placebo}
    shown = ", ".join(f"{name} {shown_score(branches.median)}" for name, branches in kinds.items())
    count = len(proof.unchanged.scores)
    return (
        f"{count} runs of {proof.steps:,} steps each leave, of the error of the best constant, {shown}"
        f" (p = {proof.p:.2g})"
    )


def _json(finding: Finding) -> dict[str, Any]:
    where = finding.where
    found: dict[str, Any] = {
        "code": finding.code,
        "severity": finding.severity,
        "stated": finding.stated,
        "cause": finding.cause,
        "where": {
            "layer": where.layer,
            **{name: [int(n) for n in getattr(where, name)] for name in ("units", "columns", "rows")},
            "step": where.step,
        },
        "evidence": [
            {"quantity": e.quantity, "value": float(e.value), "bound": float(e.bound), "source": e.source}
            for e in finding.evidence
        ],
        "remedy": finding.remedy,
        "changes": sorted(finding.changes),
        "expected": finding.expected,
        "source": finding.source,
        "proof": None if finding.proof is None else _proof_json(finding.proof),
    }
    return found


def _proof_json(proof: Proof) -> Mapping[str, Any]:
    kinds = {"unchanged": proof.unchanged, "remedied": proof.remedied, "placebo": proof.placebo}
    branches = {
        name: {
            "scores": each.scores.tolist(),
            "curves": [_finite(curve) for curve in each.curves],
        }
        for name, each in kinds.items()
    }
    return {"steps": proof.steps, "p": proof.p, "placebo_p": proof.placebo_p, **branches}


def _finite(curve: NDArray[np.float64]) -> list[float | None]:
    """A curve as JSON has it, which knows no NaN."""
    return [value if np.isfinite(value) else None for value in curve.tolist()]
