"""Each finding by its two stories: the planted fault is found and mended, its look-alike is left alone."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from healthy import healthy

from downslope.insight.diagnosis import Call, Diagnosis, Sign, examine, signs
from downslope.insight.diagnosis.findings import GROUPS

EVERYDAY = "misaligned-labels"  # whose trials take the least time
TABLES = ("friedman", "rings", "wine", "line", "diabetes")


def stories(kind: str) -> list[object]:
    """All of them, of which those but the first of one sign are thorough."""
    return [
        pytest.param(
            *(sign, index),
            id=f"{sign.code}-{index}",
            marks=[pytest.mark.thorough] if sign.code != EVERYDAY or index else [],
        )
        for sign in signs()
        for index in range(len(getattr(sign, kind)))
    ]


def told(sign: Sign, kind: str, index: int, *severity: float) -> Call:
    """The story on the first table and network that can have it."""
    for table in TABLES:
        for architecture in ("wide", "deep"):
            call = getattr(sign, kind)[index](
                healthy(table, architecture, 1), *severity, np.random.default_rng(1)
            )
            if call is not None:
                return call
    raise AssertionError("no table can have it")


def diagnosed(call: Call) -> Diagnosis:
    return examine(call, call.run(), prove=True, seconds=60.0)  # on a slow machine too


@pytest.mark.parametrize(("sign", "index"), stories("faults"))
def test_a_planted_fault_is_found_and_its_remedy_mends_it(sign: Sign, index: int) -> None:
    call = told(sign, "faults", index, 1.0)
    found = {finding.code: finding for finding in diagnosed(call).findings}
    assert sign.code in found
    assert found[sign.code].severity == sign.severity
    assert found[sign.code].evidence


@pytest.mark.parametrize(("sign", "index"), stories("look_alikes"))
def test_a_healthy_look_alike_is_left_alone(sign: Sign, index: int) -> None:
    assert diagnosed(told(sign, "look_alikes", index)).healthy


def test_every_finding_has_both_stories_a_group_and_a_source() -> None:
    for sign in signs():
        assert sign.faults, sign.code
        assert sign.look_alikes, sign.code
        assert sign.group in GROUPS
        assert sign.source


def test_every_finding_is_on_the_page_of_findings() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "findings.md").read_text("utf-8")
    assert re.findall(r"^### (.+)$", page, re.MULTILINE) == [sign.code for sign in signs()]
