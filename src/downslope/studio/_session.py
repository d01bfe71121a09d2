"""The session behind the page: what each command does to the table, the network, the descent and the runs."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.insight import solve
from downslope.nets import Layer
from downslope.studio import _schema as ask
from downslope.studio._descent import Descent
from downslope.studio._repairs import Fault, fault_of, stable_range
from downslope.studio._settings import Settings, first_settings, suited
from downslope.studio._table import Choices, Rows, edited, five_rows, rows_of
from downslope.studio._timeline import History, Moment, next_mark
from downslope.tables import read_table

__all__ = ["PHASES", "Session", "first_session"]

PHASES = ("forward", "loss", "backward", "update")
_CHUNK = 0.012  # seconds of steps between looks at what the page asks for
_MOST_RUNS = 24
_MEASURING = 0.1  # the share of the time that measuring all rows may take while playing
_RATE_ONLY = {"learning_rate", "stop_steps", "stop_error", "stop_patience"}


class Session:
    """One table, one network in training, and everything that is kept of it.

    Attributes:
        rows, settings, descent: what there is at present.
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
        *,
        encode: Callable[[Any, Choices, str], Rows] = rows_of,
        front: Sequence[Layer] = (),
    ) -> None:
        self.rows, self.settings, self.encode, self.front = rows, settings, encode, tuple(front)
        self.frozen: dict[str, NDArray[np.bool_]] = {}
        self.histories: list[History] = []
        self.best: dict[str, Moment] = {}
        self.version = self.state_version = 0
        self.playing, self.pace, self.due = False, None, 0.0
        self.phase, self.viewing, self.stopped = "", None, None  # type: ignore[assignment]
        self.speed, self.last_error = 0.0, math.nan
        self._until: int | None = None
        self._count = 0
        self._measured_at = self.measuring_cost = 0.0
        self.order: tuple[int, Rows, float, NDArray[np.int64]] | None = None
        self._begin(Descent(settings, rows, start))

    viewing: int | None
    stopped: Fault | None
    pace: float | None

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
        return sum(math.prod(map(int, node.shape)) for node in self.descent.program.graph.parameters.values())

    # commands

    def handle(self, command: ask.Command, payload: bytes = b"") -> dict[str, Any] | None:
        """Do what the page asks for; what it gets as an answer, if anything.

        Raises:
            DownslopeError: if it cannot be done; the message is for the reader.
        """
        return self._doers[type(command)](self, command, payload)

    def _changed(self, *, state: bool = False) -> None:
        self.version += 1
        self.state_version += state

    def _begin(self, descent: Descent, name: str | None = None) -> None:
        """A new run from the values of a descent."""
        self.descent, self.settings = descent, descent.settings
        self.viewing, self.stopped, self.phase, self._until = None, None, "", None
        self.playing = False
        self._count += 1
        self._current = History(self._count, name or f"run {self._count}")
        self.histories.append(self._current)
        self._forget_old()
        self.current.add(self._moment("start"))
        self._changed(state=True)

    def _forget_old(self) -> None:
        """Runs beyond the most: the oldest that are not kept, then the oldest."""
        while len(self.histories) > _MOST_RUNS:
            others = [h for h in self.histories if h is not self.current]
            self.histories.remove(next((h for h in others if not h.kept), others[0]))

    def _moment(self, how: str, *, exact: bool = True) -> Moment:
        descent = self.descent
        error, validation = self.last_error, None
        if exact or self._may_measure():
            started = perf_counter()
            error, validation = descent.error(), descent.validation_error()
            self._measured_at, self.measuring_cost = perf_counter(), perf_counter() - started
        return Moment(descent.step, descent.values, error, validation, how, self.settings)

    def _may_measure(self) -> bool:
        return perf_counter() - self._measured_at >= self.measuring_cost / _MEASURING

    def _keep(self, how: str, *, exact: bool = True, in_place: bool = False) -> None:
        moment = self._moment(how, exact=exact)
        self.current.add(moment, in_place=in_place)
        by = "hand" if how == "hand" else "descent"
        if how in ("hand", "descent") and not moment.error >= self._best_error(by):
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

    def _set_parameter(self, command: ask.SetParameter, _: bytes) -> None:
        self.pause()
        self._here()
        name, index = command.name, tuple(command.index)
        self._check_place(name, index)
        if not math.isfinite(command.value):
            raise DownslopeError(f"a weight is a finite number, not {command.value}")
        dragged = self._dragged == (name, index) and self.current.last.how == "hand"
        self.descent.put_number(name, index, command.value)
        self.phase = ""
        self._keep("hand", in_place=dragged)
        self._dragged = (name, index) if command.moving else None
        self._changed()

    _dragged: tuple[str, tuple[int, ...]] | None = None

    def _check_place(self, name: str, index: tuple[int, ...]) -> None:
        parameters = self.descent.program.graph.parameters
        shape = tuple(map(int, parameters[name].shape)) if name in parameters else ()
        if len(index) != len(shape) or not shape or any(not 0 <= i < s for i, s in zip(index, shape, strict=True)):
            raise DownslopeError(f"there is no weight {name}{list(index)} in this network")

    def _freeze(self, command: ask.Freeze, _: bytes) -> None:
        self._here()
        parameters = self.descent.program.graph.parameters
        if command.name not in parameters:
            raise DownslopeError(f"there is no parameter {command.name!r} in this network")
        shape = tuple(map(int, parameters[command.name].shape))
        mask = self.frozen.get(command.name, np.zeros(shape, bool)).copy()
        if command.index is not None:
            self._check_place(command.name, tuple(command.index))
        mask[() if command.index is None else tuple(command.index)] = command.frozen
        self.frozen[command.name] = mask
        self._remade(self.descent.values, self.descent.step)
        self._changed(state=True)

    def _phase(self, command: ask.Phase, _: bytes) -> None:
        if command.part not in PHASES:
            raise DownslopeError(f"a step has the parts {', '.join(PHASES)}, not {command.part!r}")
        self.pause()
        self._here()
        self._show_phase(command.part)

    def _show_phase(self, part: str) -> None:
        if part == "update":
            self._take(1)
        self.phase = part
        self._changed()

    def _step(self, command: ask.Step, _: bytes) -> None:
        if command.count < 1 or command.unit not in ("step", "epoch"):
            raise DownslopeError("steps and epochs are counted from 1")
        self.pause()
        self._here()
        descent, count = self.descent, command.count
        if command.unit == "epoch":
            each = descent.batches.steps_in_epoch
            count = (descent.step // each + count) * each - descent.step
        self.phase, self.pace = "", None
        self._until = descent.step + count
        self.playing = True
        if count * (len(descent.trained["x"]) + self.weights) < 1e6:  # at once, where nobody has to wait
            while self.playing:
                self.work()
        self._changed()

    def _play(self, command: ask.Play, _: bytes) -> None:
        if command.pace is not None and not 0 < command.pace <= 1000:
            raise DownslopeError("slow motion takes from above 0 to 1000 steps a second")
        self._here()
        self._until, self.pace, self.playing = None, command.pace, True
        self.phase = ""
        self._dragged = None
        self.due = perf_counter()
        self._changed()

    def _pause(self, command: ask.Pause, _: bytes) -> None:
        self.pause()

    def pause(self) -> None:
        """Stop taking steps, and keep where it is."""
        if self.playing:
            self.playing, self._until = False, None
            if self.current.last.step != self.descent.step:
                self._keep("descent")
            self._changed()

    def _reset(self, command: ask.Reset, _: bytes) -> None:
        first = self.current.moments[0]
        if command.seed is None:
            same = {name: value.shape for name, value in self.descent.parameters.items()}
            values = {n: v for n, v in first.values.items() if n in same and v.shape == same[n]}
            self._begin(Descent(self.settings, self.rows, values, 0, self.frozen))
        else:
            settings = self.settings.changed({"seed": command.seed})
            self._begin(Descent(settings, self.rows, None, 0, self.frozen))

    def _solve(self, command: ask.Solve, _: bytes) -> dict[str, Any]:
        found = solve(self.descent.network, self.descent.trained["x"], self.descent.trained["y"])
        self.pause()
        self._here()
        values = {**self.descent.values, **found.parameters}
        self._remade(values, self.descent.step)
        self._keep("solve")
        self._changed()
        return {"message": "told", "text": found.message}

    def _go_to_best(self, command: ask.Best, _: bytes) -> None:
        if command.how not in self.best:
            raise DownslopeError("there are no best values yet")
        moment = self.best[command.how]
        self.pause()
        self._here()
        self._remade(moment.values, self.descent.step)
        self._keep(moment.how)
        self._changed()

    def _change(self, command: ask.Change, _: bytes) -> None:
        before, after = self.settings, self.settings.changed(command.settings)
        if after == before:
            return
        self._here()
        self.settings = after
        if set(command.settings) <= _RATE_ONLY:
            self.descent.set_rate(after)
        elif self._same_shapes(before, after) and after.validation == before.validation:
            self._remade(self.descent.values, self.descent.step)
        else:
            self._begin(Descent(after, self.rows, None, 0, self._fitting_masks(after)))
        self._changed(state=True)

    def _same_shapes(self, before: Settings, after: Settings) -> bool:
        one, other = (s.network.graph().parameters for s in (before, after))
        return {n: p.shape for n, p in one.items()} == {n: p.shape for n, p in other.items()}

    def _fitting_masks(self, settings: Settings) -> dict[str, NDArray[np.bool_]]:
        shapes = {n: tuple(map(int, p.shape)) for n, p in settings.network.graph().parameters.items()}
        self.frozen = {n: m for n, m in self.frozen.items() if shapes.get(n) == m.shape}
        return self.frozen

    def _repair(self, command: ask.Repair, _: bytes) -> None:
        if self.stopped is None or not 0 <= command.number < len(self.stopped.repairs):
            raise DownslopeError("there is nothing to repair now")
        repair = self.stopped.repairs[command.number]
        if repair.scaling is not None:
            self._set_rows(replace(self.rows.choices, scaling=repair.scaling))
            return
        settings = self.settings.changed(repair.settings)
        first = self.current.moments[0]
        self._begin(Descent(settings, self.rows, first.values, 0, self.frozen))

    def _restore(self, command: ask.Restore, _: bytes) -> None:
        settings = self.settings.changed({k: v for k, v in command.settings.items()})
        values = {}
        for name, given in (command.weights or {}).items():
            try:
                values[name] = np.asarray(given, float)
            except (TypeError, ValueError):
                raise DownslopeError(f"the weights of {name} in the address are no numbers") from None
            if not np.all(np.isfinite(values[name])):
                raise DownslopeError(f"the weights of {name} in the address are not finite")
        self._begin(Descent(settings, self.rows, values, 0, self._fitting_masks(settings)))

    # time

    def _scrub(self, command: ask.Scrub, _: bytes) -> None:
        self.pause()
        if command.run is not None and command.run != self.current.number:
            self._open(self._run(command.run))
        last = len(self.current.moments) - 1
        if command.moment is not None and not 0 <= command.moment <= last:
            raise DownslopeError(f"this run has the moments 0 to {last}, not {command.moment}")
        self.viewing = None if command.moment in (None, last) else command.moment
        self.phase = ""
        self._changed()

    def _run(self, number: int) -> History:
        found = next((h for h in self.histories if h.number == number), None)
        if found is None:
            raise DownslopeError(f"there is no run {number}; it was forgotten or never made")
        return found

    def _open(self, history: History) -> None:
        self._current, self.viewing, self.stopped = history, None, None
        self.settings = history.last.settings
        self._remade(history.last.values, history.last.step)
        self._changed(state=True)

    def _name_run(self, command: ask.NameRun, _: bytes) -> None:
        run = self._run(command.run)
        if command.name is not None:
            run.name = command.name.strip()[:60] or run.name
        if command.kept is not None:
            run.kept = command.kept
        self._changed(state=True)

    def _drop_run(self, command: ask.DropRun, _: bytes) -> None:
        run = self._run(command.run)
        if run is self.current:
            raise DownslopeError("the run that is open cannot be forgotten; open another one first")
        self.histories.remove(run)
        self._changed(state=True)

    # the table

    def _take_rows(self, rows: Rows, settings: Settings | None = None) -> None:
        """Go on with other rows: the network stays where it fits."""
        if settings is None:
            fits = len(rows.features) == self.settings.inputs and rows.y.shape[1:] == self.rows.y.shape[1:]
            fits = fits and rows.goal.classes == self.rows.goal.classes
            settings = self.settings if fits else suited(rows, self.front)
        fits = settings.network.inputs == self.settings.inputs and self._same_shapes(self.settings, settings)
        values = self.descent.values if fits else None
        self.rows, self.best = rows, {}
        self._begin(Descent(settings, rows, values, 0, self._fitting_masks(settings)))

    def _set_rows(self, choices: Choices) -> None:
        rows = self.encode(self.rows.frame, choices, self.rows.name)
        same = rows.choices.targets == self.rows.choices.targets and rows.features == self.rows.features
        same = same and rows.goal.classes == self.rows.goal.classes
        if same and rows.choices.scaling != self.rows.choices.scaling:
            self.rows, self.best = rows, {}  # other numbers need other weights
            self._begin(Descent(self.settings, rows, None, 0, self.frozen))
            return
        self._take_rows(rows, self.settings if same else suited(rows, self.front))

    def _edit_cell(self, command: ask.EditCell, _: bytes) -> None:
        frame = edited(self.rows, command.row, command.column, command.text)
        self._take_rows(self.encode(frame, self.rows.choices, self.rows.name))

    def _edit_rows(self, command: ask.EditRows, _: bytes) -> None:
        frame, row = self.rows.frame, command.drop
        if not self.rows.editable:
            raise DownslopeError("rows of a table of this size cannot be added or taken away here")
        if row is None:
            frame = frame.vstack(frame.tail(1))
        elif 0 <= row < frame.height:
            frame = frame.head(row).vstack(frame.slice(row + 1))
        self._take_rows(self.encode(frame, self.rows.choices, self.rows.name))

    def _paste(self, command: ask.Paste, _: bytes) -> None:
        self._open_table(command.text.encode(), command.name)

    def _upload(self, command: ask.Upload, payload: bytes) -> None:
        self._open_table(payload, command.name)

    def _open_table(self, content: bytes, name: str) -> None:
        file = io.BytesIO(content)
        file.name = name.replace("\\", "/").rsplit("/", 1)[-1][:80]
        frame = read_table(file)
        here = [column for column in self.rows.choices.targets if column in frame.columns]
        tried = [*here, *reversed(frame.columns)]
        for place, target in enumerate(tried):
            try:
                rows = rows_of(frame, Choices((target,)), file.name)
            except DownslopeError:
                if place == len(tried) - 1:
                    raise
                continue
            self.encode, self.front = rows_of, ()
            self._take_rows(rows, suited(rows))
            return

    def _columns(self, command: ask.Columns, _: bytes) -> None:
        told = {name: value for name, value in vars(command).items() if value is not None}
        made = {n: tuple(map(str, v)) if isinstance(v, list) else v for n, v in told.items()}
        if made.get("targets") == ():
            raise DownslopeError("choose at least one column to predict")
        self._set_rows(replace(self.rows.choices, **made))

    def _five_rows(self, command: ask.FiveRows, _: bytes) -> None:
        fresh = first_session()
        self.rows, self.best, self.frozen, self.encode = fresh.rows, {}, {}, rows_of
        self._begin(Descent(fresh.settings, fresh.rows, fresh.descent.values))

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
        ends = [e for e in (self._until, self.settings.stop_steps) if e is not None and e > step]
        return min([next_mark(step), *ends]) - step

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
            before = (self.descent.values, self.descent.step) if self.settings.stop_error is not None else None
            errors, fault = self.descent.advance(count, end - perf_counter())
            if before is not None:
                errors = self._stopped_below(errors, before)
            self.current.curve.extend(self.descent.step - len(errors) + (fault is not None) + 1, errors)
            self.last_error = float(errors[-1])
            count -= len(errors)
            if fault is not None:
                self._failed(fault)
                return
            if count <= 0:
                self._keep("descent", exact=not self.playing)
                self._end_where_asked()
                count = self._room() if self.playing and self.pace is None else 0

    def _stopped_below(
        self, errors: NDArray[np.float64], before: tuple[Mapping[str, NDArray[Any]], int]
    ) -> NDArray[np.float64]:
        """The errors up to the first below the limit, and the values at that step."""
        limit = self.settings.stop_error
        below = np.flatnonzero(errors < limit)
        if not len(below) or not self.playing:
            return errors
        values, step = before
        self.descent.put(values, step)
        found = errors[:0]
        while len(found) < below[0]:
            more, _ = self.descent.advance(int(below[0]) - len(found), math.inf)
            found = np.append(found, more)
        self._end(f"The error fell below {limit:g} after {self.descent.step:,} steps.")
        return errors[: below[0] + 1]

    def _end_where_asked(self) -> None:
        step, settings = self.descent.step, self.settings
        if not self.playing:
            return
        if self._until is not None and step >= self._until:
            self.playing, self._until = False, None
        elif settings.stop_steps is not None and step == settings.stop_steps:
            self._end(f"{step:,} steps are done, as the stop rule asks.")
        elif settings.stop_patience is not None and self._no_better_since() >= settings.stop_patience:
            self._end(f"The last {settings.stop_patience} looks at the validation rows found no smaller error.")

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

    def stable_below(self) -> tuple[float, float] | None:
        """The learning rate from which on descent diverges and the best one, where they are known."""
        return stable_range(self.settings, self.descent)

    _doers: Mapping[type[ask.Command], Callable[[Session, Any, bytes], dict[str, Any] | None]] = {
        ask.SetParameter: _set_parameter,
        ask.Freeze: _freeze,
        ask.Phase: _phase,
        ask.Step: _step,
        ask.Play: _play,
        ask.Pause: _pause,
        ask.Reset: _reset,
        ask.Solve: _solve,
        ask.Best: _go_to_best,
        ask.Change: _change,
        ask.Repair: _repair,
        ask.Restore: _restore,
        ask.Scrub: _scrub,
        ask.NameRun: _name_run,
        ask.DropRun: _drop_run,
        ask.EditCell: _edit_cell,
        ask.EditRows: _edit_rows,
        ask.Paste: _paste,
        ask.Upload: _upload,
        ask.Columns: _columns,
        ask.FiveRows: _five_rows,
    }


def first_session() -> Session:
    """The five rows, the one neuron, and weights that are far off."""
    frame, choices = five_rows()
    start = {"layer1.weight": np.array([[200.0, -14.0, 3456.0]])}
    return Session(rows_of(frame, choices, "five rows"), first_settings(), start)
