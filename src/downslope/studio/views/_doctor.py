"""What the doctor says of the run of the page, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from downslope.insight.diagnosis import Diagnosis, Finding, examine
from downslope.studio._schema import Examine
from downslope.studio.session._doctor import Changes, call_of, run_again, what_changes
from downslope.studio.session._session import Session

__all__ = ["examined"]

Progress = Callable[[str], None]


def examined(session: Session, _command: Examine) -> Callable[[Progress], dict[str, Any]]:
    """What makes the diagnosis of the present run. It looks at nothing of the session any more."""
    state = session.state
    call, names = call_of(state), state.rows.features

    def made(progress: Progress) -> dict[str, Any]:
        progress("repeating the run")
        same, run = run_again(call)
        progress("looking for signs")
        found = examine(same, run, prove=True, seconds=None, names=names, progress=progress)
        changes = [what_changes(state, same, finding.remedied) for finding in found.findings]
        found = _going_on(found, changes)
        findings = [
            {**view, "changes": each, **_words(finding, names)}
            for view, finding, each in zip(found.to_json()["findings"], found.findings, changes, strict=True)
        ]
        return {
            "message": "examined",
            "run": state.current,
            "name": state.run.name,
            "steps": same.settings["steps"],
            "healthy": found.healthy,
            "summary": _summary(found),
            "findings": findings,
        }

    return made


def _going_on(found: Diagnosis, changes: Sequence[Changes | None]) -> Diagnosis:
    """Remedies that set nothing more ask for more steps: of a run that has not ended they are no fault."""
    before: Sequence[Changes | None] = ({"settings": {}}, *changes)
    findings = [
        replace(finding, severity="note") if each is not None and each == earlier else finding
        for finding, each, earlier in zip(found.findings, changes, before, strict=False)
    ]
    return replace(found, findings=findings)


def _summary(found: Diagnosis) -> str:
    """The first line of a diagnosis: whether the run is healthy, and its error."""
    return str(found).partition("\n")[0]


def _words(finding: Finding, names: tuple[str, ...]) -> Mapping[str, Any]:
    """Where it is, with rows counted from 1 as the page counts them; and the scores of its proof."""
    where, proof = finding.where, finding.proof
    shown = replace(where, rows=tuple(int(row) + 1 for row in where.rows)).words(names)
    if proof is None:
        return {"where": shown, "scores": None}
    runs = {"unchanged": proof.unchanged, "remedied": proof.remedied, "placebo": proof.placebo}
    return {"where": shown, "scores": {name: each.median for name, each in runs.items()}}
