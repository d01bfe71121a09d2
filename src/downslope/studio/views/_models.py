"""The network of the page as a model, as ``downslope fit`` makes one, and the report on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.fitting import (
    NETWORK,
    GroupRecord,
    LabelledRows,
    Model,
    PredictedRows,
    Record,
    Scores,
    baseline_prediction,
    baselines,
    labelled_rows,
    report,
    scores,
)
from downslope.studio._schema import Report
from downslope.studio.session._measures import forward_of, probabilities_of
from downslope.studio.session._session import Session
from downslope.tables import Reading
from downslope.training import Arrays

__all__ = ["Progress", "model_of", "report_of"]

_MOST = 2000  # held-out rows that a model keeps
_LARGEST = 1e100  # of predictions whose squares can be summed and divided

Progress = Callable[[str], None]
"""Is told in words what takes the next moments."""


def report_of(session: Session, command: Report) -> Callable[[Progress], dict[str, Any]]:
    """What makes the report on the model that the session was opened on, or on the network as it is now.

    It looks at nothing of the session any more: it can be called in another thread.

    Raises:
        DownslopeError: if there is no such model, or the network cannot be one.
    """
    rows = session.state.rows
    if command.of not in ("model", "network"):
        raise DownslopeError(f"a report is of the model or of the network, not of {command.of!r}")
    data: Any
    if command.of == "model":
        if rows.model is None:
            raise DownslopeError("this page was not opened on a model; choose the report on its network")
        model, data = rows.model, None if rows.source is None else rows.source.path
    else:
        _refuse_diverged(session)
        model, data = model_of(session), rows.shown
    path = None if rows.source is None else rows.source.path

    def made(progress: Progress) -> dict[str, Any]:
        found = report(model, data, source=path, progress=progress)
        return {"message": "report", "of": command.of, "content": found.html().encode()}

    return made


def _refuse_diverged(session: Session) -> None:
    """Refuse predictions whose squares are no numbers any more."""
    predicted = _predicted(session, session.state.shown_descent.split.data)
    with np.errstate(all="ignore"):
        if not np.isfinite(predicted**2).all() or np.abs(predicted).max() > _LARGEST:
            raise DownslopeError(
                "the network has diverged: its predictions are no usable numbers, and there is nothing to "
                "report; go back to an earlier step, or reset it with a smaller learning rate"
            )


def model_of(session: Session) -> Model:
    """The network as it is now, as a model.

    Raises:
        DownslopeError: if it predicts several columns, or its loss is not that of a model.
    """
    rows, network = session.state.rows, session.state.settings.network
    if len(rows.choices.targets) > 1:
        raise DownslopeError("a model predicts one column, and this network predicts several")
    suits = "binary_cross_entropy" if len(rows.target.classes) == 2 else "cross_entropy"
    if rows.target.classes and network.loss != suits:
        raise DownslopeError(f"a model of {len(rows.target.classes)} classes needs the loss {suits}")
    parameters = {name: value.copy() for name, value in session.parameters.items()}
    reading = Reading() if rows.source is None else rows.source.reading
    return Model(
        network,
        parameters,
        rows.encoder,
        rows.target,
        _record(session),
        reading=reading,
        held_out=_held_out(session),
    )


def _record(session: Session) -> Record:
    """How the network came about: on the page."""
    rows, split = session.state.rows, session.state.shown_descent.split
    data = split.training if split.validation is None else split.validation
    y = np.ravel(data["y"])
    errors, run = _epoch_errors(session), session.state.run
    epochs = session.step // session.state.shown_descent.batches.steps_in_epoch
    group = GroupRecord("plain", 1, 1.0, epochs, epochs, errors, ())
    read = () if rows.source is None else (*rows.source.left_out, *rows.source.notes)
    notes = (f"trained on the page, up to step {session.step:,} of {run.name}", *read)
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
        network=scores(rows.target, y, _predicted(session, data)),
        groups=(group,),
        interrupted=False,
        constants=_constants(session),
        asked=_asked(session),
        notes=notes,
    )


def _asked(session: Session) -> tuple[str, ...]:
    """The settings of the descent, as they are written in Python."""
    settings = session.state.settings
    always = {name: getattr(settings, name) for name in ("optimizer", "learning_rate", "batch_size", "seed")}
    others = {name: getattr(settings, name) for name in ("validation", "dropout", "l2", "l1", "clip_norm")}
    return tuple(
        f"{name}={value!r}" for name, value in {**always, **others}.items() if value or name in always
    )


def _epoch_errors(session: Session) -> tuple[float, ...]:
    """The mean error of each epoch; none where the curve does not hold a step of each."""
    state, each = session.state, session.state.shown_descent.batches.steps_in_epoch
    steps, errors = state.run.curve.points
    known = (steps < session.step // each * each) & np.isfinite(errors)
    epoch = steps[known] // each
    counts = np.bincount(epoch)
    if not len(counts) or not counts.all():
        return ()
    return tuple((np.bincount(epoch, errors[known]) / counts).tolist())


def _predicted(session: Session, data: Arrays) -> NDArray[np.float64]:
    """Probabilities (rows, classes), or numbers in the target's units (rows,)."""
    target = session.state.rows.target
    predicted = forward_of(session.state.settings.network, session.parameters, data)[1].astype(np.float64)
    return probabilities_of(predicted) if target.classes else target.numbers(predicted[:, 0])


def _labelled(session: Session, index: NDArray[np.int64]) -> LabelledRows:
    """Some rows of the table, with their targets in their own units."""
    rows = session.state.rows
    every = labelled_rows(rows.shown, rows.target, None)
    return LabelledRows(pl.DataFrame(), every.index[index], every.true[index], every.weights[index], 0)


def _constants(session: Session) -> tuple[float, ...]:
    """What the baselines predict: of the rows that are trained on."""
    known = _labelled(session, np.sort(session.state.shown_descent.split.training_rows))
    found = baselines((), session.state.rows.target, known)
    return tuple(float(value) for value in np.ravel([rows[0] for rows in found.values()]))


def _held_out(session: Session) -> PredictedRows | None:
    """The validation rows, or some of them, with what the network predicts; None where there are none."""
    split, target = session.state.shown_descent.split, session.state.rows.target
    if split.validation is None:
        return None
    order = np.argsort(split.validation_rows)[:_MOST]
    rows = _labelled(session, split.validation_rows[order])
    predicted = _predicted(session, split.validation)[order]
    compared = baselines(_constants(session), target, rows)
    return PredictedRows(rows, {**compared, NETWORK: predicted}, {})
