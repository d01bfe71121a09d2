"""What the doctor of the page says is to be changed: the run begins again with it, beside the one before."""

from __future__ import annotations

from dataclasses import replace

from downslope.studio import _schema as ask
from downslope.studio.session._descent import checked_descent, fitting_masks
from downslope.studio.session._doctor import beginning_of
from downslope.studio.session._engine import Engine
from downslope.studio.session._playing import started
from downslope.studio.session._settings import embeddings_of
from downslope.studio.session._state import (
    SessionState,
    begun,
    moved,
    opened,
    paused,
    resumed,
    run_of,
    with_run,
)
from downslope.studio.session.handlers._table import with_remedied_table

__all__ = ["apply_remedy"]


def apply_remedy(state: SessionState, command: ask.ApplyRemedy, engine: Engine) -> SessionState:
    """The run again from where its descent began, with a change, and it descends.

    A branch where its parameters keep their shapes and its rows stay; else a new run that comes from it.
    """
    state, run = paused(state, engine), run_of(state, command.run)
    if run.number != state.current:
        state = opened(state, run_of(state, command.run))
    index = beginning_of(state)
    begin, rows = state.run.saved_steps[index], with_remedied_table(state, command)
    settings = state.settings.changed(command.settings)
    if len(rows.features) != settings.inputs:
        settings = settings.on_inputs(len(rows.features), embeddings_of(rows))
    kept = settings.shapes == state.settings.shapes and not command.fresh
    drawn = (settings.validation, settings.seed) != (state.settings.validation, state.settings.seed)
    if kept and not drawn and rows is state.rows:
        state = resumed(replace(state, viewing=index), engine)
        after = moved(state, checked_descent(settings, rows, state.frozen), begin.values, begin.step)
    else:
        descent = checked_descent(settings, rows, fitting_masks(state.frozen, settings))
        best = state.best if rows is state.rows else {}
        after = begun(replace(state, best=best), descent, begin.values if kept else None, engine)
        after = with_run(after, replace(after.run, parent=(run.number, index)))
    return started(replace(after, until=None, playing=True, phase="", dragged=None), soon=True)
