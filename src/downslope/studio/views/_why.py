"""Why: the derivation of what was clicked, with the numbers that are shown."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.insight import RowExplanation, dense_layers, explain, explain_row, explain_unit
from downslope.studio._schema import Explain
from downslope.studio.session._session import Session
from downslope.studio.views._pictures import evenly
from downslope.studio.views._state import SHOWN_WEIGHTS

__all__ = ["why"]

_NUMBERS = 1 << 28
"""Weights times rows that a derivation looks at; beyond that it is of a sample of the rows."""


def why(session: Session, command: Explain) -> dict[str, Any]:
    """The derivation for a weight, a unit or a row."""
    if command.what not in _TELLERS:
        raise DownslopeError(f"what can be explained is a weight, a unit or a row, not {command.what!r}")
    told = _TELLERS[command.what](session, command)
    step = session.state.position.step if session.state.viewing is None else session.state.shown.step
    return {"message": "why", "step": step, "pulls": _pulls(session, command.row), **told}


def _pulls(session: Session, row: int | None) -> dict[str, Any] | None:
    """∂(the row's error)/∂parameter, for the lines of the drawing."""
    if row is None or session.state.descent.settings.weights > SHOWN_WEIGHTS:
        return None
    return dict(_explained(session, row).gradients)


def _explained(session: Session, row: int) -> RowExplanation:
    return explain_row(session.state.settings.network, **_given(session, slice(None)), row=row)


def _given(session: Session, rows: slice | NDArray[np.int64]) -> dict[str, Any]:
    data = session.state.descent.split.data
    return {"x": data["x"][rows], "y": data["y"][rows], "parameters": session.parameters}


def _sample(session: Session) -> tuple[NDArray[np.int64], str]:
    """The rows that averages are over, and in words where those are not all."""
    count = len(session.state.descent.split.data["x"])
    rows = evenly(count, max(16, _NUMBERS // max(session.state.descent.settings.weights, 1)))
    words = (
        f"Averages are over {len(rows):,} of the {count:,} rows, evenly spread." if len(rows) < count else ""
    )
    return rows, words


def _checked(session: Session, row: int | None) -> int | None:
    count = len(session.state.descent.split.data["x"])
    if row is not None and not 0 <= row < count:
        raise DownslopeError(f"there is no row {row + 1}; the table has {count:,}")
    return row


def _weight(session: Session, command: Explain) -> dict[str, Any]:
    place = tuple(command.index or ())
    rows, words = (slice(None), "") if command.row is not None else _sample(session)
    told = explain(
        session.state.settings.network,
        **_given(session, rows),
        row=_checked(session, command.row),
        of=(command.name, *place),
        learning_rate=session.state.settings.learning_rate,
        names=list(session.state.rows.features),
    )
    return {
        "html": told._repr_html_(),
        "sampled": words,
        "gradient": told.gradient,
        "factors": np.atleast_2d(told.factors)[:200],
        "lit": _lit(session, command.name, place),
    }


def _lit(session: Session, name: str, place: tuple[int, ...]) -> dict[str, list[str]]:
    """The weight in the drawing, and the units whose numbers are its factors."""
    for number, dense in enumerate(dense_layers(session.state.settings.network)):
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
    if command.index is None or len(command.index) != 1:
        raise DownslopeError(f"a unit has one number in its layer, not {command.index}")
    (unit,) = command.index
    rows, words = _sample(session)
    told = explain_unit(
        session.state.settings.network,
        **_given(session, slice(None)),
        layer=command.name,
        unit=unit,
        row=_checked(session, command.row),
        over=rows,
    )
    numbers = [d.name for d in dense_layers(session.state.settings.network)]
    layer = numbers.index(command.name)
    inputs = int(dense_layers(session.state.settings.network)[layer].weight.shape[1])
    counts, edges = np.histogram(told.activations, bins=24)
    return {
        "html": told._repr_html_(),
        "sampled": words,
        "histogram": {"counts": counts, "edges": edges},
        "lit": {
            "units": [f"{layer + 1},{unit}"],
            "weights": [f"{layer},{unit},{j}" for j in range(inputs)] if inputs <= 400 else [],
        },
    }


def _of_row(session: Session, command: Explain) -> dict[str, Any]:
    if command.row is None:
        raise DownslopeError("choose a row first")
    _checked(session, command.row)
    return {
        "html": _explained(session, command.row)._repr_html_(),
        "sampled": "",
        "row": command.row,
        "lit": {},
    }


_TELLERS = {"weight": _weight, "unit": _unit, "row": _of_row}
