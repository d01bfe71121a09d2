"""What the page is sent of what changes rarely: the table, the settings, the network, the runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from downslope.insight import dense_layers
from downslope.nets import ACTIVATIONS, LOSSES
from downslope.studio._schema import UPLOAD_LIMIT, State
from downslope.studio.session._repairs import stable_range
from downslope.studio.session._samples import FIVE_ROWS, SAMPLES
from downslope.studio.session._session import Session
from downslope.studio.session._settings import Settings
from downslope.studio.table._rows import Rows
from downslope.training import OPTIMIZERS

__all__ = ["SHOWN_WEIGHTS", "overview_of", "state_of"]

SHOWN_WEIGHTS = 2100
"""Networks with more weights are shown as matrices."""


def state_of(session: Session) -> State:
    """What changes rarely."""
    return {
        "message": "state",
        "version": session.version,
        "table": _table(session.state.rows),
        "settings": {
            **session.state.settings.to_json(),
            "stable": stable_range(session.state.shown_descent),
            "fixed": session.state.settings.fixed is not None,
            "epoch_steps": session.state.descent.batches.steps_in_epoch,
        },
        "network": {**_network(session.state.settings, session.state.rows), "frozen": _frozen(session)},
        "choices": {
            "activations": _activations(session),
            "optimizers": list(OPTIMIZERS),
            "losses": _losses(session),
            "samples": [FIVE_ROWS, *SAMPLES],
        },
        "runs": [_run(session, place) for place in range(len(session.state.runs))],
        "limits": {"upload": UPLOAD_LIMIT, "shown_weights": SHOWN_WEIGHTS},
    }


def overview_of(session: Session) -> tuple[Any, ...]:
    """What ``state_of`` depends on: it is the same as long as this is."""
    state = session.state
    runs = tuple((run.number, run.name, run.kept) for run in state.runs)
    return state.descent, state.settings, runs, state.current


def _activations(session: Session) -> list[str]:
    """Every activation, and those of the layers that have settings or are Python functions."""
    present = [str(layer.activation) for layer in session.state.settings.layers]
    return list(dict.fromkeys(["identity", *ACTIVATIONS, *present]))


def _losses(session: Session) -> list[str]:
    """The losses that suit the target, and the one in force whether or not it does."""
    kind = {0: "numbers", 2: "two classes"}.get(len(session.state.rows.goal.classes), "classes")
    loss = str(session.state.settings.loss)
    if loss == "cross_entropy":
        return [loss]
    return list(dict.fromkeys([*(name for name, known in LOSSES.items() if kind in known.suits), loss]))


def _frozen(session: Session) -> Mapping[str, Any]:
    return {name: mask for name, mask in session.state.frozen.items() if np.any(mask)}


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
                "histogram": rows.glances[name],
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


def _network(settings: Settings, rows: Rows) -> dict[str, Any]:
    """The dense layers as the page draws them."""
    network, layers = settings.network, []
    for dense in dense_layers(network):
        layers.append(
            {
                "name": dense.name,
                "weight": dense.weight.name,
                "bias": None if dense.bias is None else dense.bias.name,
                "units": int(dense.weight.shape[0]),
                "inputs": int(dense.weight.shape[1]),
                "activation": dense.activation,
            }
        )
    return {
        "layers": layers,
        "inputs": list(rows.features),
        "weights": settings.weights,
        "shapes": settings.shapes,
        "drawn": network.is_dense and settings.weights <= SHOWN_WEIGHTS,
        "loss": str(network.loss),
        "linear": len(layers) == 1
        and layers[0]["activation"] == "identity"
        and network.loss == "squared_error",
    }


def _run(session: Session, place: int) -> dict[str, Any]:
    history = session.state.runs[place]
    steps, errors = history.curve.thinned(400)
    best = history.best
    layers = history.last.settings.layers
    return {
        "number": history.number,
        "name": history.name,
        "kept": history.kept,
        "open": history is session.state.run,
        "parent": None if history.parent is None else history.parent[0],
        "step": history.last.step,
        "error": history.last.error,
        "best": best.error,
        "validation": history.last.validation_error,
        "shape": "-".join(str(layer.units) for layer in layers) or "fixed",
        "activation": str(layers[0].activation) if len(layers) > 1 else "",
        "rate": history.last.settings.learning_rate,
        "optimizer": history.last.settings.optimizer,
        "steps": steps.astype(float),
        "errors": errors,
    }
