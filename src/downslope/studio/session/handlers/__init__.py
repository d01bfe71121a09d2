"""What each command leads to: functions from a state and a command to the next state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from downslope.studio import _schema as ask
from downslope.studio.session._engine import Engine
from downslope.studio.session._state import SessionState
from downslope.studio.session.handlers import _descent, _doctor, _layers, _lessons, _parameters, _table, _time
from downslope.studio.session.handlers._lessons import with_lesson
from downslope.studio.session.handlers._saved import model_settings

__all__ = [
    "ANSWERED",
    "HANDLERS",
    "Outcome",
    "model_settings",
    "outcome_of",
    "with_lesson",
]

Answer = dict[str, Any]
Handler = Callable[[SessionState, Any, Engine], SessionState]

HANDLERS: Mapping[type[ask.Command], Handler] = {
    ask.SetParameter: _parameters.set_parameter,
    ask.AddToParameter: _parameters.add_to_parameter,
    ask.Freeze: _parameters.freeze,
    ask.GoToBest: _parameters.go_to_best,
    ask.Restore: _parameters.restore,
    ask.Phase: _descent.show_phase,
    ask.Step: _descent.take_steps,
    ask.Play: _descent.play,
    ask.SetPace: _descent.set_pace,
    ask.Pause: _descent.pause,
    ask.Reset: _descent.reset,
    ask.DrawAgain: _descent.draw_again,
    ask.ChangeSettings: _descent.change_settings,
    ask.AddLayer: _layers.add_layer,
    ask.RemoveLayer: _layers.remove_layer,
    ask.AddUnits: _layers.add_units,
    ask.ChangeLayer: _layers.change_layer,
    ask.ApplyRemedy: _doctor.apply_remedy,
    ask.Cancel: lambda state, _command, _engine: state,  # the server knows what it makes
    ask.Replay: _time.replay,
    ask.GoTo: _time.go_to_saved_step,
    ask.MoveInTime: _time.move_in_time,
    ask.NameRun: _time.name_run,
    ask.RemoveRun: _time.remove_run,
    ask.EditCell: _table.edit_cell,
    ask.EditRows: _table.edit_rows,
    ask.ChooseColumns: _table.choose_columns,
    ask.SwitchInput: _table.switch_input,
    ask.ChooseKind: _table.choose_kind,
    ask.OpenSample: _table.open_sample,
    ask.OpenLesson: _lessons.open_lesson,
    ask.LessonStep: _lessons.go_to_step,
    ask.LessonView: _lessons.take_view,
}
"""By command, the state that it leads to."""

ANSWERED: Mapping[type[ask.Command], Callable[[SessionState, Any, Engine], tuple[SessionState, Answer]]] = {
    ask.Solve: _parameters.solved,
    ask.Paste: _table.open_table,
    ask.Upload: _table.open_table,
    ask.ReadAgain: _table.read_again,
    ask.LeaveLesson: _lessons.leave_lesson,
}
"""By command, the state that it leads to and what the page is told."""


class Outcome(NamedTuple):
    """What a command leads to: the next state, and what the page gets as an answer.

    ``later`` makes an answer that takes long, beside the session; it is called with what takes each of its
    steps, in words.
    """

    state: SessionState
    answer: Answer | None = None
    later: Callable[[Callable[[str], None]], Answer] | None = None


def outcome_of(state: SessionState, command: ask.Command, engine: Engine) -> Outcome:
    """What a command leads to.

    Raises:
        DownslopeError: if it cannot be done; the message is for the reader.
    """
    if type(command) in ANSWERED:
        return Outcome(*ANSWERED[type(command)](state, command, engine))
    return Outcome(HANDLERS[type(command)](state, command, engine))
