"""Frames: what training moves, as a page asked to see it."""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from typing import Any

import numpy as np

from downslope.engines import Evaluator
from downslope.nets import Network
from downslope.studio._schema import Frame
from downslope.studio.session._pace import moments_at
from downslope.studio.session._session import Session
from downslope.studio.session._state import is_settled
from downslope.studio.views._overview import SHOWN_WEIGHTS
from downslope.studio.views._rounding import is_rounding, rounding_of_rows
from downslope.studio.views._rows import challenge_of, rows_view
from downslope.studio.views._time import curve_of, growth_of, move_of, stuck_of, timeline_of
from downslope.studio.views._viewer import Viewer
from downslope.studio.views.matrices import matrices_of
from downslope.studio.views.pictures import pictures_of
from downslope.training import Arrays

__all__ = ["frame_of"]

_MEAN_ROWS = 256  # of which the means of units are
_COSTLY = 0.002  # seconds


def frame_of(session: Session, viewer: Viewer) -> Frame:
    """What training moves, as a page asked to see it."""
    look, state = viewer.look, session.state
    assert look is not None
    parameters, descent, step = session.parameters, state.shown_descent, session.step
    at_present = state.viewing is None
    frame: Frame = {
        "message": "frame",
        "step": step,
        "epoch": step / descent.batches.steps_in_epoch,
        "playing": state.playing,
        "replay": moments_at(state.pace) if state.replaying else None,
        "pace": state.pace,
        "phase": state.phase,
        "speed": state.speed if state.playing and state.steady_pace is None else 0.0,
        "error": _error(session, parameters),
        "rows": rows_view(session, viewer, parameters),
        "curve": curve_of(state),
        "timeline": timeline_of(state),
        "moved": move_of(state),
        "growth": growth_of(state),
        "stuck": stuck_of(state),
        "best": _best(session, parameters),
        "stopped": None if state.stopped is None else asdict(state.stopped),
        "challenge": challenge_of(session, parameters),
    }
    if state.settings.weights <= SHOWN_WEIGHTS:
        frame["parameters"] = {n: v.astype(np.float64) for n, v in parameters.items()}
        frame["stages"] = _stages(session, parameters, look.row)
        if at_present:
            frame["gradients"] = {n: v.astype(np.float64) for n, v in session.gradients.items()}
    if at_present and state.phase and descent.batches.steps_in_epoch > 1:
        frame["batch"] = descent.batch_rows(step).astype(np.int32)
    if look.pictures:
        frame["pictures"] = pictures_of(session, viewer, look.pictures, parameters)
    if look.matrices is not None:
        matrices = matrices_of(session, viewer, look.matrices, parameters)
        if matrices is not None:
            frame["matrices"] = matrices
    return frame


def _best(session: Session, parameters: Arrays) -> dict[str, Any]:
    """The best values so far, by hand and by descent."""
    return {
        by: {
            "error": saved.error,
            "step": saved.step,
            "rounding": _is_rounding(session, saved.error, parameters),
        }
        for by, saved in session.state.best.items()
    }


def _is_rounding(session: Session, error: float, parameters: Arrays) -> bool:
    """Whether an error of the training rows, without penalties, says no more than that they are met."""
    network, training = session.state.settings.network, session.state.shown_descent.split.training
    scale = float(np.max(np.abs(training["y"]), initial=0))
    if network.l1 or network.l2 or not error <= scale * np.sqrt(np.finfo(training["y"].dtype).eps):
        return False  # far above all bounds, which need not be computed then
    return is_rounding(network, error, rounding_of_rows(network, parameters, training))


def _error(session: Session, parameters: Arrays) -> dict[str, Any]:
    """The error of the rows that are trained on, or of the last batch where all rows take too long.

    ``rounding`` says that it is 0 but for rounding, and so are its gradients.
    """
    state = session.state
    network = state.settings.network
    about = {
        "measure": f"mean {network.loss_function.title}",
        "penalties": bool(network.l1 or network.l2),
        "rows": len(state.shown_descent.split.training["x"]),
    }
    if not is_settled(state) or (state.playing and session.engine.cost > _COSTLY):
        known = state.run.last.validation_error
        about["rounding"] = False
        return {**about, "value": state.last_error, "validation": known, "of": "the last batch"}
    found = session.measured
    about["rounding"] = _is_rounding(session, found.error, parameters)
    return {**about, "value": found.error, "validation": found.validation, "of": "all rows"}


def _stages(session: Session, parameters: Arrays, row: int | None) -> dict[str, Any]:
    """z and a of every layer: of one row, or their means over some rows."""
    x, network = session.state.descent.split.data["x"], session.state.settings.network
    if row is None or not 0 <= row < len(x):
        x = x[:: max(1, len(x) // _MEAN_ROWS)]
    else:
        x = x[row : row + 1]
    with np.errstate(all="ignore"):
        found = _stage_values(network).rows({**parameters, "x": x})
    names = [f"{stage.layer}.{stage.symbol.letter}" for stage in network.graph().stages]
    values = dict(zip(["x", *names], [x, *found], strict=True))
    return {name: np.asarray(value, np.float64).mean(axis=0) for name, value in values.items()}


@lru_cache(maxsize=2)
def _stage_values(network: Network) -> Evaluator:
    return Evaluator([stage.node for stage in network.graph().stages])
