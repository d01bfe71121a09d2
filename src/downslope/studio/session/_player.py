"""The player behind the page: a descent that is played, stopped, moved by hand and taken back in time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.studio.session._descent import Descent, errors_of
from downslope.studio.session._repairs import Fault, fault_of
from downslope.studio.session._settings import Settings
from downslope.studio.session._timeline import History, Moment, next_mark
from downslope.studio.table._rows import Rows

__all__ = ["PHASES", "Player"]

PHASES = ("forward", "loss", "backward", "update")
_CHUNK = 0.012  # seconds of steps between looks at what the page asks for
_MOST_RUNS = 24
_MOST_BYTES = 1 << 30  # of the moments of all runs
_CHEAP = 0.001  # seconds that measuring may take at every moment that is kept
_MEASURING = 0.1  # the share of the time that measuring all rows may take while playing


class Player:
    """One table, one network in training, and everything that is kept of it.

    Attributes:
        rows, descent: what there is at present.
        settings: those of what is shown.
        histories: the runs, the present one last opened in ``current``.
        viewing: the place of the moment of the present run that is shown instead of the present, or None.
        phase: the part of the next step that is shown, or "".
        playing, pace: whether steps are taken, and how many a second in slow motion.
        stopped: why a run ended, in words, or None.
        version, state_version: counted up with every change, and with changes of what changes rarely.
    """

    def __init__(
        self,
        rows: Rows,
        settings: Settings,
        start: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        self.rows, self.settings = rows, settings
        self.frozen: dict[str, NDArray[np.bool_]] = {}
        self.histories: list[History] = []
        self.best: dict[str, Moment] = {}
        self.version = self.state_version = 0
        self.playing, self.due = False, 0.0
        self.pace: float | None = None
        self.phase = ""
        self.viewing: int | None = None
        self.stopped: Fault | None = None
        self.speed, self.last_error = 0.0, math.nan
        self._until: int | None = None
        self._count = 0
        self._measured_at = self.measuring_cost = 0.0
        self.order: tuple[int, Rows, float, NDArray[np.int64]] | None = None
        self._begin(Descent(settings, rows, start))

    # what there is

    @property
    def current(self) -> History:
        """The present run."""
        return self._current

    @property
    def shown(self) -> Moment:
        """The moment that is shown: the present, or one of the past."""
        return self.current.last if self.viewing is None else self.current.moments[self.viewing]

    @property
    def parameters(self) -> dict[str, NDArray[Any]]:
        """The parameters that are shown."""
        if self.viewing is None:
            return self.descent.parameters
        return {name: self.shown.values[name] for name in self.descent.program.graph.parameters}

    @property
    def weights(self) -> int:
        """The number of parameters."""
        return self.descent.settings.weights

    def _changed(self, *, state: bool = False) -> None:
        self.version += 1
        self.state_version += state

    def _begin(self, descent: Descent, name: str | None = None) -> None:
        """A new run from the values of a descent."""
        self.descent, self.settings = descent, descent.settings
        self._forget_other_bests()
        self.viewing, self.stopped, self.phase, self._until = None, None, "", None
        self.playing = False
        self._count += 1
        self._current = History(self._count, name or f"run {self._count}", self.rows)
        self.histories.append(self._current)
        self._forget_old()
        self.current.add(self._moment("start"))
        self._changed(state=True)

    def _forget_old(self) -> None:
        """Runs beyond the most, or beyond the memory: the oldest that are not kept, then the oldest."""
        while len(self.histories) > 1 and (
            len(self.histories) > _MOST_RUNS or sum(h.bytes for h in self.histories) > _MOST_BYTES
        ):
            others = [h for h in self.histories if h is not self.current]
            self.histories.remove(next((h for h in others if not h.kept), others[0]))

    def _moment(self, how: str, *, exact: bool = True) -> Moment:
        measured = exact or self._may_measure()
        error, validation = self.measured() if measured else (self.last_error, None)
        return Moment(self.descent.step, self.descent.values, error, measured, validation, how, self.settings)

    def measured(self) -> tuple[float, float | None]:
        """The error of the rows that are trained on, penalties included, and of those that only measure."""
        started = perf_counter()
        network, parameters, held = self.settings.network, self.parameters, self.descent.measured
        error = errors_of(network, parameters, self.descent.trained)[1]
        found = error, None if held is None else errors_of(network, parameters, held)[0]
        self._measured_at = perf_counter()
        self.measuring_cost = self._measured_at - started
        return found

    def _may_measure(self) -> bool:
        due = perf_counter() - self._measured_at >= self.measuring_cost / _MEASURING
        return due or self.measuring_cost < _CHEAP

    def _keep(self, how: str, *, exact: bool = True, in_place: bool = False) -> None:
        moment = self._moment(how, exact=exact)
        self.current.add(moment, in_place=in_place)
        self._note_best(moment)

    def _note_best(self, moment: Moment) -> None:
        by = moment.how
        if by in ("hand", "descent") and moment.measured and moment.error < self._best_error(by):
            self.best[by] = moment

    def _best_error(self, by: str) -> float:
        return self.best[by].error if by in self.best else math.inf

    def _here(self) -> None:
        """Go on from what is shown: from a moment of the past a branch begins."""
        self.stopped = None
        if self.viewing is None:
            return
        place, self.viewing = self.viewing, None
        moment = self.current.moments[place]
        if place < len(self.current.moments) - 1:
            self._count += 1
            self._current = self.current.branched(self._count, place)
            self.histories.append(self._current)
            self._forget_old()
            self._changed(state=True)
        self.settings = moment.settings
        self._remade(moment.values, moment.step)

    def _remade(self, values: Mapping[str, NDArray[Any]], step: int) -> None:
        self.descent = Descent(self.settings, self.rows, values, step, self.frozen)
        self._forget_other_bests()

    def _forget_other_bests(self) -> None:
        """The best of another network, loss or choice of rows is none of this one."""
        now = _measured_by(self.settings)
        self.best = {how: moment for how, moment in self.best.items() if _measured_by(moment.settings) == now}

    _dragged: tuple[str, tuple[int, ...]] | None = None

    def _check_place(self, name: str, index: tuple[int, ...]) -> None:
        shape = self.descent.settings.shapes.get(name, ())
        if (
            len(index) != len(shape)
            or not shape
            or any(not 0 <= i < s for i, s in zip(index, shape, strict=True))
        ):
            raise DownslopeError(f"there is no weight {name}{list(index)} in this network")

    def _show_phase(self, part: str) -> None:
        if part == "update":
            self._take(1)
        self.phase = part
        self._changed()

    def pause(self) -> None:
        """Stop taking steps, and keep where it is."""
        if self.playing:
            self.playing, self._until = False, None
            if self.current.last.step != self.descent.step:
                self._keep("descent")
            self._changed()

    def _fitting_masks(self, settings: Settings) -> dict[str, NDArray[np.bool_]]:
        self.frozen = {n: m for n, m in self.frozen.items() if settings.shapes.get(n) == m.shape}
        return self.frozen

    def _run(self, number: int) -> History:
        found = next((h for h in self.histories if h.number == number), None)
        if found is None:
            raise DownslopeError(f"there is no run {number}; it was forgotten or never made")
        return found

    def _open(self, history: History) -> None:
        self._current, self.viewing, self.stopped = history, None, None
        if history.rows is not self.rows:
            self.rows, self.best = history.rows, {}
        self.settings = history.last.settings
        self._fitting_masks(self.settings)
        self._remade(history.last.values, history.last.step)
        for moment in history.moments:
            if _measured_by(moment.settings) == _measured_by(self.settings):
                self._note_best(moment)
        self._changed(state=True)

    # steps

    def work(self) -> bool:
        """Take some of the steps that are asked for; whether any may follow at once."""
        if not self.playing:
            return False
        if self.pace is not None:
            return self._slow()
        started, before = perf_counter(), self.descent.step
        self._take(self._room())
        took = perf_counter() - started
        self.speed = 0.7 * self.speed + 0.3 * (self.descent.step - before) / max(took, 1e-9)
        self._changed()
        return self.playing

    def _room(self) -> int:
        """Steps to the next moment to keep, or to the end."""
        step = self.descent.step
        mark = max(next_mark(self.current.last.step), step + 1)
        ends = [e for e in (self._until, self.settings.stop_steps) if e is not None and e > step]
        return min([mark, *ends]) - step

    def _slow(self) -> bool:
        """In slow motion, the parts of a step one after the other; whether it is time for one."""
        now = perf_counter()
        if now < self.due:
            return False
        assert self.pace is not None
        parts = PHASES if self.pace <= 4 else ("update",)
        self.due = max(self.due + 1 / (self.pace * len(parts)), now - 0.1)
        following = parts[(parts.index(self.phase) + 1) % len(parts)] if self.phase in parts else parts[0]
        self._show_phase(following)
        return False

    def _take(self, count: int) -> None:
        """Steps, a moment after them, and whatever ends a run."""
        end = perf_counter() + _CHUNK
        while count > 0 and perf_counter() < end:
            before = (
                (self.descent.values, self.descent.step) if self.settings.stop_error is not None else None
            )
            errors, fault = self.descent.advance(count, end - perf_counter())
            if before is not None and self._fell_below(errors, before):
                return
            self.current.curve.extend(self.descent.step - len(errors) + (fault is not None) + 1, errors)
            self.last_error = float(errors[-1])
            count -= len(errors)
            if fault is not None:
                self._failed(fault)
                return
            if count <= 0:
                self._keep("descent", exact=self.descent.step in (self._until, self.settings.stop_steps))
                self._end_where_asked()
                count = self._room() if self.playing and self.pace is None else 0

    def _fell_below(
        self, errors: NDArray[np.float64], before: tuple[Mapping[str, NDArray[Any]], int]
    ) -> bool:
        """Whether one of these errors is below the limit; the run ends with the values of the first."""
        limit = self.settings.stop_error or 0.0
        below = np.flatnonzero(errors < limit)
        if not len(below) or not self.playing:
            return False
        values, step = before
        self.descent.put(values, step)
        end = step + int(below[0])
        while self.descent.step < end:
            self.descent.advance(end - self.descent.step, math.inf)
        self.current.curve.extend(step + 1, errors[: below[0]])
        self.last_error = float(errors[below[0]])
        if end > self.current.last.step:
            self._keep("descent")
        self._end(f"The error fell below {limit:g} after {end:,} steps.")
        return True

    def _end_where_asked(self) -> None:
        step, settings = self.descent.step, self.settings
        if not self.playing:
            return
        if self._until is not None and step >= self._until:
            self.playing, self._until = False, None
        elif settings.stop_steps is not None and step == settings.stop_steps:
            self._end(f"{step:,} steps are done, as the stop rule asks.")
        elif settings.stop_patience is not None and self._no_better_since() >= settings.stop_patience:
            self._end(
                f"The last {settings.stop_patience} looks at the validation rows found no smaller error."
            )

    def _no_better_since(self) -> int:
        seen = [m.validation_error for m in self.current.moments if m.validation_error is not None]
        return len(seen) - 1 - int(np.argmin(seen)) if seen else 0

    def _end(self, words: str) -> None:
        self.playing, self._until = False, None
        self.stopped = Fault("finished", self.descent.step, words, ())

    def _failed(self, fault: str) -> None:
        self.playing, self._until = False, None
        self._keep("descent")
        self.stopped = fault_of(fault, self.descent, self.rows)
        self._changed()


def _measured_by(settings: Settings) -> tuple[Any, ...]:
    """What errors are of: those of equal ones can be compared."""
    return settings.network, settings.validation, settings.seed if settings.validation else None
