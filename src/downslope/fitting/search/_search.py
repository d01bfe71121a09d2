"""The search: trials one after another, while there is time."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import field
from time import monotonic
from typing import Any

import numpy as np

from downslope._dataclass import dataclass
from downslope._signals import pending
from downslope.errors import DownslopeError
from downslope.fitting._written import rounded
from downslope.fitting.evaluation import Estimate
from downslope.fitting.search._halving import SHARES, Halving
from downslope.fitting.search._kept import KeptSearch
from downslope.fitting.search._space import DEFAULTS, Candidate, Space
from downslope.fitting.search._trainer import Learned, Trainer

__all__ = ["Search", "Trial"]

_BEST = 3  # near which others are drawn
_FIRST = 6  # candidates that are drawn anywhere
_MARGIN = 1.25  # of the time that fits take
_DEAREST = 0.5  # of the time of search and last fits, which the last fits of a candidate may take


@dataclass(frozen=True)
class Trial:
    """A candidate at a rung.

    Attributes:
        number: of the trial, from 1.
        rung: from 1 to 4: an eighth, a quarter, half and all of the steps of a fit were taken.
        settings: of ``fit`` that are no defaults.
        score: on rows that the networks held out, by the metric of the search.
        gain: by how much it is better than that of the defaults at the same rung, with its standard error.
        seconds: that the rung took.
    """

    number: int
    rung: int
    settings: Mapping[str, Any]
    score: float
    gain: Estimate
    seconds: float

    def __str__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return (
            f"trial {self.number}, rung {self.rung} of {len(SHARES)}: {rounded(self.score)}, "
            f"{settings or 'the defaults'}, {self.seconds:.1f} s"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data: a line of the log."""
        return {
            "trial": self.number,
            "rung": self.rung,
            "settings": {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in self.settings.items()
            },
            "score": self.score if np.isfinite(self.score) else None,
            "gain": self.gain.value,
            "gain_standard_error": self.gain.standard_error,
            "seconds": round(self.seconds, 3),
        }


