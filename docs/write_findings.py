"""Write docs/reference/findings.md and its pictures: python docs/write_findings.py

Each finding is shown on a run of benchmarks/doctor in which it is planted; one found in none is an error.
"""

import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks" / "doctor"))

from healthy import ARCHITECTURES, TABLES, healthy

from downslope.insight.diagnosis import Call, Diagnosis, Finding, Sign, examine, signs
from downslope.insight.diagnosis.findings import GROUPS

HERE = Path(__file__).parent
IMAGES = HERE / "images" / "findings"
HEAD = """# The findings of the doctor

What [the doctor](../how-to/doctor.md) can find, each on a run in which it was planted: what was seen, why,
what mends it, and how the runs with the remedy (blue), without it (orange) and with an unrelated change
(grey) went.
Written by `python docs/write_findings.py`."""


def planted(sign: Sign) -> Iterator[tuple[str, Call]]:
    """Calls with the fault, the clearest first."""
    for severity in (1.0, 0.6):
        for story in sign.faults:
            for table in TABLES:
                for architecture in ARCHITECTURES:
                    call = story(healthy(table, architecture, 1), severity, np.random.default_rng(1))
                    if call is not None:
                        yield f"{cleandoc(story.__doc__ or '')} Here: the table *{table}*.", call


def example(sign: Sign) -> tuple[str, Finding]:
    """The first run in which it is found."""
    for words, call in planted(sign):
        found = examine(call, call.run(), prove=True, seconds=None)
        for finding in found.findings:
            if finding.code == sign.code:
                return words, finding
    raise AssertionError(f"{sign.code} is not found in any run in which it is planted")


def section(sign: Sign) -> str:
    """What is said of a finding."""
    words, finding = example(sign)
    lines = [f"### {sign.code}", cleandoc(sign.look.__doc__ or ""), f"*Planted:* {words}", finding.cause]
    where = finding.where.words()
    evidence = [f"{each.quantity}: {each.value:.4g}; bound {each.bound:.4g}" for each in finding.evidence]
    rows = [
        *(f"- {line}" for line in evidence),
        f"- Remedy: {finding.remedy}; {finding.expected}".rstrip("; "),
    ]
    if where:
        rows.insert(0, f"- Where: {where}")
    lines += ["\n".join([*rows, f"- Source: {sign.source}"])]
    if finding.proof is not None:
        IMAGES.mkdir(parents=True, exist_ok=True)
        picture = Diagnosis((finding,), 1.0, False, 0.0).picture()
        (IMAGES / f"{sign.code}.png").write_bytes(picture.png())
        words = f"Runs with the remedy of {sign.code}, without it, and with an unrelated change"
        lines.append(f"![{words}](../images/findings/{sign.code}.png)")
    return "\n\n".join(lines)


def main() -> None:
    """Write the page."""
    parts = [HEAD]
    for group in GROUPS:
        own = [sign for sign in signs() if sign.group == group]
        parts += [f"## {group.title()}", *map(section, own)]
    (HERE / "reference" / "findings.md").write_text("\n\n".join(parts) + "\n", "utf-8")


if __name__ == "__main__":
    main()
