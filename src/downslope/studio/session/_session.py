"""The session behind the page: what each command does to the table, the network and the descent."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.fitting import embeddings
from downslope.insight import solve
from downslope.studio import _schema as ask
from downslope.studio.session._descent import Descent
from downslope.studio.session._player import PHASES, Player
from downslope.studio.session._samples import FIVE_ROWS, five_rows, sample_settings, sampled
from downslope.studio.session._settings import Settings, first_settings, suited
from downslope.studio.table._rows import Choices, Rows, edited, rows_of
from downslope.tables import read_table

__all__ = ["Session", "first_session"]

_RATE_ONLY = {"learning_rate", "stop_steps", "stop_error", "stop_patience"}


class Session(Player):
    """A player that does what the page asks for.

    Attributes:
        encode: makes rows of a table.
    """

    def __init__(
        self,
        rows: Rows,
        settings: Settings,
        start: Mapping[str, NDArray[Any]] | None = None,
        *,
        encode: Callable[[Any, Choices, str], Rows] = rows_of,
    ) -> None:
        super().__init__(rows, settings, start)
        self.encode = encode

    def handle(self, command: ask.Command, payload: bytes = b"") -> dict[str, Any] | None:
        """Do what the page asks for; what it gets as an answer, if anything.

        Raises:
            DownslopeError: if it cannot be done; the message is for the reader, and all is as it was.
        """
        before = {**vars(self), "histories": list(self.histories)}
        try:
            return self._doers[type(command)](self, command, payload)
        except BaseException:
            vars(self).update(before)
            raise

    def _set_parameter(self, command: ask.SetParameter, _: bytes) -> None:
        self.pause()
        self._here()
        name, index = command.name, tuple(command.index)
        self._check_place(name, index)
        largest = float(np.finfo(self.descent.values[name].dtype).max)
        if not abs(command.value) <= largest:
            raise DownslopeError(f"a weight is a number of at most {largest:.3g} here, not {command.value}")
        dragged = self._dragged == (name, index) and self.current.last.how == "hand"
        self.descent.put_number(name, index, command.value)
        self.phase = ""
        self._keep("hand", in_place=dragged)
        self._dragged = (name, index) if command.moving else None
        self._changed()

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
        found = solve(self.settings.network, self.descent.trained["x"], self.descent.trained["y"])
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
        elif before.shapes == after.shapes and after.validation == before.validation:
            self._remade(self.descent.values, self.descent.step)
        else:
            self._begin(Descent(after, self.rows, None, 0, self._fitting_masks(after)))
        self._changed(state=True)

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
        settings = self.settings.changed(command.settings)
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
        before = self.settings
        self.settings = self.descent.settings if self.viewing is None else self.shown.settings
        self.phase = ""
        self._changed(state=self.settings != before)

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
            fits = fits and self._encoded_alike(rows)
            settings = self.settings if fits else suited(rows)
        fits = settings.network.inputs == self.settings.inputs and self.settings.shapes == settings.shapes
        values = self.descent.values if fits else None
        self.rows, self.best = rows, {}
        self._begin(Descent(settings, rows, values, 0, self._fitting_masks(settings)))

    def _encoded_alike(self, rows: Rows) -> bool:
        """Whether other rows have the same classes, and the same levels where x holds their numbers."""
        levels = embeddings(rows.encoder) == embeddings(self.rows.encoder)
        return levels and rows.goal.classes == self.rows.goal.classes

    def _set_rows(self, choices: Choices) -> None:
        rows = self.encode(self.rows.frame, choices, self.rows.name)
        same = rows.choices.targets == self.rows.choices.targets and rows.features == self.rows.features
        same = same and self._encoded_alike(rows)
        if same and rows.choices.scaling != self.rows.choices.scaling:
            self.rows, self.best = rows, {}  # other numbers need other weights
            self._begin(Descent(self.settings, rows, None, 0, self.frozen))
            return
        self._take_rows(rows, self.settings if same else suited(rows))

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
            self.encode = rows_of
            self._take_rows(rows, suited(rows))
            return

    def _columns(self, command: ask.Columns, _: bytes) -> None:
        told = {name: value for name, value in vars(command).items() if value is not None}
        made: dict[str, Any] = {n: tuple(map(str, v)) if isinstance(v, list) else v for n, v in told.items()}
        if made.get("targets") == ():
            raise DownslopeError("choose at least one column to predict")
        self._set_rows(replace(self.rows.choices, **made))

    def _sample(self, command: ask.Sample, _: bytes) -> None:
        fresh = sample_session(command.name)
        self.rows, self.best, self.frozen, self.encode = fresh.rows, {}, {}, rows_of
        self._begin(Descent(fresh.settings, fresh.rows, fresh.descent.values))

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
        ask.Sample: _sample,
    }


def sample_session(name: str) -> Session:
    """A session on a table that comes with the page."""
    if name == FIVE_ROWS:
        return first_session()
    rows = sampled(name)
    return Session(rows, sample_settings(rows))


def first_session() -> Session:
    """The five rows, the one neuron, and weights that are far off."""
    frame, choices = five_rows()
    start = {"layer1.weight": np.array([[200.0, -14.0, 3456.0]])}
    return Session(rows_of(frame, choices, FIVE_ROWS), first_settings(), start)
