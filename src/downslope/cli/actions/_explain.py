"""``downslope explain``: what each column adds to a prediction, and the chain rule of a parameter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope._visible import escape
from downslope.cli._results import as_json, chosen_form, write_content, write_form
from downslope.cli._screen import note, rounded
from downslope.cli._tables import How, name_of, refuse_same
from downslope.cli._targets import loaded_model
from downslope.drawing import page
from downslope.engines import evaluate
from downslope.errors import DownslopeError
from downslope.fitting import Contributions, Model
from downslope.graph import gradient
from downslope.insight import Explanation, explain
from downslope.nets import Ensemble, Network
from downslope.tables import Table, counted_in, rows_with_target

__all__ = ["explain_prediction"]

_LARGEST = "largest"
_ROW = "\0row"  # the name of no column of a table


def explain_prediction(
    *,
    model: str,
    target: str | None,
    table: str | None,
    row: int | None,
    background: str | None,
    of_class: str | None,
    log_odds: bool,
    samples: int | None,
    of: str | None,
    form: str | None,
    output: str | None,
    how: How,
) -> None:
    """Write the contributions of a row, then the chain rule of a parameter where it was asked for."""
    form = chosen_form(form, output, (*_FORMS, "png"))
    if row is None and of is None:
        raise DownslopeError(
            "name the row to explain, such as --row 1, or the parameter whose chain rule to write out, such "
            f"as --of {_LARGEST}"
        )
    fitted = loaded_model(model, target, table, how)
    source = fitted.record.table(table, "downslope explain MODEL TABLE --row 1")
    refuse_same("the answer", output, model, source, background)
    rows = fitted.read(source, **how)
    name = name_of(source)
    if row is None:
        answer = _Answer(f"All rows of {name}", None, None)
    else:
        explained = rows.only(row - 1)
        known = rows if background is None else fitted.read(background)
        if known.frame.height < 2:
            raise DownslopeError(
                f"{background or name} has 1 row and nothing to compare it with; add more rows, such as "
                f"--background {fitted.record.source or 'TABLE'}"
            )
        found = fitted.contributions(explained, known, of_class=of_class, log_odds=log_odds, samples=samples)
        beside = "" if background is None else f", beside the rows of {Path(background).name}"
        answer = _Answer(f"Row {row} of {name}{beside}", row - 1, found)
        for line in fitted.encode(explained).notes:
            note(line)
    if of is not None:
        answer = _with_chain_rule(answer, fitted, rows, of)
    if form == "png":
        write_content(answer.drawn.picture().png(), output)
    else:
        write_form(form, _FORMS[form](answer), output)


@dataclass(frozen=True)
class _Answer:
    """What is written.

    Attributes:
        title: which rows.
        row: counted from 0; None for the mean over all rows.
        found: the contributions to the prediction of that row.
        scaling: the network's inputs and the row's cells, side by side.
        chain_rule: of a parameter.
    """

    title: str
    row: int | None
    found: Contributions | None
    scaling: str = ""
    chain_rule: Explanation | None = None

    def text(self) -> str:
        parts = (self.title, self.found, self.scaling, self.chain_rule)
        return "\n\n".join(str(part) for part in parts if part) + "\n"

    def markdown(self) -> str:
        found = "" if self.found is None else self.found.markdown()
        chain_rule = "" if self.chain_rule is None else self.chain_rule.markdown()
        scaling = f"```\n{self.scaling}\n```" if self.scaling else ""
        return "\n\n".join(part for part in (f"# {self.title}", found, scaling, chain_rule) if part)

    def html(self) -> str:
        found = "" if self.found is None else self.found._repr_html_()
        scaling = f"<pre>{escape(self.scaling)}</pre>" if self.scaling else ""
        chain_rule = "" if self.chain_rule is None else self.chain_rule._repr_html_()
        return page(self.title, found, scaling, chain_rule)

    def json(self) -> str:
        data: dict[str, Any] = {"title": self.title, "row": self.row}
        data |= {} if self.found is None else self.found.to_json()
        data |= {} if self.chain_rule is None else {"chain_rule": self.chain_rule.to_json()}
        return as_json(data)

    @property
    def drawn(self) -> Contributions:
        """What there is a picture of."""
        if self.found is None:
            raise DownslopeError("a picture shows what columns add to one prediction; name a row: --row 1")
        return self.found


_FORMS: Mapping[str, Callable[[_Answer], str]] = {
    "text": _Answer.text,
    "markdown": _Answer.markdown,
    "html": _Answer.html,
    "json": _Answer.json,
    "svg": lambda answer: f"{answer.drawn.picture().svg()}\n",
}


def _with_chain_rule(answer: _Answer, fitted: Model, table: Table, of: str) -> _Answer:
    """The answer with the chain rule of a parameter of the network that was trained last."""
    x, y = _rows(fitted, table, answer.row)
    network, trained = fitted.member(-1)
    if isinstance(fitted.network, Ensemble):
        note(
            "downslope: the chain rule is that of the last of the "
            f"{len(fitted.network.networks)} networks of the model"
        )
    parameters = {name: value.astype(np.float64) for name, value in trained.items()}
    position = _largest_gradient(network, parameters, x, y, answer.row) if of == _LARGEST else of
    derivation = explain(
        network, x, y, parameters=parameters, of=position, row=answer.row, features=fitted.encoder.features
    )
    if answer.row is None:
        return replace(answer, chain_rule=derivation)
    cells = table.only(answer.row).frame
    scaling = _scaling(fitted, cells, x[answer.row], y[answer.row])
    return _Answer(answer.title, answer.row, answer.found, scaling, derivation)


def _rows(model: Model, table: Table, row: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets of the rows with a target; where one row is explained, of all, with 0 for no target.

    So that a row has the number that it has in the table.
    """
    name = model.target.name
    if name not in table.frame.columns:
        raise DownslopeError(f'the table lacks the target "{name}", without which there is no error')
    numbered = table.frame.with_columns(pl.Series(_ROW, table.index))
    known = rows_with_target(numbered, name, model.target.classes)[0]
    if not known.height:
        raise DownslopeError(f'no row has a value of "{name}"')
    places = known[_ROW].to_numpy()
    with counted_in(places):
        x, y = (
            model.encoder.encode(known).x.astype(np.float64),
            model.encoded_targets(known).astype(np.float64),
        )
    if row is None:
        return x, y
    if row not in places:
        raise DownslopeError(
            f'row {row + 1} has no value of "{name}", without which there is no error; leave out --of'
        )
    inputs, targets = np.zeros((places[-1] + 1, x.shape[1])), np.zeros(places[-1] + 1)
    inputs[places], targets[places] = x, y
    return inputs, targets


