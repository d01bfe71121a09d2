"""Frames: what training moves, as a page asked to see it."""

from __future__ import annotations

from functools import lru_cache
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines import Evaluator
from downslope.nets import Network
from downslope.studio._schema import Frame
from downslope.studio.session._measures import forward_of, probabilities_of
from downslope.studio.session._session import Session
from downslope.studio.table._rows import Rows
from downslope.studio.views._figures import matrices_of, pictures_of
from downslope.studio.views._state import SHOWN_WEIGHTS
from downslope.studio.views._watcher import Order, Watcher
from downslope.training import Arrays

__all__ = ["frame_of"]

_MEANT_ROWS = 256
_COSTLY = 0.002
_CHALLENGE = 0.1


def frame_of(session: Session, watcher: Watcher) -> Frame:
    """What training moves, as a page asked to see it."""
    look = watcher.look
    assert look is not None
    parameters = session.parameters
    descent = session.state.descent
    live = session.state.viewing is None
    step = session.step
    frame: Frame = {
        "message": "frame",
        "step": step,
        "epoch": step / descent.batches.steps_in_epoch,
        "playing": session.state.playing,
        "phase": session.state.phase,
        "speed": session.state.speed if session.state.playing and session.state.pace is None else 0.0,
        "error": _error(session),
        "rows": _rows(session, watcher, parameters),
        "curve": _curve(session),
        "timeline": _timeline(session),
        "best": {how: {"error": kept.error, "step": kept.step} for how, kept in session.state.best.items()},
        "stopped": _stopped(session),
        "challenge": _challenge(session, parameters),
    }
    if session.state.descent.settings.weights <= SHOWN_WEIGHTS:
        frame["parameters"] = {n: v.astype(np.float64) for n, v in parameters.items()}
        frame["stages"] = _stages_of(session, parameters, look.row)
        if live:
            frame["gradients"] = {n: v.astype(np.float64) for n, v in session.gradients.items()}
    if live and session.state.phase and descent.batches.steps_in_epoch > 1:
        frame["batch"] = descent.batch_rows(step).astype(np.int32)
    if look.pictures:
        frame["pictures"] = pictures_of(session, watcher, look.pictures, parameters)
    if look.matrices is not None:
        told = matrices_of(session, watcher, look.matrices, parameters)
        if told is not None:
            frame["matrices"] = told
    return frame


def _error(session: Session) -> dict[str, Any]:
    """The error of the rows that are trained on, or of the last batch where all rows take too long."""
    descent = session.state.descent
    told: dict[str, Any] = {
        "convention": f"mean {session.state.settings.network.loss_function.title}",
        "penalised": bool(session.state.settings.l1 or session.state.settings.l2),
        "rows": len(descent.split.training["x"]),
    }
    if session.state.playing and session.engine.cost > _COSTLY:
        return {**told, "value": session.state.last_error, "validation": None, "of": "the last batch"}
    found = session.measured
    return {**told, "value": found.error, "validation": found.validation, "of": "all rows"}


def _rows(session: Session, watcher: Watcher, parameters: Arrays) -> dict[str, Any]:
    """The rows that the page shows: their values, and their cells where those are others than before."""
    look, rows, descent = watcher.look, session.state.rows, session.state.descent
    assert look is not None
    first, count = (*look.rows, 0, 0)[:2]
    total = len(rows.x)
    first, count = max(0, min(first, total - 1)), max(0, min(count, 200))
    if look.order == "error":
        chosen = _by_error(session, watcher, parameters)[first : first + count]
    else:
        chosen = np.arange(first, min(first + count, total))
    data = {name: column[chosen] for name, column in descent.split.data.items()}
    z, prediction, errors = (
        forward_of(session.state.settings.network, parameters, data) if len(chosen) else (None, None, None)
    )
    told: dict[str, Any] = {"first": first, "of": chosen.astype(np.int32), "total": total}
    if z is not None and prediction is not None and errors is not None:
        told |= {"z": _wide(z), "prediction": _in_units(rows, _wide(prediction)), "loss": _wide(errors)}
        if rows.goal.classes:
            told |= _decided(prediction)
        else:
            told["missed"] = _in_units(rows, _wide(data["y"])) - told["prediction"]
    if len(descent.split.validation_rows):
        told["measured"] = np.isin(chosen, descent.split.validation_rows)
    stamp = (id(rows), chosen.tobytes())
    if watcher.cells != stamp:
        watcher.cells = stamp
        told["cells"] = [[_cell(v) for v in row] for row in rows.shown[chosen.tolist()].rows()]
    return told


