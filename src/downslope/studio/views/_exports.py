"""Files to save: a model file, Python source, one HTML file."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from downslope.errors import DownslopeError
from downslope.interchange import page_source, python_source
from downslope.studio._schema import Export
from downslope.studio.session._session import Session
from downslope.studio.views._models import model_of
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
    model = model_of(session)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.downslope"
        model.save(path)
        return path.read_bytes()


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
