"""What is examined: planted faults and healthy look-alikes, one half to develop with and one to score.

The halves share no table, no seed and no severity.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from healthy import ARCHITECTURES, healthy

from downslope.insight.diagnosis import Call, Sign, signs

__all__ = ["HALVES", "Case", "cases"]


@dataclass(frozen=True)
class Half:
    """The tables, severities and seeds of a half."""

    tables: tuple[str, ...]
    severities: tuple[float, ...]
    seeds: tuple[int, ...]


HALVES = {
    "development": Half(
        ("line", "friedman", "wave", "product", "diabetes", "rings", "moons", "cancer", "wine", "blobs"),
        (0.3, 0.6, 1.0),
        (0, 1),
    ),
    "scored": Half(
        ("impedance", "roll", "penguins", "hastie", "shells", "iris", "digits"), (0.4, 0.75), (20, 21)
    ),
}


@dataclass(frozen=True)
class Case:
    """A run to examine.

    Attributes:
        table, architecture, seed: of the healthy call.
        code: of the planted fault; of the look-alike's finding; "" for the healthy call itself.
        story: which of the finding's stories.
        severity: of the fault; 0 for what is healthy.
    """

    table: str
    architecture: str
    seed: int
    code: str = ""
    story: int = 0
    severity: float = 0.0

    @property
    def twin(self) -> Call:
        """The healthy call."""
        return healthy(self.table, self.architecture, self.seed)

    @property
    def call(self) -> Call | None:
        """The call to examine; None where the table or the network cannot have it."""
        if not self.code:
            return self.twin
        sign = _signs()[self.code]
        random = np.random.default_rng([self.seed, self.story, *self.code.encode()])
        if self.severity:
            return sign.faults[self.story](self.twin, self.severity, random)
        return sign.look_alikes[self.story](self.twin, random)


def cases(half: str) -> Iterator[Case]:
    """All cases of a half: each fault and each look-alike on every table that can have it."""
    own = HALVES[half]
    for table in own.tables:
        for architecture in ARCHITECTURES:
            for seed in own.seeds:
                yield Case(table, architecture, seed)
                for sign in signs():
                    for story in range(len(sign.faults)):
                        for severity in own.severities:
                            yield Case(table, architecture, seed, sign.code, story, severity)
                    for story in range(len(sign.look_alikes)):
                        yield Case(table, architecture, seed, sign.code, story)


def _signs() -> dict[str, Sign]:
    return {sign.code: sign for sign in signs()}
