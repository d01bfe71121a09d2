"""The rows of the table as a page shows them: cells, predictions, errors."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.studio.session._measures import forward_of, probabilities_of
from downslope.studio.session._session import Session
from downslope.studio.table._rows import Rows
from downslope.studio.views._rounding import rounding_of_rows
from downslope.studio.views._scale import can_be_met, full_loss, logarithmic
from downslope.studio.views._viewer import Order, Viewer
from downslope.training import Arrays

__all__ = ["challenge_of", "rows_view"]

_MOST = 200  # rows that are sent
_CHALLENGE = 0.1
_FEW = 20  # rows that are a challenge


def rows_view(session: Session, viewer: Viewer, parameters: Arrays) -> dict[str, Any]:
    """The rows that are in view: what the network says of them, and their cells unless the page has them."""
    state, look = session.state, viewer.look
    assert look is not None
    rows, split = state.rows, state.shown_descent.split
    total = len(rows.x)
    first, count = (*look.rows, 0, 0)[:2]
    first, count = max(0, min(first, total - 1)), max(0, min(count, _MOST))
    if look.order == "error":
        indices = _by_error(session, viewer, parameters)[first : first + count]
    else:
        indices = np.arange(first, min(first + count, total))
    shown: dict[str, Any] = {"first": first, "indices": indices.astype(np.int32), "total": total}
    if len(indices):
        data = {name: column[indices] for name, column in split.data.items()}
        shown |= _predicted(session, parameters, data)
        shown |= _bars(session, parameters, shown)
    if len(split.validation_rows):
        shown["validation"] = np.isin(indices, split.validation_rows)
    key = indices.tobytes()
    if viewer.cells is None or viewer.cells[0] is not rows or viewer.cells[1] != key:
        viewer.cells = rows, key
        shown["cells"] = [[_cell(value) for value in row] for row in rows.shown[indices.tolist()].rows()]
    return shown


def _predicted(session: Session, parameters: Arrays, data: Arrays) -> dict[str, Any]:
    """z, prediction and loss of some rows; of classes the likeliest, else the residual."""
    rows = session.state.rows
    z, prediction, errors = forward_of(session.state.settings.network, parameters, data)
    predicted = _in_units(rows, prediction)
    found = {"z": _float64(z), "prediction": predicted, "loss": _float64(errors)}
    if not rows.target.classes:
        bounds = rounding_of_rows(session.state.settings.network, parameters, data)
        if bounds is not None:
            found["rounding"] = np.all(np.abs(_float64(data["y"]) - _float64(prediction)) <= bounds, axis=1)
        return {**found, "residual": _in_units(rows, data["y"]) - predicted}
    probabilities = probabilities_of(prediction)
    classes = probabilities.argmax(axis=1)
    likeliest = np.take_along_axis(probabilities, classes[:, None], 1)[:, 0]
    return {**found, "class": classes.astype(np.int32), "probability": _float64(likeliest)}


def _cell(value: Any) -> Any:
    return value if value is None or isinstance(value, int | float | str | bool) else str(value)


def _float64(values: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(values, np.float64)


def _in_units(rows: Rows, values: NDArray[Any]) -> NDArray[np.float64]:
    """Numbers in the target's own units; probabilities as they are."""
    values = _float64(values)
    return values if rows.target.classes else values * rows.target.scale + rows.target.mean


def _by_error(session: Session, viewer: Viewer, parameters: Arrays) -> NDArray[np.int64]:
    """The rows with the largest errors first; while playing the order is renewed now and then only."""
    state, version, now = session.state, session.version, perf_counter()
    order = viewer.order
    if (
        order is None
        or order.rows is not state.rows
        or (not state.moving and order.version != version)
        or now - order.made_at > 1
    ):
        errors = forward_of(state.settings.network, parameters, state.descent.split.data)[2]
        order = viewer.order = Order(np.argsort(-errors, kind="stable"), state.rows, version, now)
    return order.indices


def _bars(session: Session, parameters: Arrays, shown: dict[str, Any]) -> dict[str, Any]:
    """How long the bar of each row is, as a share: of its loss, or of its error where that has a goal."""
    if not _is_challenge(session):
        return {"bar": np.clip(np.nan_to_num(shown["loss"] / full_loss(session, parameters), nan=1), 0, 1)}
    start = session.state.run.saved_steps[0].values
    present = {name: start[name] for name in parameters} if parameters.keys() <= start.keys() else parameters
    sizes = [_sizes(session, values) for values in (present, parameters)]
    largest = float(np.nan_to_num(np.concatenate(sizes), nan=0, posinf=0).max())
    shares, goal = logarithmic(np.abs(shown["residual"][:, 0]), _CHALLENGE, largest)
    return {"bar": shares, "goal": goal}


def _sizes(session: Session, parameters: Arrays) -> NDArray[np.float64]:
    """The errors of all rows in the target's units, (rows,)."""
    rows, data = session.state.rows, session.state.shown_descent.split.data
    prediction = forward_of(session.state.settings.network, parameters, data)[1]
    return np.abs(_in_units(rows, data["y"]) - _in_units(rows, prediction)).ravel()


def _is_challenge(session: Session) -> bool:
    """Whether a few rows have a goal that all of them can reach."""
    state = session.state
    rows = state.rows
    if len(rows.x) > _FEW or rows.target.classes or rows.outputs != 1:
        return False
    return can_be_met(state.shown_descent.split, state.settings.network, rows.target.scale, _CHALLENGE)


def challenge_of(session: Session, parameters: Arrays) -> dict[str, Any] | None:
    """How many of a few rows have an error below a limit that all can reach, and whether it was by hand."""
    if not _is_challenge(session):
        return None
    state, sizes = session.state, _sizes(session, parameters)
    met = int(np.count_nonzero(sizes < _CHALLENGE))
    by_hand = {saved.origin for saved in state.seen} <= {"start", "hand"}
    return {"limit": _CHALLENGE, "met": met, "rows": len(sizes), "by_hand": by_hand}
