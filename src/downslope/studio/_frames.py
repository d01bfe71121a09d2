"""What the page is sent: the state, which changes rarely, and frames of what training moves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from downslope.engines import Evaluator
from downslope.graph import ACTIVATIONS
from downslope.insight import dense_layers
from downslope.nets import Network
from downslope.studio._descent import forward_of
from downslope.studio._figures import matrices_of, pictures_of
from downslope.studio._repairs import stable_range
from downslope.studio._samples import FIVE_ROWS, SAMPLES
from downslope.studio._schema import Frame, State
from downslope.studio._server import UPLOAD_LIMIT
from downslope.studio._session import Session
from downslope.studio._settings import LOSSES_OF
from downslope.studio._table import Rows, histogram
from downslope.studio._watcher import Watcher
from downslope.training import OPTIMIZERS, Arrays

__all__ = ["frame_of", "state_of"]

SHOWN_WEIGHTS = 2100
"""Networks with more weights are shown as matrices."""
_MEANT_ROWS = 256
_COSTLY = 0.002
_CHALLENGE = 0.1


def state_of(session: Session) -> State:
    """What changes rarely."""
    return {
        "message": "state",
        "version": session.state_version,
        "table": _table(session.rows),
        "settings": {
            **session.settings.to_json(),
            "stable": stable_range(session.settings, session.descent),
            "fixed": session.settings.fixed is not None,
            "epoch_steps": session.descent.batches.steps_in_epoch,
        },
        "network": {**_network(session.settings.network, session.rows), "frozen": _frozen(session)},
        "choices": {
            "activations": ["identity", *ACTIVATIONS],
            "optimizers": list(OPTIMIZERS),
            "losses": list(LOSSES_OF[_kind_of_target(session.rows)]),
            "samples": [FIVE_ROWS, *SAMPLES],
        },
        "runs": [_run(session, place) for place in range(len(session.histories))],
        "limits": {"upload": UPLOAD_LIMIT, "shown_weights": SHOWN_WEIGHTS},
    }


def _kind_of_target(rows: Rows) -> str:
    return {0: "regression", 2: "two classes"}.get(len(rows.goal.classes), "classes")


def _frozen(session: Session) -> Mapping[str, Any]:
    return {name: mask for name, mask in session.frozen.items() if np.any(mask)}


def _table(rows: Rows) -> dict[str, Any]:
    choices = rows.choices
    reasons = {column.name: column for column in rows.columns}
    columns = []
    for name in rows.shown.columns:
        column = reasons.get(name)
        columns.append(
            {
                "name": name,
                "target": name in choices.targets,
                "kind": "target" if column is None else column.kind,
                "reason": rows.task_reason if column is None else column.reason,
                "used": column is None or column.used,
                "formula": name in choices.formulas,
                "number": rows.shown[name].dtype.is_numeric(),
                "histogram": _glance(rows.shown, name),
            }
        )
    return {
        "name": rows.name,
        "rows": rows.shown.height,
        "columns": columns,
        "features": list(rows.features),
        "targets": list(choices.targets),
        "classes": list(rows.goal.classes),
        "scale": rows.goal.scale,
        "centre": rows.goal.mean,
        "left_out": rows.left_out,
        "scaling": choices.scaling,
        "formulas": list(choices.formulas),
        "editable": rows.editable,
        "task": rows.task_reason,
    }


@lru_cache(maxsize=512)
def _glanced(_: int, column: Any) -> Mapping[str, Any]:
    return histogram(column.column)


class _Held:
    """A column by its identity, so that a histogram is made once for each."""

    def __init__(self, frame: pl.DataFrame, name: str) -> None:
        self.frame, self.name, self.column = frame, name, frame[name]

    def __hash__(self) -> int:
        return hash((id(self.frame), self.name))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self.frame is other.frame and self.name == other.name


def _glance(frame: pl.DataFrame, name: str) -> Mapping[str, Any]:
    return _glanced(0, _Held(frame, name))


def _network(network: Network, rows: Rows) -> dict[str, Any]:
    """The dense layers as the page draws them."""
    graph = network.graph()
    layers = []
    for dense in dense_layers(network):
        layers.append(
            {
                "name": dense.name,
                "weight": dense.weight.name,
                "bias": None if dense.bias is None else dense.bias.name,
                "units": int(dense.weight.shape[0]),
                "inputs": int(dense.weight.shape[1]),
                "activation": dense.a.op.name if dense.a is not dense.z else "identity",
            }
        )
    weights = sum(math.prod(map(int, p.shape)) for p in graph.parameters.values())
    chained = all(a["units"] == b["inputs"] for a, b in pairwise(layers))
    drawn = bool(layers) and chained and layers[0]["inputs"] == network.inputs
    return {
        "layers": layers,
        "inputs": list(rows.features),
        "weights": weights,
        "shapes": {name: list(map(int, p.shape)) for name, p in graph.parameters.items()},
        "drawn": drawn and weights <= SHOWN_WEIGHTS,
        "loss": network.loss,
        "linear": len(layers) == 1
        and layers[0]["activation"] == "identity"
        and network.loss == "squared_error",
    }


def _run(session: Session, place: int) -> dict[str, Any]:
    history = session.histories[place]
    steps, errors = history.curve.points()
    every = max(1, len(steps) // 400)
    best = history.best
    layers = history.last.settings.layers
    return {
        "number": history.number,
        "name": history.name,
        "kept": history.kept,
        "open": history is session.current,
        "parent": None if history.parent is None else history.parent[0],
        "step": history.last.step,
        "error": history.last.error,
        "best": best.error,
        "validation": history.last.validation_error,
        "shape": "-".join(str(layer.units) for layer in layers) or "fixed",
        "activation": layers[0].activation if len(layers) > 1 else "",
        "rate": history.last.settings.learning_rate,
        "optimizer": history.last.settings.optimizer,
        "steps": steps[::every].astype(float),
        "errors": errors[::every],
    }


def frame_of(session: Session, watcher: Watcher) -> Frame:
    """What training moves, as a page asked to see it."""
    look = watcher.look
    assert look is not None
    parameters = session.parameters
    moment, descent = session.shown, session.descent
    live = session.viewing is None
    step = descent.step if live else moment.step
    frame: Frame = {
        "message": "frame",
        "state": session.state_version,
        "step": step,
        "epoch": step / descent.batches.steps_in_epoch,
        "playing": session.playing,
        "phase": session.phase,
        "speed": session.speed if session.playing and session.pace is None else 0.0,
        "error": _error(session, parameters, live),
        "rows": _rows(session, watcher, parameters),
        "curve": _curve(session),
        "timeline": _timeline(session),
        "best": {how: {"error": kept.error, "step": kept.step} for how, kept in session.best.items()},
        "stopped": _stopped(session),
        "challenge": _challenge(session, parameters),
    }
    if session.weights <= SHOWN_WEIGHTS:
        frame["parameters"] = {n: v.astype(np.float64) for n, v in parameters.items()}
        frame["stages"] = _stages_of(session, parameters, look.row)
        if live:
            frame["gradients"] = {n: v.astype(np.float64) for n, v in descent.gradients().items()}
    if live and session.phase and descent.batches.steps_in_epoch > 1:
        frame["batch"] = descent.next_rows().astype(np.int32)
    if look.pictures:
        frame["pictures"] = pictures_of(session, watcher, look.pictures, parameters)
    if look.matrices is not None:
        told = matrices_of(session, watcher, look.matrices, parameters)
        if told is not None:
            frame["matrices"] = told
    return frame


def _error(session: Session, parameters: Arrays, live: bool) -> dict[str, Any]:
    """The error of the rows that are trained on, or of the last batch where all rows take too long."""
    descent = session.descent
    words = {
        "squared_error": "mean of squared errors",
        "absolute_error": "mean of absolute errors",
        "binary_cross_entropy": "mean cross-entropy",
        "cross_entropy": "mean cross-entropy",
        "huber": "mean Huber loss",
        "quantile": "mean quantile loss",
        "poisson": "mean Poisson loss",
    }
    told: dict[str, Any] = {
        "convention": words[session.settings.loss],
        "penalised": bool(session.settings.l1 or session.settings.l2),
        "rows": len(descent.trained["x"]),
    }
    if not live:
        moment = session.shown
        return {**told, "value": moment.error, "validation": moment.validation_error, "of": "all rows"}
    if session.playing and session.measuring_cost > _COSTLY:
        return {**told, "value": session.last_error, "validation": None, "of": "the last batch"}
    value, validation = session.measured()
    return {**told, "value": value, "validation": validation, "of": "all rows"}


def _rows(session: Session, watcher: Watcher, parameters: Arrays) -> dict[str, Any]:
    """The rows that the page shows: their values, and their cells where those are others than before."""
    look, rows, descent = watcher.look, session.rows, session.descent
    assert look is not None
    first, count = (*look.rows, 0, 0)[:2]
    total = len(rows.x)
    first, count = max(0, min(first, total - 1)), max(0, min(count, 200))
    if look.order == "error":
        chosen = _by_error(session, parameters)[first : first + count]
    else:
        chosen = np.arange(first, min(first + count, total))
    data = {name: column[chosen] for name, column in descent.data.items()}
    z, prediction, errors = (
        forward_of(descent.network, parameters, data) if len(chosen) else (None, None, None)
    )
    told: dict[str, Any] = {"first": first, "of": chosen.astype(np.int32), "total": total}
    if z is not None and prediction is not None and errors is not None:
        told |= {"z": _wide(z), "prediction": _in_units(rows, _wide(prediction)), "loss": _wide(errors)}
        told["target"] = _in_units(rows, _wide(data["y"])) if data["y"].ndim == 2 else _wide(data["y"])
    if len(descent.measured_rows):
        told["measured"] = np.isin(chosen, descent.measured_rows)
    stamp = (id(rows), chosen.tobytes())
    if watcher.cells != stamp:
        watcher.cells = stamp
        told["cells"] = [[_cell(v) for v in row] for row in rows.shown[chosen.tolist()].rows()]
    return told


def _cell(value: Any) -> Any:
    return value if value is None or isinstance(value, int | float | str | bool) else str(value)


def _wide(values: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(values, np.float64)


def _in_units(rows: Rows, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Numbers in the target's own units; probabilities as they are."""
    return values if rows.goal.classes else values * rows.goal.scale + rows.goal.mean


