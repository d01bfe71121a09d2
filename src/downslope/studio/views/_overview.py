"""What the page is sent of what changes rarely: the table, the settings, the network, the runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from downslope.graph.notation import Symbol, text
from downslope.insight import dense_layers
from downslope.nets import ACTIVATIONS, LOSSES, Network
from downslope.studio._schema import UPLOAD_LIMIT, Overview
from downslope.studio.session._address import table_in_address
from downslope.studio.session._faults import stable_range_of
from downslope.studio.session._pace import PACES
from downslope.studio.session._samples import FIVE_ROWS, SAMPLES
from downslope.studio.session._session import Session
from downslope.studio.session._state import SessionState
from downslope.studio.table._rows import Rows, rows_of
from downslope.studio.views._features import features_view
from downslope.studio.views._lessons import lesson_source, lesson_view, lessons_view
from downslope.studio.views._reading import reading_view
from downslope.studio.views._runs import runs_source, runs_view
from downslope.studio.views._viewer import Viewer
from downslope.studio.views.pictures import picture_for
from downslope.tables import Column
from downslope.training import OPTIMIZERS

__all__ = ["SHOWN_WEIGHTS", "overview_of"]

SHOWN_WEIGHTS = 2100
"""Networks with more weights are shown as matrices."""

Source = tuple[Any, ...]
"""What a part of the overview is made from: the part is the same as long as this is."""


def overview_of(session: Session, viewer: Viewer) -> Overview | None:
    """The parts of the overview that a page has not been sent yet, or None."""
    state = session.state
    parts = {
        name: (source(state), make)
        for name, (source, make) in _PARTS.items()
        if viewer.settled or name not in _LATER
    }
    new = {name: make(state) for name, (source, make) in parts.items() if viewer.overview.get(name) != source}
    if not new:
        return None
    viewer.overview = {name: source for name, (source, _) in parts.items()}
    message: Overview = {"message": "overview"}
    message.update(new)  # type: ignore[typeddict-item]
    return message


def _table(state: SessionState) -> dict[str, Any]:
    rows, choices = state.rows, state.rows.choices
    about = {column.name: column for column in rows.columns}
    return {
        "name": rows.name,
        "rows": rows.shown.height,
        "columns": [_column(rows, name, about.get(name)) for name in rows.shown.columns],
        "features": list(rows.features),
        "targets": list(choices.targets),
        "classes": list(rows.target.classes),
        "scale": rows.target.scale,
        "left_out": rows.left_out,
        "scaling": choices.scaling,
        "formulas": list(choices.formulas),
        "inputs": features_view(state),
        "recipe": None if rows.recipe is None else asdict(rows.recipe),
        "chosen": state.encode is rows_of,
        "editable": rows.editable,
        "in_address": table_in_address(rows),
        "task": rows.task_reason,
    }


def _column(rows: Rows, name: str, column: Column | None) -> dict[str, Any]:
    return {
        "name": name,
        "target": name in rows.choices.targets,
        "kind": "target" if column is None else column.kind,
        "reason": rows.task_reason if column is None else column.reason,
        "used": column is None or column.used,
        "formula": name in rows.choices.formulas,
        "numeric": rows.shown[name].dtype.is_numeric(),
        "histogram": rows.histograms[name],
    }


def _settings(state: SessionState) -> dict[str, Any]:
    return {
        **state.settings.to_json(),
        "fixed": state.settings.fixed is not None,
        "steps_per_epoch": state.shown_descent.batches.steps_in_epoch,
    }


def _stable_range(state: SessionState) -> tuple[float, float] | None:
    """The largest stable learning rate and the best one, where they are known."""
    stable = stable_range_of(state.shown_descent)
    return None if stable is None else (stable.below, stable.best)


def _network(state: SessionState) -> dict[str, Any]:
    """The dense layers as the page draws them."""
    settings, network = state.settings, state.settings.network
    layers = [
        {
            "name": dense.name,
            "weight": dense.weight.name,
            "bias": None if dense.bias is None else dense.bias.name,
            "units": int(dense.weight.shape[0]),
            "inputs": int(dense.weight.shape[1]),
            "activation": dense.activation,
        }
        for dense in dense_layers(network)
    ]
    linear = len(layers) == 1 and layers[0]["activation"] == "identity"
    return {
        "layers": layers,
        "inputs": list(state.rows.features),
        "weights": settings.weights,
        "shapes": settings.shapes,
        "drawn": network.is_dense and settings.weights <= SHOWN_WEIGHTS,
        "loss": str(network.loss),
        "loss_formula": _formula(network),
        "linear": linear and network.loss == "squared_error",
        "frozen": {name: mask for name, mask in state.frozen.items() if np.any(mask)},
    }


def _formula(network: Network) -> str:
    """The loss as a formula of z and y, as derivations write it; its name where it is made of several ops."""
    graph, loss = network.graph(), network.loss_function
    error = loss(graph.output, graph.y)
    if error.inputs != (graph.output, graph.y):
        return loss.title
    return text(error.op.notation(Symbol("z"), Symbol("y")))


def _choices(state: SessionState) -> dict[str, Any]:
    return {
        "activations": _activations(state),
        "optimizers": list(OPTIMIZERS),
        "losses": _losses(state),
        "samples": [FIVE_ROWS, *SAMPLES],
        "paces": list(PACES),
    }


def _activations(state: SessionState) -> list[str]:
    """Every activation, and those of the layers that have settings or are Python functions."""
    present = [str(layer.activation) for layer in state.settings.layers]
    return list(dict.fromkeys(["identity", *ACTIVATIONS, *present]))


def _losses(state: SessionState) -> list[str]:
    """The losses that suit the target, and the one in force whether or not it does."""
    kind = {0: "numbers", 2: "two classes"}.get(len(state.rows.target.classes), "classes")
    loss = str(state.settings.loss)
    if loss == "cross_entropy":
        return [loss]
    return list(dict.fromkeys([*(name for name, known in LOSSES.items() if kind in known.suits), loss]))


def _outline(state: SessionState) -> Source:
    """What of a network decides how it is shown."""
    layers = dense_layers(state.settings.network)
    return state.settings.weights, tuple((layer.weight.shape, layer.activation) for layer in layers)


def _limits(state: SessionState) -> dict[str, Any]:
    return {"upload": UPLOAD_LIMIT, "shown_weights": SHOWN_WEIGHTS}


_PARTS: Mapping[str, tuple[Callable[[SessionState], Source], Callable[[SessionState], Any]]] = {
    "table": (lambda state: (state.rows, state.settings.fixed is None), _table),
    "reading": (lambda state: (state.rows,), reading_view),
    "settings": (lambda state: (state.descent, state.settings), _settings),
    "stable_range": (lambda state: (state.descent, state.settings), _stable_range),
    "network": (lambda state: (state.descent, state.settings), _network),
    "choices": (lambda state: (state.settings, state.rows), _choices),
    "picture": (lambda state: (state.rows, *_outline(state)), lambda s: picture_for(s.rows, s.settings)),
    "runs": (runs_source, runs_view),
    "lessons": (lambda state: state.lessons, lessons_view),
    "lesson": (lesson_source, lesson_view),
    "limits": (lambda state: (), _limits),
}
"""By part, what it is made from, and what makes it."""

_LATER = {"stable_range"}
"""Parts that a first picture does not wait for."""
