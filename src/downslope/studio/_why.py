"""Why: the derivation of what was clicked, with the numbers that are shown."""

from __future__ import annotations

from typing import Any

import numpy as np

from downslope.errors import DownslopeError
from downslope.insight import dense_layers, explain, explain_row, explain_unit
from downslope.studio._schema import Explain
from downslope.studio._session import Session

__all__ = ["why"]

_ROWS = 20_000
"""A derivation over more rows is of a sample of them."""


def why(session: Session, command: Explain) -> dict[str, Any]:
    """The derivation for a weight, a unit or a row."""
    if command.what not in _TELLERS:
        raise DownslopeError(f"what can be explained is a weight, a unit or a row, not {command.what!r}")
    told = _TELLERS[command.what](session, command)
    step = session.descent.step if session.viewing is None else session.shown.step
    return {"message": "why", "step": step, **told}


def _given(session: Session) -> dict[str, Any]:
    data = session.descent.data
    every = slice(None, None, -(-len(data["x"]) // _ROWS))
    return {"x": data["x"][every], "y": data["y"][every], "parameters": session.parameters}


def _row(session: Session, row: int | None) -> dict[str, Any]:
    """The rows to tell of: all, or one in the place of all."""
    if row is None:
        return {**_given(session), "row": None}
    data = session.descent.data
    if not 0 <= row < len(data["x"]):
        raise DownslopeError(f"there is no row {row + 1}; the table has {len(data['x']):,}")
    return {**_given(session), "x": data["x"], "y": data["y"], "row": row}


def _weight(session: Session, command: Explain) -> dict[str, Any]:
    place = tuple(command.index or ())
    told = explain(
        session.settings.network,
        **_row(session, command.row),
        of=(command.name, *place),
        learning_rate=session.settings.learning_rate,
        names=list(session.rows.features),
    )
    return {
        "html": told._repr_html_(),
        "gradient": told.gradient,
        "factors": np.atleast_2d(told.factors)[:200],
        "lit": _lit(session, command.name, place),
    }


def _lit(session: Session, name: str, place: tuple[int, ...]) -> dict[str, list[str]]:
    """The weight in the drawing, and the units whose numbers are its factors."""
    for number, dense in enumerate(dense_layers(session.settings.network)):
        if dense.weight.name == name and len(place) == 2:
            unit, source = place
            return {
                "weights": [f"{number},{unit},{source}"],
                "units": [f"{number},{source}", f"{number + 1},{unit}"],
            }
        if dense.bias is not None and dense.bias.name == name:
            return {"weights": [], "units": [f"{number + 1},{place[0]}"]}
    return {"weights": [], "units": []}


def _unit(session: Session, command: Explain) -> dict[str, Any]:
    (unit,) = command.index or (0,)
    told = explain_unit(session.settings.network, **_row(session, command.row), layer=command.name, unit=unit)
    numbers = [d.name for d in dense_layers(session.settings.network)]
    layer = numbers.index(command.name)
    inputs = int(dense_layers(session.settings.network)[layer].weight.shape[1])
    counts, edges = np.histogram(told.activations, bins=24)
    return {
        "html": told._repr_html_(),
        "histogram": {"counts": counts, "edges": edges},
        "lit": {
            "units": [f"{layer + 1},{unit}"],
            "weights": [f"{layer},{unit},{j}" for j in range(inputs)] if inputs <= 400 else [],
        },
    }


def _of_row(session: Session, command: Explain) -> dict[str, Any]:
    if command.row is None:
        raise DownslopeError("choose a row first")
    given = _row(session, command.row)
    told = explain_row(session.settings.network, **given)
    small = session.weights <= 2100
    return {"html": told._repr_html_(), "pulls": told.pulls if small else {}, "row": command.row, "lit": {}}


_TELLERS = {"weight": _weight, "unit": _unit, "row": _of_row}
