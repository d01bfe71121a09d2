"""Derivations of what was clicked, with the numbers that are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from downslope.errors import DownslopeError
from downslope.insight import (
    NextStep,
    RowExplanation,
    chain_of_row,
    chain_of_unit,
    chain_of_weight,
    dense_layers,
    explanation_of_row,
    explanation_of_unit,
    explanation_of_weight,
    position_of,
)
from downslope.studio._schema import Explain
from downslope.studio.session._session import Session
from downslope.studio.views._overview import SHOWN_WEIGHTS

__all__ = ["explained"]

_NUMBERS = 1 << 30
"""Weights times rows that a derivation looks at; beyond that its table is of the first rows of the step."""

_BINS = 24
_MOST_FACTORS = 200
_MOST_INPUTS = 400  # whose weights are highlighted


def explained(session: Session, command: Explain) -> dict[str, Any]:
    """The derivation for a weight, a unit or a row.

    Raises:
        DownslopeError: if there is no such weight, unit or row.
    """
    if command.what not in _DERIVATIONS:
        raise DownslopeError(f"only a weight, a unit or a row can be explained, not {command.what!r}")
    derivation = _DERIVATIONS[command.what](session, command)
    gradients = _row_gradients(session, command.row)
    return {"message": "explanation", "step": session.step, "row_gradients": gradients, **derivation}


def _row_gradients(session: Session, row: int | None) -> dict[str, Any] | None:
    """∂(the row's error)/∂parameter, for the lines of the drawing."""
    if row is None or session.state.settings.weights > SHOWN_WEIGHTS:
        return None
    return dict(_explained_row(session, row).gradients)


def _explained_row(session: Session, row: int) -> RowExplanation:
    return explanation_of_row(session.next_step, row)


def _step(session: Session) -> tuple[NextStep, str]:
    """The step that is about to be taken, and a sentence where not all of its rows are looked at."""
    step = session.next_step
    most = max(16, _NUMBERS // max(session.state.settings.weights, 1))
    if len(step.rows) <= most:
        return step, ""
    note = f"These are the first {most:,} of the {len(step.rows):,} rows of this step."
    return replace(step, most_rows=most), note


def _checked(session: Session, row: int | None) -> int | None:
    count = len(session.state.rows.x)
    if row is not None and not 0 <= row < count:
        raise DownslopeError(f"there is no row {row + 1}; the table has {count:,} rows")
    return row


def _weight(session: Session, command: Explain) -> dict[str, Any]:
    index = tuple(command.index or ())
    step, note = _step(session)
    of = position_of(step.network, (command.name, *(i + 1 for i in index)))
    row = _checked(session, command.row)
    features = session.state.rows.features
    found = explanation_of_weight(step, of, row, features)
    chain = chain_of_weight(step, of, row, features)
    return {
        "html": found.fragment(chain.links),
        "chain": chain.to_json(),
        "note": note if row is None else "",
        "gradient": found.gradient,
        "updated": found.updated,
        "factors": np.atleast_2d(found.factors)[:_MOST_FACTORS],
        "highlighted": _weight_and_units(session, command.name, index),
    }


def _weight_and_units(session: Session, name: str, index: tuple[int, ...]) -> dict[str, list[str]]:
    """The weight in the drawing, and the units whose numbers are its factors."""
    for number, dense in enumerate(dense_layers(session.state.settings.network)):
        if dense.weight.name == name and len(index) == 2:
            unit, source = index
            return {
                "weights": [f"{number},{unit},{source}"],
                "units": [f"{number},{source}", f"{number + 1},{unit}"],
            }
        if dense.bias is not None and dense.bias.name == name:
            return {"weights": [], "units": [f"{number + 1},{index[0]}"]}
    return {"weights": [], "units": []}


def _unit(session: Session, command: Explain) -> dict[str, Any]:
    if command.index is None or len(command.index) != 1:
        raise DownslopeError(f"a unit has one number in its layer, not {command.index}")
    (unit,) = command.index
    step, note = _step(session)
    found = explanation_of_unit(step, command.name, unit + 1, _checked(session, command.row))
    layers = dense_layers(session.state.settings.network)
    number = [dense.name for dense in layers].index(command.name)
    inputs = int(layers[number].weight.shape[1])
    chain = chain_of_unit(step, command.name, unit + 1, command.row)
    counts, edges = np.histogram(found.activations, bins=_BINS)
    weights = [f"{number},{unit},{j}" for j in range(inputs)] if inputs <= _MOST_INPUTS else []
    return {
        "html": found.fragment(chain.links),
        "chain": chain.to_json(),
        "note": note,
        "histogram": {"counts": counts, "edges": edges},
        "highlighted": {"units": [f"{number + 1},{unit}"], "weights": weights},
    }


def _row(session: Session, command: Explain) -> dict[str, Any]:
    if command.row is None:
        raise DownslopeError("choose a row first")
    _checked(session, command.row)
    chain = chain_of_row(session.next_step, command.row)
    html = _explained_row(session, command.row).fragment(chain.links)
    return {
        "html": html,
        "chain": chain.to_json(),
        "note": "",
        "row": command.row,
        "highlighted": {"units": [], "weights": []},
    }


_DERIVATIONS: Mapping[str, Callable[[Session, Explain], dict[str, Any]]] = {
    "weight": _weight,
    "unit": _unit,
    "row": _row,
}
