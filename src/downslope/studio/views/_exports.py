"""Files to save: a model file, Python source, ONNX, C, one HTML file."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from downslope.errors import DownslopeError
from downslope.interchange import PAGE_ROWS, PageDescent, page_source, python_source
from downslope.interchange.exports import Prediction, c_source, of_network, onnx_file
from downslope.studio._schema import Export
from downslope.studio.session._faults import stable_range_of
from downslope.studio.session._session import Session
from downslope.studio.table._choices import STANDARD
from downslope.studio.views._models import Progress, model_of
from downslope.studio.views._page_lesson import page_lesson
from downslope.studio.views.pictures._sampling import evenly_spaced

__all__ = ["exported", "lesson_page"]

_WEIGHTS = 50_000
"""Parameters that a lesson has at most."""


def exported(session: Session, command: Export) -> Callable[[Progress], dict[str, Any]]:
    """What makes a file of the format asked for: its name, its content as bytes, its media type.

    It looks at nothing of the session any more: it can be called in another thread, which raises a
    DownslopeError if the network cannot be written in the format.

    Raises:
        DownslopeError: if there is no such format.
    """
    if command.format not in _WRITERS:
        raise DownslopeError(f"a file can be {', '.join(_WRITERS)}, not {command.format!r}")
    ending, media_type, write = _WRITERS[command.format]
    stem = re.sub(r"\W+", "_", Path(session.state.rows.name).stem) or "network"
    name, session = f"{stem}{ending}", session.apart()

    def made(progress: Progress) -> dict[str, Any]:
        progress(f"Writing {name} …")
        return {"message": "file", "name": name, "media_type": media_type, "content": write(session, command)}

    return made


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


def _prediction(session: Session) -> Prediction:
    """From the inputs of the network, as the page encodes them."""
    return of_network(session.state.settings.network, session.parameters)


def _onnx(session: Session, _: Export) -> bytes:
    return onnx_file(_prediction(session))


def _c(session: Session, _: Export) -> bytes:
    return c_source(_prediction(session), "network").text.encode()


def lesson_page(session: Session) -> str:
    """What is open as one HTML text that descends by itself, with all its rows.

    Raises:
        DownslopeError: if that is too much for a browser, or has no form in JavaScript.
    """
    state = session.state
    count, weights = len(state.rows.x), state.settings.weights
    if count > PAGE_ROWS:
        raise DownslopeError(
            f"{state.rows.name} has {count:,} rows, and a page that descends in the browser holds at most "
            f"{PAGE_ROWS:,}; export a table with some of them"
        )
    if weights > _WEIGHTS:
        raise DownslopeError(
            f"the network has {weights:,} parameters, and a page that descends in the browser at most "
            f"{_WEIGHTS:,}, or its steps take too long; export one with fewer units"
        )
    return _page_of(session, {}, page_lesson(session))


def _html(session: Session, command: Export) -> bytes:
    pictures = {str(name): str(picture) for name, picture in (command.pictures or {}).items()}
    return _page_of(session, pictures).encode()


def _page_of(session: Session, pictures: Mapping[str, str], lesson: Mapping[str, Any] | None = None) -> str:
    """The page of what is shown: of more rows than it holds, evenly spaced ones."""
    rows, settings = session.state.rows, session.state.settings
    descent, data = session.state.shown_descent, session.state.shown_descent.split.data
    chosen = evenly_spaced(len(data["x"]), PAGE_ROWS)
    place = {int(row): i for i, row in enumerate(chosen)}
    trained = [place[row] for row in descent.split.training_rows.tolist() if row in place]
    stable = stable_range_of(descent)
    return page_source(
        settings.network,
        session.parameters,
        data["x"][chosen],
        data["y"][chosen],
        features=rows.features,
        target=rows.choices.targets,
        classes=rows.target.classes,
        title=Path(rows.name).stem.replace("_", " ") if lesson is None else lesson["title"],
        lesson=lesson,
        note="Columns are standardised." if rows.choices.scaling == STANDARD else "",
        descent=PageDescent(
            optimizer=settings.rule,
            learning_rate=settings.learning_rate,
            clip_norm=settings.clip_norm,
            batch_size=settings.batch_size,
            seed=settings.seed,
            training_rows=trained if len(trained) < len(chosen) else None,
            stable=None if stable is None else (stable.below, stable.best),
        ),
        pictures=pictures,
    )


_WRITERS: Mapping[str, tuple[str, str, Callable[[Session, Export], bytes]]] = {
    "model": (".downslope", "application/octet-stream", _model),
    "python": (".py", "text/x-python", _python),
    "onnx": (".onnx", "application/octet-stream", _onnx),
    "c": (".c", "text/x-c", _c),
    "html": (".html", "text/html", _html),
}