def _decided(prediction: NDArray[Any]) -> dict[str, Any]:
    """The likeliest class of each row and its probability."""
    shares = probabilities_of(prediction)
    chosen = shares.argmax(axis=1)
    return {
        "chosen": chosen.astype(np.int32),
        "share": _wide(np.take_along_axis(shares, chosen[:, None], 1)[:, 0]),
    }


def _cell(value: Any) -> Any:
    return value if value is None or isinstance(value, int | float | str | bool) else str(value)


def _wide(values: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(values, np.float64)


def _in_units(rows: Rows, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Numbers in the target's own units; probabilities as they are."""
    return values if rows.goal.classes else values * rows.goal.scale + rows.goal.mean


def _by_error(session: Session, watcher: Watcher, parameters: Arrays) -> NDArray[np.int64]:
    """The rows with the largest errors first; while playing the order is renewed now and then only."""
    state, version, now = session.state, session.version, perf_counter()
    order = watcher.order
    if (
        order is None
        or order.rows is not state.rows
        or (not state.playing and order.version != version)
        or now - order.made_at > 1
    ):
        errors = forward_of(state.settings.network, parameters, state.descent.split.data)[2]
        order = watcher.order = Order(np.argsort(-errors, kind="stable"), state.rows, version, now)
    return order.indices


def _curve(session: Session) -> dict[str, Any]:
    history = session.state.run
    steps, errors = history.curve.thinned(1200)
    limit = None if session.state.viewing is None else session.state.shown.step
    looked = [(m.step, m.validation_error) for m in history.moments if m.validation_error is not None]
    by_hand = [(m.step, m.error) for m in history.moments if m.origin in ("hand", "solve", "start")]
    told: dict[str, Any] = {
        "steps": steps.astype(np.float64),
        "errors": errors,
        "shown": limit,
    }
    told["latest"] = [float(session.state.position.step), history.last.error]
    told["validation"] = np.array(looked, float).reshape(-1, 2)
    told["hand"] = np.array(by_hand[-200:], float).reshape(-1, 2)
    return told


def _timeline(session: Session) -> dict[str, Any]:
    moments = session.state.run.moments
    return {
        "run": session.state.run.number,
        "name": session.state.run.name,
        "at": len(moments) - 1 if session.state.viewing is None else session.state.viewing,
        "steps": np.array([m.step for m in moments], float),
        "errors": np.array([m.error for m in moments], float),
        "how": [m.origin for m in moments],
        "best": session.state.run.best.error,
    }


def _stopped(session: Session) -> dict[str, Any] | None:
    fault = session.state.stopped
    if fault is None:
        return None
    return {
        "kind": fault.kind,
        "step": fault.step,
        "words": fault.text,
        "repairs": [repair.label for repair in fault.repairs],
    }


def _challenge(session: Session, parameters: Arrays) -> dict[str, Any] | None:
    """All errors of a few rows below a limit, by hand."""
    rows = session.state.rows
    if len(rows.x) > 20 or rows.goal.classes or rows.outputs != 1:
        return None
    prediction = forward_of(session.state.settings.network, parameters, session.state.descent.split.data)[1]
    sizes = np.abs(
        _in_units(rows, _wide(session.state.descent.split.data["y"])) - _in_units(rows, _wide(prediction))
    )
    met = int(np.count_nonzero(sizes < _CHALLENGE))
    hands = {
        moment.origin
        for moment in session.state.run.moments[
            : None if session.state.viewing is None else session.state.viewing + 1
        ]
    }
    return {"limit": _CHALLENGE, "met": met, "rows": len(rows.x), "by_hand": hands <= {"start", "hand"}}


def _stages_of(session: Session, parameters: Arrays, row: int | None) -> dict[str, Any]:
    """z and a of every layer: of one row, or their means over some rows."""
    data = session.state.descent.split.data
    count = len(data["x"])
    chosen = (
        slice(None, None, max(1, count // _MEANT_ROWS))
        if row is None or not 0 <= row < count
        else slice(row, row + 1)
    )
    x = data["x"][chosen]
    with np.errstate(all="ignore"):
        found = _stage_values(session.state.settings.network).rows({**parameters, "x": x})
    told: dict[str, Any] = {"x": _wide(x).mean(axis=0)}
    for stage, value in zip(session.state.settings.network.graph().stages, found, strict=True):
        told[f"{stage.layer}.{stage.symbol.letter}"] = _wide(value).mean(axis=0)
    return told


@lru_cache(maxsize=2)
def _stage_values(network: Network) -> Evaluator:
    return Evaluator([stage.node for stage in network.graph().stages])
