"""Which trial is next: successive halving that never waits (Li et al., "Massively parallel tuning", 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from downslope._dataclass import dataclass
from downslope.fitting.search._space import DEFAULTS, Candidate

__all__ = ["SHARES", "Halving"]

SHARES = (1 / 8, 1 / 4, 1 / 2, 1.0)
"""Of all steps that a candidate would take: those that it has taken at the end of each rung."""

_GOES_ON = 0.5  # of the candidates of a rung
_WAITING = 8  # in each rung: what they have learned takes memory


@dataclass
class Halving:
    """The scores of each rung, and what the candidates have learned that may go on.

    Attributes:
        scores: of each rung, by candidate; the smaller, the better.
        learned: of each rung, what a candidate that waits there goes on from.
    """

    scores: list[dict[Candidate, float]] = field(default_factory=lambda: [{} for _ in SHARES])
    learned: list[dict[Candidate, Any]] = field(default_factory=lambda: [{} for _ in SHARES])

    def add(self, rung: int, candidate: Candidate, score: float, learned: Any) -> None:
        """Note what came of a candidate at a rung."""
        self.scores[rung][candidate] = score
        if rung < len(SHARES) - 1:
            waiting = self.learned[rung]
            waiting[candidate] = learned
            for worst in self.ranked(rung, waiting)[_WAITING:]:
                del waiting[worst]

    def promoted(self) -> tuple[int, Candidate] | None:
        """The candidate that goes on, and its next rung: the best half of each rung does, highest rung first.

        The defaults always go on, so that every rung has their score.
        """
        if DEFAULTS in (waiting := self._first_waiting(DEFAULTS)):
            return waiting[DEFAULTS], DEFAULTS
        for rung in reversed(range(len(SHARES) - 1)):
            good = self.ranked(rung)[: int(_GOES_ON * len(self.scores[rung]))]
            for candidate in good:
                if candidate in self.learned[rung]:
                    return rung + 1, candidate
        return None

    def taken(self, rung: int, candidate: Candidate) -> Any:
        """What a candidate goes on from to a rung, and None for the first one; it waits no longer."""
        return self.learned[rung - 1].pop(candidate) if rung else None

    def ranked(self, rung: int, among: Mapping[Candidate, Any] | None = None) -> list[Candidate]:
        """The candidates of a rung, the best first."""
        scores = self.scores[rung]
        return sorted(scores if among is None else among, key=lambda candidate: scores[candidate])

    @property
    def compared(self) -> int:
        """The highest rung that has a candidate beside the defaults, or the last."""
        several = [rung for rung, scores in enumerate(self.scores) if len(scores) > 1]
        return max(several, default=len(SHARES) - 1)

    def _first_waiting(self, candidate: Candidate) -> dict[Candidate, int]:
        for rung, waiting in enumerate(self.learned):
            if candidate in waiting:
                return {candidate: rung + 1}
        return {}
