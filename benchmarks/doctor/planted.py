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
        (
            *("line", "friedman", "wave", "product", "diabetes", "rings", "moons", "cancer", "wine", "blobs"),
            *("impedance", "roll", "penguins", "hastie", "shells", "iris", "digits"),
            *("auto", "borehole", "hills", "crabs", "board", "olive", "arms"),
        ),
        (0.3, 0.6, 1.0),
        (0, 1),
    ),
    "scored": Half(
        ("piston", "wing", "diamonds", "monks", "spirals", "cassini", "cuboids"), (0.4, 0.75), (40, 41)
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
        """The call without the fault: the healthy one, or one that has lost what no remedy brings back."""
        own = healthy(self.table, self.architecture, self.seed)
        if not self.severity:
            return own
        sign = _signs()[self.code]
        twin = sign.twins.get(sign.faults[self.story])
        return own if twin is None else twin(own, self.severity, self._random) or own

    @property
    def call(self) -> Call | None:
        """The call to examine; None where the table or the network cannot have it."""
        own = healthy(self.table, self.architecture, self.seed)
        if not self.code:
            return own
        sign = _signs()[self.code]
        if self.severity:
            return sign.faults[self.story](own, self.severity, self._random)
        return sign.look_alikes[self.story](own, self._random)

    @property
    def _random(self) -> np.random.Generator:
        """The random numbers of the story, from the first."""
        return np.random.default_rng([self.seed, self.story, *self.code.encode()])


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
