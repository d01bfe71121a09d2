"""From a table to a fitted model."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from downslope.engines import Evaluator
from downslope.errors import DownslopeError
from downslope.estimators._model import Model, Record
from downslope.estimators._recipe import Settings, linear_network, suited_network
from downslope.estimators._scores import Scores, scores, trivial_guess
from downslope.nets import Network
from downslope.tables import Description, TableEncoder, Target, as_frame, describe, rows_with_target
from downslope.training import AdamW, Cosine, Progress, Run, descend, forward

__all__ = ["Phase", "fit"]

_LINEAR_ITERATIONS = 200
_DIVERGED = 10.0
_PATIENCE = 20


@dataclass(frozen=True)
class Phase:
    """What a fit is at: ``"linear"``, ``"network"`` or ``"all rows"``, and how far that has come."""

    name: str
    progress: Progress


@dataclass(frozen=True)
class _Rows:
    """Encoded rows in three parts: to train on, to pick the best epoch, to measure."""

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    train: NDArray[np.int64]
    validate: NDArray[np.int64]
    measure: NDArray[np.int64]

    @property
    def seen(self) -> NDArray[np.int64]:
        """The rows that any decision was taken on."""
        return np.concatenate([self.train, self.validate])


def fit(
    data: Any,
    target: Any,
    *,
    task: str = "auto",
    drop: Collection[str] = (),
    category: Collection[str] = (),
    number: Collection[str] = (),
    hidden: tuple[int, ...] | None = None,
    activation: str = "silu",
    dropout: float = 0.1,
    learning_rate: float = 0.003,
    weight_decay: float = 0.02,
    batch_size: int | None = None,
    epochs: int | None = None,
    validation: float = 0.15,
    seed: int = 0,
    source: str | None = None,
    progress: Callable[[Phase], None] | None = None,
    described: Callable[[Description], None] | None = None,
) -> Model:
    """Fit a network to a table.

    Part of the rows pick the best epoch and as many measure the result against the trivial guess and the
    linear model; then all rows train the network that is returned. Ctrl-C keeps the best so far.

    Args:
        data: a path, a Polars, pandas or PyArrow table, a dict of columns, or a matrix of inputs.
        target: the name of the column to predict, or its values, (rows,).
        task: ``"regression"``, ``"classification"`` or ``"auto"``.
        drop, category, number: columns to leave out, or to take as categories or as numbers.
        hidden: units of each hidden layer; () for a linear network, None for what suits the rows.
        activation: of the hidden layers.
        dropout: of the hidden layers.
        learning_rate: the highest; it falls along half a cosine.
        weight_decay: of AdamW.
        batch_size, epochs: None for what suits the rows.
        validation: the share of the rows that picks the best epoch; as many again measure.
        seed: fixes everything.
        source: where the table came from, for the record; a path is recorded in any case.
        progress: called after each epoch.
        described: called with what was decided about the columns, before training.

    Raises:
        DownslopeError: if the table or a setting does not serve; the message says what to do.

    >>> rows = {"size": [50, 60, 80, 100, 120], "price": [100.5, 120.5, 160.5, 200.5, 240.5]}
    >>> model = fit(rows, target="price")
    >>> model.predict({"size": [90]}).round(1)
    array([180.5])
    """
    settings = Settings(
        hidden, activation, dropout, learning_rate, weight_decay, batch_size, epochs, validation, seed
    )
    frame, name = _with_target(as_frame(data), target)
    about = describe(frame, target=name, task=task, drop=drop, category=category, number=number)
    if described is not None:
        described(about)
    frame = rows_with_target(frame, name)[0]
    goal = Target.fit(frame[name], about.task)
    frame, goal = _usable(frame, goal, name)
    encoder = TableEncoder.fit(frame, about)
    rows = _parted(encoder.encode(frame).x, goal.encode(frame[name]), goal, settings)
    if source is None:
        source = os.path.abspath(data) if isinstance(data, str | os.PathLike) else type(data).__name__
    return _fitted(rows, encoder, goal, settings, about, source, progress)


def _with_target(frame: pl.DataFrame, target: Any) -> tuple[pl.DataFrame, str]:
    if isinstance(target, str):
        return frame, target
    name = str(getattr(target, "name", None) or "y")
    if name in frame.columns:
        raise DownslopeError(
            f'the inputs have a column "{name}" like the target; give the target by its name'
        )
    if np.ndim(target) == 2 and np.shape(target)[1] == 1:
        target = np.ravel(target)
    if np.ndim(target) != 1:
        raise DownslopeError(f"a target is one value for each row, not an array of shape {np.shape(target)}")
    column = as_frame({name: target})[name]
    if len(column) != frame.height:
        raise DownslopeError(f"there are {frame.height} rows of inputs and {len(column)} targets")
    return frame.with_columns(column), name


def _usable(frame: pl.DataFrame, goal: Target, name: str) -> tuple[pl.DataFrame, Target]:
    """Without rows whose target is no number, where a number was asked for."""
    if goal.classes:
        return frame, goal
    return frame.filter(pl.Series(np.isfinite(goal.encode(frame[name])))), goal


def _parted(x: NDArray[np.float32], y: NDArray[np.float32], goal: Target, settings: Settings) -> _Rows:
    """The rows in three parts, each class spread over them alike; too few rows are all in every part."""
    every = np.arange(len(y))
    held = round(len(y) * settings.validation)
    if not settings.holds_out(len(y)):
        return _Rows(x, y, every, every[:0], every)
    order = np.random.Generator(np.random.Philox(key=settings.seed)).permutation(len(y))
    if goal.classes:
        order = order[np.argsort(y[order], kind="stable")]
        place = np.empty(len(y))
        for value in np.unique(y):  # the i-th of a class stands at the same share of the whole
            members = np.flatnonzero(y[order] == value)
            place[members] = (np.arange(len(members)) + 0.5) / len(members)
        order = order[np.argsort(place, kind="stable")]
    return _Rows(x, y, order[2 * held :], order[:held], order[held : 2 * held])


def _fitted(
    rows: _Rows,
    encoder: TableEncoder,
    goal: Target,
    settings: Settings,
    about: Description,
    source: str,
    progress: Callable[[Phase], None] | None,
) -> Model:
    linear, linear_run = _linear(rows, rows.seen, encoder, goal, settings, progress)
    network = suited_network(encoder, goal, settings, len(rows.y))
    straight = not settings.layers_for(len(rows.y))
    run = linear_run if straight else _searched(network, rows, settings, progress)
    parameters = run.parameters
    measured = {
        "trivial": trivial_guess(goal, rows.y[rows.seen], len(rows.measure)),
        "linear": _predicted(linear, linear_run.parameters, rows.x[rows.measure], goal),
        "network": _predicted(network, run.parameters, rows.x[rows.measure], goal),
    }
    compared = {who: scores(goal, rows.y[rows.measure], guess) for who, guess in measured.items()}
    interrupted = run.stopped == "interrupted"
    if len(rows.validate) and not interrupted:
        if straight:
            final = _linear(rows, np.arange(len(rows.y)), encoder, goal, settings, progress)[1]
        else:
            final = _on_all_rows(network, rows, settings, run.best_epoch or 1, progress)
        interrupted = final.stopped == "interrupted"
        if final.stopped == "finished":
            parameters = final.parameters
    record = _record(source, about, rows, compared, run, interrupted)
    return Model(network, {n: v.astype(np.float32) for n, v in parameters.items()}, encoder, goal, record)


def _record(
    source: str, about: Description, rows: _Rows, compared: dict[str, Scores], run: Run, interrupted: bool
) -> Record:
    epochs = max(1, len(run.validation_losses))
    train_errors = tuple(float(part.mean()) for part in np.array_split(run.losses, epochs) if len(part))
    return Record(
        source,
        about.columns,
        f"{about.task}: {about.task_reason}",
        len(rows.y),
        about.rows + about.gap_rows - len(rows.y),
        len(rows.seen),
        len(rows.measure),
        **compared,
        best_epoch=run.best_epoch or len(run.losses),
        epochs=len(run.validation_losses) or len(run.losses),
        train_errors=train_errors,
        validation_errors=tuple(run.validation_losses.tolist()),
        interrupted=interrupted,
    )


def _linear(
    rows: _Rows,
    chosen: NDArray[np.int64],
    encoder: TableEncoder,
    goal: Target,
    settings: Settings,
    progress: Callable[[Phase], None] | None,
) -> tuple[Network, Run]:
    network = linear_network(encoder, goal)
    run = descend(
        network,
        rows.x[chosen].astype(np.float64),
        rows.y[chosen],
        optimizer="lbfgs",
        steps=_LINEAR_ITERATIONS,
        seed=settings.seed,
        progress=_named("linear", progress),
    )
    if run.stopped == "interrupted":
        raise KeyboardInterrupt
    return network, run


def _searched(
    network: Network, rows: _Rows, settings: Settings, progress: Callable[[Phase], None] | None
) -> Run:
    """The network trained on the training rows; the best epoch is the best on the validation rows."""
    count = len(rows.train)
    watched = rows.validate if len(rows.validate) else rows.train
    run = _descended(
        network,
        rows.x[rows.train],
        rows.y[rows.train],
        settings,
        settings.epochs_for(count),
        settings.batch_for(count),
        _named("network", progress),
        validation=(rows.x[watched], rows.y[watched]),
        patience=max(_PATIENCE, settings.epochs_for(count) // 3),
    )
    best = run.validation_losses[(run.best_epoch or 1) - 1] if len(run.validation_losses) else np.nan
    if run.stopped == "not finite" or (best > _DIVERGED * _baseline(network, rows)):
        what = run.message if run.stopped == "not finite" else f"the validation error rose to {best:.3g}."
        raise DownslopeError(
            f"training diverged at a learning rate of {settings.learning_rate:g}: {what} "
            "The default learning rate is 0.003"
        )
    return run


def _baseline(network: Network, rows: _Rows) -> float:
    """The validation error of a network whose output is 0 everywhere: the mean, or equal chances."""
    zeros = {n: np.zeros_like(v) for n, v in network.initial_parameters(0, np.float32).items()}
    watched = rows.validate if len(rows.validate) else rows.train
    graph = network.graph()
    shape = (-1,) if network.loss == "cross_entropy" else (-1, 1)
    given = {
        "x": rows.x[watched],
        "y": rows.y[watched].reshape(shape),
        "row_weights": np.ones(len(watched), np.float32),
    }
    return max(float(Evaluator([graph.data_error]).mean({**zeros, **given})[0]), 1e-12)


def _on_all_rows(
    network: Network,
    rows: _Rows,
    settings: Settings,
    epochs: int,
    progress: Callable[[Phase], None] | None,
) -> Run:
    batch = settings.batch_for(len(rows.train))
    return _descended(network, rows.x, rows.y, settings, epochs, batch, _named("all rows", progress))


def _descended(
    network: Network,
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    settings: Settings,
    epochs: int,
    batch: int,
    progress: Callable[[Progress], None] | None,
    validation: tuple[Any, Any] | None = None,
    patience: int | None = None,
) -> Run:
    return descend(
        network,
        x,
        y,
        optimizer=AdamW(weight_decay=settings.weight_decay),
        learning_rate=Cosine(settings.learning_rate),
        epochs=epochs,
        batch_size=batch,
        clip_norm=1.0,
        validation=validation,
        patience=patience,
        seed=settings.seed,
        progress=progress,
    )


def _named(name: str, progress: Callable[[Phase], None] | None) -> Callable[[Progress], None] | None:
    return None if progress is None else lambda told: progress(Phase(name, told))


def _predicted(
    network: Network, parameters: Mapping[str, NDArray[Any]], x: NDArray[Any], goal: Target
) -> NDArray[Any]:
    raw = forward(network, parameters, x).astype(np.float64)
    if not goal.classes:
        return goal.numbers(raw[:, 0])
    return np.concatenate([1 - raw, raw], axis=1) if len(goal.classes) == 2 else raw
