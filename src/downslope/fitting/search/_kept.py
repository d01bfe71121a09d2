"""A search as a folder of checkpoints has it: the trials that are over, each in a file, and the fits."""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.fitting.evaluation import Statistic
from downslope.fitting.search._halving import SHARES
from downslope.fitting.search._space import Candidate
from downslope.fitting.search._trainer import Learned, Trainer
from downslope.training import Journal, Part, open_journal, read_run

__all__ = ["KeptSearch"]

_TRIAL, _FIT, _SHORTER, _INFLUENCE = "trial", "fit of the defaults", "shorter fits", "influence"

Place = tuple[int, Candidate]
"""A rung, and who is tried there."""


class KeptSearch:
    """What a folder holds of a search; each fit has a folder of its own within it.

    Args:
        journal: of the folder.
        asked: what the search is, as texts by name.

    Attributes:
        fit_seconds: that the fit of the defaults took; None where it is not over.
        scale: of shorter fits, where one of the defaults takes too long; empty where it does not.
        restored: how many trials were over before.
    """

    def __init__(self, journal: Journal, asked: Mapping[str, str]) -> None:
        self._journal, self._asked = journal, asked
        self._parts: dict[Place, Part] = {}
        self._about: dict[Place, dict[str, Any]] = {}
        self._scores: dict[Place, Statistic] = {}
        self.fit_seconds: float | None = None
        self.scale: dict[str, int] = {}
        for part in journal.finished():
            self._restore(part)
        self.restored = len(self._parts)

    def _restore(self, part: Part) -> None:
        file = part.found
        assert file is not None
        try:
            with file.reading():
                about = file.section(_TRIAL)
                if "scale" in about:
                    self.scale = {str(name): int(value) for name, value in about["scale"].items()}
                    return
                if "fit_seconds" in about:
                    self.fit_seconds = float(about["fit_seconds"])
                    return
                settings = {name: tuple(v) if isinstance(v, list) else v for name, v in about["settings"]}
                place = int(about["rung"]), tuple(settings.items())
                value = math.inf if about["score"] is None else float(about["score"])
                score = Statistic(value, file.arrays.get(_INFLUENCE))
                about |= {name: float(about[name]) for name in ("seconds", "processor_seconds")}
                self._parts[place], self._about[place], self._scores[place] = part, about, score
        except DownslopeError as error:
            warnings.warn(f"{error}. This trial is made again", stacklevel=2)

    @property
    def seconds(self) -> float:
        """That the search took so far in all its processes, up to what they saved."""
        return self._journal.now()

    def __contains__(self, place: Place) -> bool:
        return place in self._parts

    def is_dear(self, place: Place) -> bool:
        """Whether the settings of a trial that is over take too long."""
        return bool(self._about[place].get("dear"))

    def learned(self, place: Place, trainer: Trainer) -> Learned:
        """What came of a trial that is over; without networks where the candidate has gone on since.

        Raises:
            DownslopeError: if its file does not hold these networks.
        """
        file, about = self._parts[place].found, self._about[place]
        assert file is not None
        kept = {name: file.part(f"{name}/") for name in trainer.names if f"{name}/about" in file.sections}
        networks = trainer.ensembles(place[1], place[0]) if kept else {}
        runs = {name: read_run(part, networks[name]) for name, part in kept.items()}
        return Learned(runs, self._scores[place], about["seconds"], about["processor_seconds"])

    def fitted(self, seconds: float) -> None:
        """The fit of the defaults is over."""
        if self.fit_seconds is None:
            self.fit_seconds = seconds
            sections = {_TRIAL: {"fit_seconds": seconds}}
            self._journal.part(_FIT).save(0, 0, sections, {}, done=True, kind=_TRIAL)

    def shortened(self, scale: Mapping[str, int]) -> None:
        """Fits are shorter than asked for, so that settings can be compared in the time."""
        if not self.scale:
            self.scale = dict(scale)
            sections = {_TRIAL: {"scale": self.scale}}
            self._journal.part(_SHORTER).save(0, 0, sections, {}, done=True, kind=_TRIAL)

    def save(self, place: Place, learned: Learned, *, waits: bool, dear: bool) -> None:
        """Save a trial that is over, with its networks if the candidate waits to go on from there."""
        rung, candidate = place
        self._about[place] = {
            "rung": rung,
            "settings": [[name, value] for name, value in candidate],
            "score": learned.score.value if math.isfinite(learned.score.value) else None,
            "seconds": learned.seconds,
            "processor_seconds": learned.processor_seconds,
            "dear": dear,
        }
        self._scores[place] = learned.score
        self._parts[place] = self._journal.part(f"trial {len(self._parts) + 1}")
        self._write(place, learned if waits else None)
        if (rung - 1, candidate) in self._parts:
            self._write((rung - 1, candidate), None)  # which nobody goes on from any more

    def _write(self, place: Place, learned: Learned | None) -> None:
        sections: dict[str, Any] = {_TRIAL: self._about[place]}
        influence = self._scores[place].influence
        arrays: dict[str, NDArray[Any]] = {} if influence is None else {_INFLUENCE: np.asarray(influence)}
        for name, run in ({} if learned is None else learned.runs).items():
            own_sections, own_arrays = run.content()
            sections |= {f"{name}/{key}": value for key, value in own_sections.items()}
            arrays |= {f"{name}/{key}": value for key, value in own_arrays.items()}
        self._parts[place].save(place[0] + 1, len(SHARES), sections, arrays, done=True, kind=_TRIAL)

    @contextmanager
    def of_fit(self, name: str, candidate: Candidate) -> Iterator[Journal | None]:
        """The journal of a fit of some settings to the rows of that name; it goes on where it was."""
        digest = hashlib.sha256(repr(candidate).encode()).hexdigest()[:8] if candidate else "defaults"
        folder = self._journal.folder / f"{name}-{digest}"
        checkpoint = replace(self._journal.checkpoint, folder=folder, resume=True)
        with open_journal(checkpoint, lambda: {**self._asked, "fit": f"{name} {candidate!r}"}) as journal:
            assert journal is None or isinstance(journal, Journal)
            yield journal
