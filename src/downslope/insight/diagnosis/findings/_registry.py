"""The findings: each is one function in a file of its own, found by being there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field

import numpy as np

from downslope._dataclass import dataclass
from downslope.insight.diagnosis._finding import FAULT, Suspicion
from downslope.insight.diagnosis.measured import Call, Examination

__all__ = ["GROUPS", "Sign", "finding", "finding_of_arguments", "signs"]

Look = Callable[[Examination], Iterable[Suspicion]]
LookAtArguments = Callable[[Call], Iterable[Suspicion]]
Planted = Callable[[Call, float, np.random.Generator], Call | None]
LookAlike = Callable[[Call, np.random.Generator], Call | None]

GROUPS = ("data", "network", "start", "optimizer", "descent")


def _nothing(_: object) -> Iterable[Suspicion]:
    return ()


@dataclass(frozen=True, eq=False)
class Sign:
    """A finding that can be made, and its stories for tests and benchmarks.

    Attributes:
        code: its stable name.
        group: one of ``GROUPS``: where remedies help alike, the cause is sought in their order, for what is
            wrong with the data shows in all that comes after.
        source: of its signal and bound.
        look: what it suspects of an examination.
        look_at_arguments: what it suspects of arguments that no run can be made of, which comes first.
        costly: whether looking takes much time, although no run is made: it is looked at last.
        severity: that its planted faults are found with: ``"note"`` where it only asks.
        faults: each makes a healthy call one with this fault, of a severity above 0 and up to 1; None where
            the call cannot have it.
        twins: of faults that take with them what no remedy can bring back, such as values or rows: the call
            that has lost it, too, and not the fault, made with equal random numbers.
        look_alikes: each makes a healthy call one that looks like it and is healthy, or None.
    """

    code: str
    group: str
    source: str
    look: Look
    costly: bool = False
    severity: str = FAULT
    look_at_arguments: LookAtArguments = _nothing
    faults: list[Planted] = field(default_factory=list)
    twins: dict[Planted, Planted] = field(default_factory=dict)
    look_alikes: list[LookAlike] = field(default_factory=list)

    def planted(self, story: Planted) -> Planted:
        """Enter a story of the fault."""
        self.faults.append(story)
        return story

    def twin_of(self, story: Planted) -> Callable[[Planted], Planted]:
        """Enter the healthy twin of a story of the fault, where it is not the healthy call itself."""

        def entered(twin: Planted) -> Planted:
            self.twins[story] = twin
            return twin

        return entered

    def look_alike(self, story: LookAlike) -> LookAlike:
        """Enter a story of what looks like it and is healthy."""
        self.look_alikes.append(story)
        return story


_FOUND: dict[str, Sign] = {}


def finding(code: str, source: str, severity: str = FAULT, *, costly: bool = False) -> Callable[[Look], Sign]:
    """Make a function the finding of a code."""

    return lambda look: _entered(Sign(code, _group(look), source, look, costly, severity))


def finding_of_arguments(code: str, source: str) -> Callable[[LookAtArguments], Sign]:
    """Make a function that looks at the arguments alone the finding of a code."""

    return lambda look: _entered(Sign(code, _group(look), source, _nothing, look_at_arguments=look))


def _group(look: Callable[..., object]) -> str:
    """The folder that its file is in."""
    return look.__module__.split(".")[-2]


def _entered(sign: Sign) -> Sign:
    _FOUND[sign.code] = sign
    return sign


def signs() -> tuple[Sign, ...]:
    """All of them: by group, then by name."""
    return tuple(sorted(_FOUND.values(), key=lambda sign: (GROUPS.index(sign.group), sign.code)))
