"""What an examination comes to, in words and as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.drawing import Picture, panel
from downslope.errors import DownslopeError
from downslope.insight.diagnosis._finding import FAULT, Finding, Proof
from downslope.insight.diagnosis._written import (
    diagnosis_line,
    finding_html,
    finding_text,
    proof_picture,
)

__all__ = ["HELD", "LEARNED", "VALIDATION", "Diagnosis"]

VALIDATION = "the validation rows"
HELD = "rows that were held out, after a run without them,"
LEARNED = "the rows that were learned from"


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What the doctor says.

    Attributes:
        findings: faults, the one to mend first in front; then notes.
        score: the error of the run as a share of that of the best constant output.
        failed: whether the run came to what is not finite.
        seconds: that the examination took.
        names: of the inputs; empty where they have none.
        unexamined: what there was no time to look at: codes of findings, and what else, in words.
        judged_by: the rows that the score is of.
    """

    findings: Sequence[Finding]
    score: float
    failed: bool
    seconds: float
    names: Sequence[str] = ()
    unexamined: Sequence[str] = ()
    judged_by: str = LEARNED

    @property
    def healthy(self) -> bool:
        """Whether there is no fault: none found, none suspected for whose trial there was no time."""
        return not self.failed and not any(finding.severity == FAULT for finding in self.findings)

    def __repr__(self) -> str:
        codes = ", ".join(finding.code for finding in self.findings)
        return f"<Diagnosis: {'healthy' if self.healthy else 'not healthy'}{': ' + codes if codes else ''}>"

    def __str__(self) -> str:
        """In words: the cause, the evidence, the remedy and its proof of each finding."""
        blocks = [self._line()]
        blocks += [finding_text(place, each, self.names) for place, each in enumerate(self.findings, 1)]
        return "\n\n".join(blocks)

    def _repr_html_(self) -> str:
        """What a notebook shows: each finding, and its runs as curves."""
        parts = [finding_html(place, each, self.names) for place, each in enumerate(self.findings, 1)]
        return panel("Diagnosis", self._line(), *parts)

    def _line(self) -> str:
        return diagnosis_line(self.findings, self.score, self.judged_by, self.unexamined, failed=self.failed)

    def picture(self) -> Picture:
        """The runs that were tried for the first finding, as curves.

        Raises:
            DownslopeError: if none were tried.
        """
        for finding in self.findings:
            drawn = None if finding.proof is None else proof_picture(finding.proof)
            if drawn is not None:
                return drawn
        raise DownslopeError("nothing was tried, so that there are no curves; write text, HTML or JSON")

    def to_json(self) -> dict[str, Any]:
        """As plain data: numbers, texts and lists; the runs that were tried as scores and curves."""
        return {
            "healthy": self.healthy,
            "score": self.score,
            "judged_by": self.judged_by,
            "seconds": self.seconds,
            "unexamined": list(self.unexamined),
            "findings": [_json(finding, self.names) for finding in self.findings],
        }


def _json(finding: Finding, names: Sequence[str]) -> dict[str, Any]:
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
            "words": where.words(names),
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
    chances = {name: getattr(proof, name) for name in ("p", "rows_p", "placebo_p")}
    return {"steps": proof.steps, **chances, **branches}


def _finite(curve: NDArray[np.float64]) -> list[float | None]:
    """A curve as JSON has it, which knows no NaN."""
    return [value if np.isfinite(value) else None for value in curve.tolist()]
