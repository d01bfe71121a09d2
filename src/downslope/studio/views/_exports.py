"""Files to save: a model file, Python source, one HTML file."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from downslope.errors import DownslopeError
from downslope.fitting import GroupRecord, Model, Record, Scores, baseline_prediction, scores
from downslope.interchange import page_source, python_source
from downslope.studio._schema import Export
from downslope.studio.session._measures import forward_of, probabilities_of
from downslope.studio.session._session import Session
from downslope.studio.views.pictures._sampling import evenly_spaced

__all__ = ["exported"]

_ROWS = 200
"""Rows that an HTML file holds at most."""


def exported(session: Session, command: Export) -> dict[str, Any]:
    """A file of the format asked for: its name, its content as bytes, its media type.

    Raises:
        DownslopeError: if there is no such format, or the network cannot be written in it.
    """
    if command.format not in _WRITERS:
        raise DownslopeError(f"a file can be {', '.join(_WRITERS)}, not {command.format!r}")
    ending, media_type, write = _WRITERS[command.format]
    content = write(session, command)
    stem = re.sub(r"\W+", "_", Path(session.state.rows.name).stem) or "network"
    return {
        "message": "file",
        "name": f"{stem}{ending}",
        "media_type": media_type,
        "content": np.frombuffer(content, np.uint8),
    }


def _model(session: Session, _: Export) -> bytes:
    """A model as ``downslope fit`` saves it, for ``downslope predict``."""
    rows, network = session.state.rows, session.state.settings.network
    if len(rows.choices.targets) > 1:
        raise DownslopeError("a model file predicts one column, and this network predicts several")
    suits = "binary_cross_entropy" if len(rows.target.classes) == 2 else "cross_entropy"
    if rows.target.classes and network.loss != suits:
        raise DownslopeError(f"a model file of {len(rows.target.classes)} classes needs the loss {suits}")
    parameters = {name: value.copy() for name, value in session.parameters.items()}
    model = Model(network, parameters, rows.encoder, rows.target, _record(session))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.downslope"
        model.save(path)
        return path.read_bytes()


def _record(session: Session) -> Record:
    """How the network came about: on the page."""
    rows, split = session.state.rows, session.state.shown_descent.split
    data = split.training if split.validation is None else split.validation
    predicted = forward_of(session.state.settings.network, session.parameters, data)[1].astype(np.float64)
    y = np.ravel(data["y"])
    if not rows.target.classes:
        predicted_values = rows.target.numbers(predicted[:, 0])
    else:
        predicted_values = probabilities_of(predicted)
    seen = [s.validation_error for s in session.state.run.saved_steps if s.validation_error is not None]
    group = GroupRecord("played", 1, 1.0, len(seen), len(seen), (session.state.run.last.error,), tuple(seen))
    return Record(
        rows.name,
        rows.columns,
        rows.task_reason,
        len(rows.x),
        rows.left_out,
        len(y),
        split.validation is not None,
        baseline=scores(
            rows.target, y, baseline_prediction(rows.target, np.ravel(split.training["y"]), len(y))
        ),
        linear=Scores(),
        network=scores(rows.target, y, predicted_values),
        groups=(group,),
        interrupted=False,
    )


def _python(session: Session, _: Export) -> bytes:
    rows = session.state.rows
    return python_source(session.state.settings.network, session.parameters, features=rows.features).encode()


def _html(session: Session, command: Export) -> bytes:
    rows, data = session.state.rows, session.state.descent.split.data
    chosen = evenly_spaced(len(data["x"]), _ROWS)
    source = page_source(
        session.state.settings.network,
        session.parameters,
        data["x"][chosen],
        data["y"][chosen],
        features=rows.features,
        target=", ".join(rows.choices.targets),
        classes=rows.target.classes,
        title=rows.name,
        learning_rate=session.state.settings.learning_rate,
        pictures={str(name): str(picture) for name, picture in (command.pictures or {}).items()},
    )
    return source.encode()


_WRITERS: Mapping[str, tuple[str, str, Callable[[Session, Export], bytes]]] = {
    "model": (".downslope", "application/octet-stream", _model),
    "python": (".py", "text/x-python", _python),
    "html": (".html", "text/html", _html),
}
