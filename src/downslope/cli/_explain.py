"""``downslope explain``: the chain rule of one parameter of a fitted model."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from downslope._files import write_whole
from downslope.cli._screen import note
from downslope.engines import evaluate
from downslope.errors import DownslopeError
from downslope.fitting import Model, load
from downslope.graph import gradient
from downslope.insight import explain
from downslope.nets import Ensemble, Network
from downslope.tables import read_table, rows_with_target

__all__ = ["explain_parameter"]


def explain_parameter(
    *,
    model: str,
    table: str | None,
    row: int | None,
    of: str | None,
    form: str,
    output: str | None,
    sheet: str | None,
) -> None:
    """Write the derivation in the form asked for."""
    fitted = load(model, Model)
    x, y = _rows(fitted, table, sheet)
    if row is not None and row > len(x):
        raise DownslopeError(f"there is no row {row}: the table has {len(x)} rows with a target")
    network, trained = fitted.member(-1)  # of the group that was trained last
    if isinstance(fitted.network, Ensemble):
        note(f"downslope: explaining the last of the {len(fitted.network.networks)} networks of the model")
    parameters = {name: value.astype(np.float64) for name, value in trained.items()}
    position = of if of is not None else _largest_gradient(network, parameters, x, y, row)
    derivation = explain(
        network,
        x,
        y,
        parameters=parameters,
        of=position,
        row=None if row is None else row - 1,
        features=fitted.encoder.features,
    )
    forms = {
        "text": lambda: f"{derivation}\n",
        "markdown": lambda: derivation.markdown(),
        "html": lambda: derivation.html(),
        "json": lambda: json.dumps(derivation.to_json(), ensure_ascii=False, indent=1) + "\n",
    }
    content = forms[form]()
    if output is None:
        sys.stdout.write(content)
    else:
        write_whole(output, content.encode())


def _rows(model: Model, table: str | None, sheet: str | None) -> tuple[np.ndarray, np.ndarray]:
    source = table or model.record.source
    if table is None and not Path(source).exists():
        raise DownslopeError(
            f"the table that the model was fitted to ({source}) is no longer there; give a table: "
            "downslope explain MODEL TABLE --row 1"
        )
    frame = read_table(source, sheet=sheet)
    if model.target.name not in frame.columns:
        raise DownslopeError(
            f'the table lacks the target "{model.target.name}", without which there is no error'
        )
    frame = rows_with_target(frame, model.target.name)[0]
    if not frame.height:
        raise DownslopeError(f'no row has a value of "{model.target.name}"')
    return model.encode(frame).x.astype(np.float64), model.encoded_targets(frame).astype(np.float64)


def _largest_gradient(
    network: Network, parameters: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray, row: int | None
) -> tuple[str, int, int]:
    """The weight of the first dense layer with the largest gradient."""
    graph = network.graph()
    name = next(stage.parameters["weight"].name for stage in graph.stages if stage.kind == "Dense")
    rows = slice(None) if row is None else slice(row - 1, row)
    chosen = y[rows] if network.loss == "cross_entropy" else y[rows, None]
    given = {**parameters, "x": x[rows], "y": chosen, "row_weights": np.ones(len(chosen))}
    (gradients,) = evaluate(gradient(graph.error, [graph.parameters[name]]), given)
    unit, source = np.unravel_index(np.abs(gradients).argmax(), gradients.shape)
    return name, int(unit) + 1, int(source) + 1