def _by_error(session: Session, parameters: Arrays) -> NDArray[np.int64]:
    """The rows with the largest errors first; while playing the order is renewed now and then only."""
    held = session.order
    now = perf_counter()
    if (
        held is None
        or held[1] is not session.rows
        or (not session.playing and held[0] != session.version)
        or now - held[2] > 1
    ):
        errors = forward_of(session.descent.network, parameters, session.descent.data)[2]
        held = session.order = (session.version, session.rows, now, np.argsort(-errors, kind="stable"))
    return held[3]


def _curve(session: Session) -> dict[str, Any]:
    history = session.current
    steps, errors = history.curve.points()
    limit = None if session.viewing is None else session.shown.step
    looked = [(m.step, m.validation_error) for m in history.moments if m.validation_error is not None]
    by_hand = [(m.step, m.error) for m in history.moments if m.how in ("hand", "solve", "start")]
    every = max(1, len(steps) // 1200)
    told: dict[str, Any] = {
        "steps": steps[::every].astype(np.float64),
        "errors": errors[::every],
        "shown": limit,
    }
    told["latest"] = [float(session.descent.step), history.last.error]
    told["validation"] = np.array(looked, float).reshape(-1, 2)
    told["hand"] = np.array(by_hand[-200:], float).reshape(-1, 2)
    return told


def _timeline(session: Session) -> dict[str, Any]:
    moments = session.current.moments
    return {
        "run": session.current.number,
        "name": session.current.name,
        "at": len(moments) - 1 if session.viewing is None else session.viewing,
        "steps": np.array([m.step for m in moments], float),
        "errors": np.array([m.error for m in moments], float),
        "how": [m.how for m in moments],
    }


def _stopped(session: Session) -> dict[str, Any] | None:
    fault = session.stopped
    if fault is None:
        return None
    return {
        "kind": fault.kind,
        "step": fault.step,
        "words": fault.words,
        "repairs": [repair.label for repair in fault.repairs],
    }


def _challenge(session: Session, parameters: Arrays) -> dict[str, Any] | None:
    """All errors of a few rows below a limit, by hand."""
    rows = session.rows
    if len(rows.x) > 20 or rows.goal.classes or rows.outputs != 1:
        return None
    prediction = forward_of(session.descent.network, parameters, session.descent.data)[1]
    sizes = np.abs(_in_units(rows, _wide(session.descent.data["y"])) - _in_units(rows, _wide(prediction)))
    met = int(np.count_nonzero(sizes < _CHALLENGE))
    hands = {
        moment.how
        for moment in session.current.moments[: None if session.viewing is None else session.viewing + 1]
    }
    return {"limit": _CHALLENGE, "met": met, "rows": len(rows.x), "by_hand": hands <= {"start", "hand"}}


def _stages_of(session: Session, parameters: Arrays, row: int | None) -> dict[str, Any]:
    """z and a of every layer: of one row, or their means over some rows."""
    data = session.descent.data
    count = len(data["x"])
    chosen = (
        slice(None, None, max(1, count // _MEANT_ROWS))
        if row is None or not 0 <= row < count
        else slice(row, row + 1)
    )
    x = data["x"][chosen]
    with np.errstate(all="ignore"):
        found = _stage_values(session.settings.network).rows({**parameters, "x": x})
    told: dict[str, Any] = {"x": _wide(x).mean(axis=0)}
    for stage, value in zip(session.settings.network.graph().stages, found, strict=True):
        told[f"{stage.layer}.{stage.symbol}"] = _wide(value).mean(axis=0)
    return told


@lru_cache(maxsize=8)
def _stage_values(network: Network) -> Evaluator:
    return Evaluator([stage.node for stage in network.graph().stages])
