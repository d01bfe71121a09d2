"""The course of a search: the defaults, the trials, what is better on the outer rows, a model of all rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import field, replace
from time import monotonic
from typing import Any

from downslope._checks import show
from downslope._dataclass import dataclass
from downslope._signals import pending
from downslope.fitting._fit import FitPhase, OpenedFit, fitted_model
from downslope.fitting._training import with_folds
from downslope.fitting.ensemble import FitHooks, linear_group
from downslope.fitting.evaluation import Estimate
from downslope.fitting.model import Model
from downslope.fitting.record import LINEAR, Searched
from downslope.fitting.rows import TargetRows
from downslope.fitting.search._kept import KeptSearch
from downslope.fitting.search._outer import OuterRows
from downslope.fitting.search._scoring import Scoring, scoring_of
from downslope.fitting.search._search import Search, Trial
from downslope.fitting.search._space import DEFAULTS, Candidate, space_for
from downslope.fitting.search._trainer import Trainer
from downslope.tables import Description

__all__ = ["Course", "TunePhase", "Tuned"]

_MEMBERS = 4  # of a trial: each row is held out by one of each group
_FIRST_SHARE = 0.2  # of the time, that a fit of the defaults may take: three more are to come, and the search
_OF_NETWORKS = 0.85  # of the time of a fit; its intervals take the rest
_SHORT = 0.65  # of the time, after which settings are compared where a fit of the defaults takes too long
_SHORT_FIT = 0.07  # of the time, that a fit then takes; two of them and the search have less than half
_FEW_EPOCHS, _FEW_MEMBERS = 4, 2  # below so many epochs fits have fewer members
_GROUPS = 3  # of networks in a fit, about
_NONE = Estimate(None)
_INTERRUPTED = "it was interrupted"


@dataclass(frozen=True)
class TunePhase:
    """What a search is at.

    Attributes:
        done: the share of the time that is over; 0 where there is no limit.
        trial: the one that has just ended; None while a fit is at work.
        fit: what the fit at work is at.
    """

    done: float
    trial: Trial | None = None
    fit: FitPhase | None = None


@dataclass(frozen=True, eq=False)
class Tuned:
    """What a search came to.

    Attributes:
        model: fitted to all rows with the settings that were chosen: that of ``ds.fit(data, target,
            **settings)`` with the other options of the search.
        settings: of ``ds.fit`` that were chosen, by name; empty where the defaults were kept.
        searched: the scores on rows that no training and no choice of settings knew, and what the search was.
        trials: all of them, in their order.
        restored: how many of them a folder of checkpoints had; the others were made by this call.
    """

    model: Model
    settings: dict[str, Any]
    searched: Searched
    trials: tuple[Trial, ...]
    restored: int = 0

    def __repr__(self) -> str:
        chosen = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return f"<Tuned: {self.searched.trials} trials, {chosen or 'the defaults'}>"

    def __str__(self) -> str:
        return "\n".join(self.searched.lines)


@dataclass(frozen=True, eq=False)
class Course:
    """The parts of a search, one after another.

    Attributes:
        opened: the table.
        rows: all of it, as networks take them.
        outer: its two parts.
        started, end: by ``time.monotonic``.
        most: settings that are tried, at most.
        fixed: those that are not searched.
        progress, write: called with what happens, and with each trial.
        over: the time at which all is to be over.
        kept: the folder that it is saved in.
        members: of trials.
        kind: what the fits to the rows of the search are called in the folder.
        pace: when each epoch of the networks of the last fit was over, from the end of the linear model on.
    """

    opened: OpenedFit
    rows: TargetRows
    outer: OuterRows
    started: float
    end: float
    most: int
    fixed: dict[str, Any]
    progress: Callable[[TunePhase], object] | None
    write: Callable[[Trial], None] | None
    over: float
    kept: KeptSearch | None = None
    members: int = _MEMBERS
    kind: str = "search"
    pace: list[float] = field(default_factory=list)

    def tuned(self) -> Tuned:
        """Fit the defaults, search, fit what was found, compare both, and fit the better one to all rows.

        Raises:
            KeyboardInterrupt: if a signal came before there was any model.
        """
        begun = monotonic()
        first = self.started + _FIRST_SHARE * (self.end - self.started)
        if self.kept is not None:
            if self.kept.scale:
                return self._in_short(self.kept.scale)
            first = math.inf if self.kept.fit_seconds is not None else first  # which it was before
        usual = self._fitted_to_inner(DEFAULTS, first)
        if pending():
            if usual is None:
                raise KeyboardInterrupt
            return self._tuned(usual, None, self._searched(ended=_INTERRUPTED))
        if usual is None or usual.record.interrupted:
            return self._in_short(self._scale(first - begun))
        found = self._compared(usual, monotonic() - begun)
        every = None
        if not pending():
            every = _whole(self._fitted(found.chosen, self.rows, self._description, self.end))
        ended = "" if every is not None else _INTERRUPTED if pending() else "the time was up"
        return self._tuned(every or found.model, found, self._searched(found, ended))

    def _compared(self, usual: Model, seconds: float) -> _Compared:
        """Search, and compare a fit of what was found with that of the defaults, which took some seconds."""
        if self.kept is not None:
            self.kept.fitted(seconds)
            seconds = self.kept.fit_seconds or seconds
        search, begun = self._search(seconds), monotonic()
        search.run()
        took, best = monotonic() - begun, search.best
        found = _whole(self._fitted_to_inner(best, self.end)) if best and not pending() else None
        scores = self._scores(usual, found)
        taken = found is not None and (scores[2].value or 0.0) > (scores[2].standard_error or 0.0)
        return _Compared(search, took, best, scores, taken, found if found is not None and taken else usual)

    def _in_short(self, scale: Mapping[str, Any]) -> Tuned:
        """The same where a fit of the defaults takes too long: settings are compared in shorter fits.

        The model is fitted with those that are better, as far as the time allows.
        """
        if self.kept is not None:
            self.kept.shortened(scale)
        short = replace(
            self,
            opened=self.opened.with_settings(replace(self.opened.settings, **scale)),
            end=self.started + _SHORT * (self.end - self.started),
            fixed={**self.fixed, **scale},
            members=scale.get("members", self.members),
            kind="short",
        )
        begun = monotonic()
        usual = short._fitted_to_inner(DEFAULTS, short.end)
        if pending():
            if usual is None:
                raise KeyboardInterrupt
            return self._tuned(usual, None, self._searched(ended=_INTERRUPTED))
        if _whole(usual) is None or usual is None:
            return self._unsearched()
        found = short._compared(usual, monotonic() - begun)
        model = None if pending() else self._within_time(found.chosen)
        ended = _INTERRUPTED if model is None else ""
        said = " and ".join(
            f"{value} {name if value != 1 else name.removesuffix('s')}" for name, value in scale.items()
        )
        searched = self._searched(found, ended, said)
        return self._tuned(model or found.model, found, searched)

    def _scale(self, allowed: float) -> Mapping[str, Any]:
        """Epochs, and members where that is not enough, of fits that leave time to compare settings.

        Args:
            allowed: seconds that a fit of the defaults was given, which was too few.
        """
        settings, rows = self.opened.settings, len(self.outer.inner.y)
        seen = self.pace
        epoch = (seen[-1] - seen[0]) / (len(seen) - 1) if len(seen) > 1 else allowed
        share = _SHORT_FIT * (self.end - self.started) / (max(epoch, 1e-6) * _GROUPS / _OF_NETWORKS)
        most = max(1, settings.epochs_for(rows) // 2)
        if share >= _FEW_EPOCHS or settings.members is not None:
            return {"epochs": max(1, min(int(share), most))}
        share *= settings.members_for(rows) / _FEW_MEMBERS
        return {"epochs": max(1, min(int(share), most)), "members": _FEW_MEMBERS}

    @property
    def _scoring(self) -> Scoring:
        return scoring_of(self.opened.settings, self.rows.target)

    @property
    def _description(self) -> Description:
        return self.opened.descriptions[0]

    def _fitted_to_inner(self, candidate: Candidate, end: float) -> Model | None:
        return self._fitted(candidate, self.outer.inner, self.outer.description, end)

    def _fitted(
        self,
        candidate: Candidate,
        rows: TargetRows,
        description: Description,
        end: float,
        time_limit: float | None = None,
    ) -> Model | None:
        """The model of settings; interrupted, or None, where a signal or the end of the time cut its fit."""
        asked = {**dict(candidate), "time_limit": time_limit}
        opened = self.opened.with_settings(replace(self.opened.settings, **asked))
        self.pace.clear()

        def watch(phase: FitPhase) -> None:
            if phase.name == LINEAR:
                self.pace.clear()
            self.pace.append(monotonic())
            if self.progress is not None:
                self.progress(TunePhase(self._done, fit=phase))
            if monotonic() > end:
                raise KeyboardInterrupt

        name = "all" if rows is self.rows else self.kind
        of_fit = nullcontext() if self.kept is None else self.kept.of_fit(name, candidate)
        try:
            with of_fit as journal:
                hooks = FitHooks(watch, journal)
                return fitted_model(rows, description, opened.settings, hooks, opened.about)
        except KeyboardInterrupt:  # before any network was trained
            return None

    def _search(self, fit_seconds: float) -> Search:
        """What is ready to try."""
        inner, settings = self.outer.inner, replace(self.opened.settings, members=self.members)
        measured = inner if inner.held_out is None else inner.held_out.rows
        encoded = with_folds(inner, measured, settings)
        linear = linear_group(encoded, measured.encoder, measured.target, settings, FitHooks())
        trainer = Trainer(measured, encoded, linear, settings, self._scoring)
        space = space_for(settings, len(measured.y), self.fixed)
        return Search(trainer, space, self.most, self.end, self._told, settings.seed, fit_seconds, self.kept)

    def _told(self, trial: Trial) -> None:
        if self.write is not None:
            self.write(trial)
        if self.progress is not None:
            self.progress(TunePhase(self._done, trial))

    @property
    def _done(self) -> float:
        whole_time = self.over - self.started
        return 0.0 if math.isinf(whole_time) else min((monotonic() - self.started) / whole_time, 1.0)

    def _scores(self, usual: Model, found: Model | None) -> tuple[Estimate, Estimate, Estimate]:
        """Those of the defaults and of what was found on the outer rows, and the gain."""
        weights = self.outer.labelled.weights
        of_usual = self.outer.statistic(usual, self._scoring)
        if found is None:
            return of_usual.estimate(weights), _NONE, _NONE
        of_found = self.outer.statistic(found, self._scoring)
        gain = self._scoring.gain(of_usual, of_found)
        return of_usual.estimate(weights), of_found.estimate(weights), gain.estimate(weights)

    def _searched(self, found: _Compared | None = None, ended: str = "", shortened: str = "") -> Searched:
        rows, outer_rows = len(self.outer.inner.y), len(self.outer.labelled)
        if found is None:
            return Searched(
                self._scoring.name, 0, 0.0, rows, outer_rows, (), _NONE, _NONE, _NONE, False, ended
            )
        settings = tuple(f"{name}={show(value)}" for name, value in found.best)
        tried = len(found.search.tried)
        return Searched(
            *(
                self._scoring.name,
                tried,
                found.seconds,
                rows,
                outer_rows,
                settings,
                *found.scores,
                found.taken,
            ),
            *(ended, shortened),
        )

    def _tuned(self, model: Model, found: _Compared | None, searched: Searched) -> Tuned:
        trials = () if found is None else tuple(found.search.trials)
        model = replace(model, record=replace(model.record, searched=searched))
        restored = 0 if self.kept is None else min(self.kept.restored, len(trials))
        return Tuned(model, {} if found is None else dict(found.chosen), searched, trials, restored)

    def _unsearched(self) -> Tuned:
        """The model of the defaults, within the time that is left."""
        took = _FIRST_SHARE * (self.end - self.started)
        model = self._within_time(DEFAULTS)
        if model is None:
            raise KeyboardInterrupt
        why = f"a fit of the defaults takes more than {took:.0f} s, a fifth of the time"
        return self._tuned(model, None, self._searched(ended=why))

    def _within_time(self, candidate: Candidate) -> Model | None:
        """The model of settings for all rows, in the time that is left; None if it was interrupted early."""
        left = max(_OF_NETWORKS * (self.end - monotonic()), 0.001)
        return self._fitted(candidate, self.rows, self._description, math.inf, left)


@dataclass(frozen=True, eq=False)
class _Compared:
    """What a search found, beside the defaults.

    Attributes:
        search: the trials.
        seconds: that they took.
        best: what was found.
        scores: of the defaults and of it on the outer rows, and the gain.
        taken: whether it is better.
        model: of the rows of the search, with what is better.
    """

    search: Search
    seconds: float
    best: Candidate
    scores: tuple[Estimate, Estimate, Estimate]
    taken: bool
    model: Model

    @property
    def chosen(self) -> Candidate:
        """The settings of the model."""
        return self.best if self.taken else DEFAULTS


def _whole(model: Model | None) -> Model | None:
    """A model whose fit was not cut."""
    return None if model is None or model.record.interrupted else model
