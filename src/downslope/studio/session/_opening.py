"""What the page opens on: the five rows, a table, a model and its table, a network and rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope._checks import one_of
from downslope._extras import polars as pl
from downslope._known_files import is_saved
from downslope.errors import DownslopeError
from downslope.nets import AnyNetwork, Network, Point, TrainedNetwork, checked_one, starting_values
from downslope.studio.lessons import Lesson, is_lesson_file, lesson_named
from downslope.studio.session._lesson_opening import checked_lesson
from downslope.studio.session._session import Session, first_session
from downslope.studio.session._settings import settings_of, suited
from downslope.studio.session.handlers import model_settings, with_lesson
from downslope.studio.table._choices import Choices
from downslope.studio.table._reading import Source, read_rows
from downslope.studio.table._rows import Rows, frame_of_arrays, rows_of, rows_of_model
from downslope.training import Run, checked_data

if TYPE_CHECKING:  # the five rows need nothing of it
    from downslope.fitting import Model

__all__ = ["in_lesson", "opened", "session_on"]


def opened(
    source: str | None,
    target: str | None,
    table: str | None = None,
    lesson: int | None = None,
    **how: Any,
) -> Session:
    """The session for what was named on the command line.

    Args:
        source: a table, what was saved, or the file of a lesson.
        target: the column to predict.
        table: the rows for what was saved.
        lesson: the number of a lesson of the page.
        how: tables are read, as for ``Model.read``.

    Raises:
        DownslopeError: if it cannot be read, or nothing can be learned from it.
    """
    named = source if lesson is None and is_lesson_file(source or "") else lesson
    if named is not None:
        if {source, target, table} - {None, named}:
            raise DownslopeError("a lesson brings its own table; leave out the file, --target and --table")
        return in_lesson(lesson_named(named))
    if source is None:
        return first_session()
    if is_saved(source):
        from downslope.fitting import Model, Models, load_as_model, model_for, model_of_table

        found = load_as_model(source)
        if isinstance(found, Model | Models):
            return _of_model(model_for(found, target), table, how)
        if table is None:
            raise DownslopeError(
                f"{source} holds {one_of(type(found))}, which has no table; name one: downslope play "
                f"{source} --table TABLE"
            )
        frame, decided = read_rows(table, **how)
        decided.warn()
        if isinstance(found, TrainedNetwork | Run) and _names_classes(frame, target):
            return _of_model(model_of_table(found, frame, target), table, how)
        return _of_network(found, frame, target, Path(table).name)
    frame, decided = read_rows(source, **how)
    decided.warn()
    chosen = (target,) if target is not None else (frame.columns[-1],)
    rows = replace(rows_of(frame, Choices(chosen), Path(source).name), source=decided)
    return Session(rows, suited(rows))


def in_lesson(lesson: Lesson) -> Session:
    """The session that opens on a lesson; the five rows are behind it.

    Raises:
        DownslopeError: with the line of the lesson where something cannot be used.
    """
    session = first_session()
    own = () if lesson.folder is None else (checked_lesson(lesson),)
    state = replace(session.state, lessons=own)
    session.commit(with_lesson(state, lesson, session.engine))
    return session


def _of_model(model: Model, table: str | None, reading: Mapping[str, Any]) -> Session:
    source = model.record.table(table, "downslope play MODEL --table TABLE")
    network, parameters = model.member(-1)

    def encode(frame: pl.DataFrame, choices: Choices, name: str) -> Rows:
        return rows_of_model(frame, model, name)

    read = model.read(source, **reading)
    rows = rows_of_model(read.frame, model, Path(source).name)
    rows = replace(rows, source=Source.of(read, source))
    values: Mapping[str, NDArray[Any]] = parameters
    return Session(rows, settings_of(network, **model_settings(rows)), values, encode=encode)


def _names_classes(frame: pl.DataFrame, target: str | None) -> bool:
    """Whether a target is text, which a network with class numbers learns as a model does."""
    column = frame.columns[-1] if target is None else target
    return column in frame.columns and frame[column].dtype in (pl.String, pl.Categorical, pl.Enum)


def _of_network(
    found: AnyNetwork | TrainedNetwork | Run, frame: pl.DataFrame, target: str | None, name: str
) -> Session:
    """A network, with its parameters where there are some, on the columns of a table as they are."""
    if isinstance(found, TrainedNetwork | Run):
        network, start = checked_one(found.network), found
    else:
        network, start = checked_one(found), None
    shape = network.graph().y.shape
    count = int(shape[1]) if len(shape) > 1 else 1
    targets = [target] if target is not None else frame.columns[-count:]
    if targets[0] not in frame.columns:
        raise DownslopeError(f'the table has no column "{targets[0]}"; choose the target among its columns')
    inputs = [column for column in frame.columns if column not in targets]
    if len(inputs) != network.inputs or len(targets) != count:
        raise DownslopeError(
            f"the network takes {network.inputs} columns and learns {count}; the table has {frame.width}: "
            "leave columns out, or name another table"
        )
    for column in frame.columns:
        if not frame[column].dtype.is_numeric() or frame[column].null_count():
            raise DownslopeError(f'"{column}" is no column of numbers without gaps, which a network needs')
    x, y = (frame.select(columns).to_numpy() for columns in (inputs, targets))
    return session_on(network, x, y[:, 0] if len(targets) == 1 else y, start, names=(name, inputs, targets))


def session_on(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    start: Point | None,
    settings: Mapping[str, Any] | None = None,
    names: tuple[str, Sequence[str], Sequence[str]] = ("x and y", (), ()),
) -> Session:
    """The session for a network and its rows.

    Args:
        network, x, y: as ``descend`` takes them.
        start: parameters to begin with; None draws them.
        settings: what differs from the usual ones.
        names: of the table, of the columns of x and of y; none given, the columns are x1, x2, … and y.

    Raises:
        DownslopeError: where something does not fit.
    """
    data = checked_data(network, x, y, None)
    how = settings_of(network).changed(settings or {})
    values = None if start is None else starting_values(network, start, how.seed, np.dtype(np.float64))
    table, inputs, targets = names
    frame, choices = frame_of_arrays(data["x"], data["y"], _classes(network, data["y"]), inputs, targets)
    return Session(rows_of(frame, choices, table), how, values)


def _classes(network: Network, y: NDArray[Any]) -> tuple[str, ...]:
    """The classes that the targets number, whether or not all are there; none where they are shares."""
    if network.loss == "cross_entropy":
        return tuple(map(str, range(int(network.graph().output.shape[1]))))
    one = network.loss == "binary_cross_entropy" and y.shape[1] == 1
    return ("0", "1") if one and bool(((y == 0) | (y == 1)).all()) else ()