@dataclass
class Search:
    """What was tried so far.

    Attributes:
        trainer, space: what trains, and what may be tried.
        most: candidates, at most.
        end: the time, by ``time.monotonic``, at which everything is to be over.
        told: called after each trial.
        fit_seconds: that a fit of the defaults to the rows of the search takes.
        kept: the folder that trials are saved in, and in which some may be over already.
    """

    trainer: Trainer
    space: Space
    most: int
    end: float
    told: Callable[[Trial], object]
    seed: int
    fit_seconds: float
    kept: KeptSearch | None = None
    halving: Halving = field(default_factory=Halving)
    trials: list[Trial] = field(default_factory=list)
    tried: set[Candidate] = field(default_factory=set)
    _seconds: dict[tuple[int, Candidate], float] = field(default_factory=dict)
    _dear: set[Candidate] = field(default_factory=set)
    _defaults: dict[int, Learned] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._begun = monotonic()
        self._rng = np.random.Generator(np.random.Philox(key=self.seed))

    def run(self) -> None:
        """Go on until the time is up, a signal comes, or enough was tried."""
        while not pending():
            if monotonic() >= self._end and not self._is_kept_behind:
                return
            place = self.halving.promoted() or ((0, DEFAULTS) if not self.tried else self._new())
            if place is None or (monotonic() >= self._end and not self._is_kept(place)):
                return
            rung, candidate = place
            before = self.halving.taken(rung, candidate)
            if self._advance(candidate, rung, before, self._end - monotonic()).cut:
                return

    def _is_kept(self, place: tuple[int, Candidate]) -> bool:
        return self.kept is not None and place in self.kept

    @property
    def _is_kept_behind(self) -> bool:
        """Whether some trials that are kept have not come yet."""
        return self.kept is not None and len(self.trials) < self.kept.restored

    @property
    def best(self) -> Candidate:
        """That with the smallest score of those that came furthest, and that there is time to fit."""
        ranked = self.halving.ranked(self.halving.compared)
        return next((candidate for candidate in ranked if candidate not in self._dear), DEFAULTS)

    def seconds_of(self, candidate: Candidate) -> float:
        """What is left to do once a candidate is found: fits to the rows of the search, and to all."""
        cost = self.fit_seconds * self._cost(candidate)
        rows = len(self.trainer.rows.y)
        return _MARGIN * (cost * (1 + 5 / 4) if candidate else cost * 5 / 4) + 1e-6 * rows

    @property
    def _end(self) -> float:
        """The time at which the search is over: what follows takes as long as the best candidate needs."""
        return self.end - max(self.seconds_of(DEFAULTS), self.seconds_of(self.best))

    def _cost(self, candidate: Candidate) -> float:
        """The time of a fit as a share of that of the defaults, by the processor time of their trials."""
        rung = max((r for r, scores in enumerate(self.halving.scores) if candidate in scores), default=0)
        usual = self._seconds.get((rung, DEFAULTS))
        return self._seconds[rung, candidate] / usual if usual else 1.0

    def _new(self) -> tuple[int, Candidate] | None:
        if len(self.tried) >= self.most:
            return None
        rung = self.halving.compared
        best = self.halving.ranked(rung)[:_BEST] if len(self.tried) > _FIRST else []
        found = self.space.new(self.tried, best, self._rng)
        return None if found is None else (0, found)

    def _advance(self, candidate: Candidate, rung: int, before: Learned | None, seconds: float) -> Learned:
        learned, was_kept = self._learned(candidate, rung, before, None if np.isinf(seconds) else seconds)
        self.tried.add(candidate)
        if learned.cut:
            return learned
        self._seconds[rung, candidate] = learned.processor_seconds
        score = learned.score.value if np.isfinite(learned.score.value) else np.inf
        if not candidate:
            self._defaults[rung] = learned
        self.halving.add(rung, candidate, score, learned)
        kept, place = self.kept, (rung, candidate)
        dear = kept.is_dear(place) if kept is not None and was_kept else self._too_dear(candidate)
        if dear:
            self._dear.add(candidate)
            self.halving.learned[rung].pop(candidate, None)
        if kept is not None and not was_kept:
            kept.save(place, learned, waits=candidate in self.halving.learned[rung], dear=dear)
        trial = Trial(
            len(self.trials) + 1,
            rung + 1,
            dict(candidate),
            self.trainer.scoring.shown(score),
            self._gain(candidate, rung, learned),
            learned.seconds,
        )
        self.trials.append(trial)
        self.told(trial)
        return learned

    def _learned(
        self, candidate: Candidate, rung: int, before: Learned | None, seconds: float | None
    ) -> tuple[Learned, bool]:
        """What comes of a candidate at a rung, and whether it was kept."""
        kept = self.kept
        if kept is not None and (rung, candidate) in kept:
            try:
                return kept.learned((rung, candidate), self.trainer), True
            except DownslopeError as error:
                warnings.warn(f"{error}. This trial is made again", stacklevel=2)
        if before is not None and not before.runs:  # it had gone on, and what came of that is lost
            before = None
            for earlier in range(rung):
                before = self.trainer.advance(candidate, earlier, before, seconds)
                if before.cut:
                    return before, False
        return self.trainer.advance(candidate, rung, before, seconds), False

    def _too_dear(self, candidate: Candidate) -> bool:
        """Whether fits of it would leave too little time for a search."""
        if not candidate or np.isinf(self.end):
            return False
        left = self.end - monotonic()
        return self.seconds_of(candidate) > min(left, _DEAREST * (self.end - self._begun))

    def _gain(self, candidate: Candidate, rung: int, learned: Learned) -> Estimate:
        usual = self._defaults.get(rung)
        if not candidate or usual is None or not np.isfinite(learned.score.value):
            return Estimate(None)
        return (usual.score - learned.score).estimate(self.trainer.labelled(rung).weights)