def _scaling(model: Model, row: pl.DataFrame, x: np.ndarray, y: float) -> str:
    """The inputs of the network beside the cells of the row, and the target in both units."""
    target, lines = model.target, []
    for part in model.encoder.encodings:
        cell = row[part.name][0]
        place = model.encoder.places[part.name]
        inputs = ", ".join(
            f"x{i + 1} = {x[i]:.4g} ({name})"
            for i, name in enumerate(model.encoder.features[place], place.start)
        )
        lines.append(f"  {part.name} {'missing' if cell is None else cell}: {inputs}")
    if target.classes:
        lines.append(f"  {target.name} {target.classes[int(y)]}: y = {y:g}")
    else:
        known = rounded(float(target.numbers(np.array([y]))[0]))
        lines.append(
            f"  {target.name} {known}: y = {y:.4g}, in units of {rounded(target.scale)} from "
            f"{rounded(target.mean)}"
        )
    return "\n".join(["What the network takes for this row", *lines])


def _largest_gradient(
    network: Network, parameters: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray, row: int | None
) -> tuple[str, int, int]:
    """The weight of the first dense layer with the largest gradient."""
    graph = network.graph()
    name = next(stage.parameters["weight"].name for stage in graph.stages if stage.kind == "Dense")
    rows = slice(None) if row is None else slice(row, row + 1)
    chosen = y[rows] if network.loss == "cross_entropy" else y[rows, None]
    given = {**parameters, "x": x[rows], "y": chosen, "row_weights": np.ones(len(chosen))}
    (gradients,) = evaluate(gradient(graph.error, [graph.parameters[name]]), given)
    unit, source = np.unravel_index(np.abs(gradients).argmax(), gradients.shape)
    return name, int(unit) + 1, int(source) + 1
