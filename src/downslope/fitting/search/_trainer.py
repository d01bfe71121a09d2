"""Candidates that are trained a part of the way, measured, and trained further."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from time import monotonic, process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope._forks import cached_property
from downslope.fitting._steering import blend_score
from downslope.fitting.ensemble import (
    EncodedRows,
    EnsembleGroup,
    FitSettings,
    blended_groups,
    class_probabilities,
    networks_for,
    taken_back,
)
from downslope.fitting.evaluation import LabelledRows, Statistic
from downslope.fitting.rows import TargetRows
from downslope.fitting.search._halving import SHARES
from downslope.fitting.search._scoring import Scoring
from downslope.fitting.search._space import Candidate
from downslope.nets import Ensemble, Network
from downslope.training import Run, descend, held_out

__all__ = ["Learned", "Trainer"]

_ENOUGH_ROWS = 10_000  # for an early rung


@dataclass(frozen=True)
class Learned:
    """What came of a candidate at a rung.

    Attributes:
        runs: of each group of networks.
        score: on the rows that the members held out; the smaller, the better.
        seconds: of this rung.
        processor_seconds: of all rungs up to this one; on a busy machine they still say what a fit costs.
        cut: whether it was ended early, by a signal or the time, so that the score says nothing.
    """

    runs: Mapping[str, Run]
    score: Statistic
    seconds: float
    processor_seconds: float
    cut: bool = False


@dataclass(frozen=True)
class Trainer:
    """Trains candidates on rows, of which each member of a group holds some out.

    A candidate at its last rung is trained as ``fit`` trains it, with fewer members. Before, its learning
    rate has not fallen yet; an early rung of many rows uses every so many of them.

    Attributes:
        rows: as networks take them.
        encoded: the same with the folds.
        linear: the linear model, which every candidate is blended with, as in ``fit``.
        settings: that the candidates change.
        scoring: what they are compared by.
    """

    rows: TargetRows
    encoded: EncodedRows
    linear: EnsembleGroup
    settings: FitSettings
    scoring: Scoring

    def advance(
        self, candidate: Candidate, rung: int, before: Learned | None, seconds: float | None
    ) -> Learned:
        """Train a candidate up to a rung, from where it stood before.

        Raises:
            KeyboardInterrupt: never; a signal ends it early.
        """
        begun, worked = monotonic(), process_time()
        end = None if seconds is None else begun + seconds
        settings, some = replace(self.settings, **dict(candidate)), self._some(rung)
        groups, runs, cut = [self._linear(rung)], {}, False
        for name, network in self._networks(settings).items():
            left = None if end is None else max(end - monotonic(), 0.001)
            run = self._descended(
                network, settings, rung, None if before is None else before.runs[name], left
            )
            cut = cut or run.stopped in ("interrupted", "time")
            if cut:
                break
            runs[name] = replace(run, settings={})  # which hold the run that it began from
            groups.append(self._group(name, network, run, some))
        score = Statistic(np.inf) if cut else self._score(groups, rung)
        worked = process_time() - worked + (0.0 if before is None else before.processor_seconds)
        return Learned(runs, score, monotonic() - begun, worked, cut)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of the groups of networks."""
        return tuple(self._networks(self.settings))

    def ensembles(self, candidate: Candidate, rung: int) -> Mapping[str, Ensemble]:
        """The networks of a candidate at a rung, by the names of the groups."""
        networks = self._networks(replace(self.settings, **dict(candidate)))
        return {name: Ensemble([network] * self._some(rung).members) for name, network in networks.items()}

    def _networks(self, settings: FitSettings) -> Mapping[str, Network]:
        return networks_for(self.rows.encoder, self.rows.target, settings, self.encoded)

    def _descended(
        self, network: Network, settings: FitSettings, rung: int, before: Run | None, seconds: float | None
    ) -> Run:
        count, some = len(self.encoded.x), self._some(rung)
        epochs, last = settings.epochs_for(count), rung == len(SHARES) - 1
        asked = dict(settings.descent(count, epochs))
        asked["epochs"] = self._epochs(rung, epochs)
        if not last:
            asked |= {"learning_rate": settings.learning_rate, "patience": None}
        if not asked["epochs"] and before is not None:
            return before
        start: Any = before
        if before is not None and self._every(rung) != self._every(rung - 1):
            start = before.parameters  # an epoch has other steps now
        return descend(
            Ensemble([network] * some.members),
            some.x,
            some.y,
            row_weights=some.known_weights,
            validation=some.folds,
            start=start,
            seed=settings.seed,
            time_limit=seconds,
            **asked,
        )

    def _epochs(self, rung: int, epochs: int) -> int:
        """Epochs of a rung beyond those of the rung before, in rows of the rung: steps are what is shared."""
        if self._every(rung) == 1 and (rung == 0 or self._every(rung - 1) == 1):
            until, before = (round(share * epochs) for share in (SHARES[rung], SHARES[rung - 1] * bool(rung)))
            return max(until, 1) - (max(before, 1) if rung else 0)
        share = SHARES[rung] - (SHARES[rung - 1] if rung else 0.0)
        return max(1, round(share * epochs * self._every(rung)))

    def _every(self, rung: int) -> int:
        """One of so many rows is used: of many rows an early rung has fewer, and fewer epochs, alike."""
        return max(1, min(round(1 / math.sqrt(SHARES[rung])), len(self.encoded.x) // _ENOUGH_ROWS))

    def _some(self, rung: int) -> EncodedRows:
        return self.encoded.every(self._every(rung)) if self._every(rung) > 1 else self.encoded

    def _group(self, name: str, network: Network, run: Run, some: EncodedRows) -> EnsembleGroup:
        ensemble = Ensemble([network] * some.members)
        values = taken_back(ensemble, run.parameters, some.class_weights)
        predicted = held_out(ensemble, values, some.x, some.folds)
        return EnsembleGroup(name, ensemble, run, class_probabilities(network, predicted))

    def _linear(self, rung: int) -> EnsembleGroup:
        return replace(self.linear, predictions=self._linear_of_all[:: self._every(rung)][self._held(rung)])

    @cached_property
    def _linear_of_all(self) -> NDArray[np.float64]:
        """What the linear model predicts of all rows; NaN of those that nobody holds out."""
        held, known = self.encoded.folds.held_out, self.linear.predictions
        found = np.full((len(self.encoded.x), known.shape[1]), np.nan)
        found[held] = known
        return found

    def _held(self, rung: int) -> NDArray[np.int64]:
        return self._some(rung).folds.held_out

    def _score(self, groups: list[EnsembleGroup], rung: int) -> Statistic:
        """Of the blend, as ``fit`` makes it; groups that diverged are left out."""
        target = self.rows.target
        finite = [group for group in groups if np.isfinite(group.predictions).all()]
        if not finite:
            return Statistic(np.inf)
        held = np.arange(len(self.rows.y))[:: self._every(rung)][self._held(rung)]
        score = blend_score(self.settings, self.rows, held)
        blend = blended_groups(self._some(rung), target, finite, score=score).blend
        outputs = self.rows.in_units(blend)
        return self.scoring.loss(self.scoring.of_blend(self.labelled(rung), target, outputs))

    def labelled(self, rung: int) -> LabelledRows:
        """The rows that the score of a rung is of."""
        every, held = self._every(rung), self._held(rung)
        rows, w = self.rows, self.rows.w.astype(np.float64)
        return LabelledRows(
            pl.DataFrame(), rows.index[::every][held], rows.true[::every][held], w[::every][held], 0
        )
