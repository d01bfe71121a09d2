"""From a table to a fitted model."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from downslope.errors import DownslopeError
from downslope.fitting._folds import folds_of
from downslope.fitting._group import Rows
from downslope.fitting._intervals import Spread, spread_of
from downslope.fitting._learning import Learned, Phase, learn, learn_straight
from downslope.fitting._model import Kind, Model, Record
from downslope.fitting._recipe import Settings
from downslope.fitting._scores import Scores, scores, trivial_guess
from downslope.tables import Description, TableEncoder, Target, as_frame, describe, rows_with_target
from downslope.training import Folds

__all__ = ["Phase", "fit"]


def fit(
    data: Any,
    target: Any,
    *,
    task: str = "auto",
    drop: Collection[str] = (),
    category: Collection[str] = (),
    number: Collection[str] = (),
    members: int | None = None,
    hidden: tuple[int, ...] | None = None,
    activation: str = "silu",
    dropout: float = 0.2,
    learning_rate: float = 0.004,
    weight_decay: float = 0.1,
    batch_size: int | None = None,
    epochs: int | None = None,
    time_limit: float | None = None,
    threads: int | None = None,
    row_weights: ArrayLike | None = None,
    seed: int = 0,
    source: str | None = None,
    progress: Callable[[Phase], None] | None = None,
    described: Callable[[Description], None] | None = None,
) -> Model:
    """Fit networks to a table.

    Several kinds of networks, each of several members that are trained together, and a linear model: every
    member holds some of the rows out. On those the best epoch is picked, the kinds are blended, probabilities
    are calibrated, and the result is measured against the trivial guess and the linear model. Where there are
    fewer than 50 rows the model is linear and holds none out. Ctrl-C keeps the best so far.

    Args:
        data: a path, a Polars, pandas or PyArrow table, a dict of columns, or a matrix of inputs.
        target: the name of the column to predict, or its values, (rows,).
        task: ``"regression"``, ``"classification"`` or ``"auto"``.
        drop, category, number: columns to leave out, or to take as categories or as numbers.
        members: of each kind, 8 if not given. With 1 the model is a single network: one row in seven picks
            the best epoch, then all rows train it.
        hidden: units of each hidden layer; () for a linear network, None for what suits the rows.
        activation: of the hidden layers.
        dropout: of the hidden layers.
        learning_rate: the highest; it falls in the second half of the epochs.
        weight_decay: of AdamW.
        batch_size, epochs: None for what suits the rows.
        time_limit: seconds. Fewer than the rows need mean fewer epochs, more mean more members.
        threads: the most that steps run on; None lets the engine choose.
        row_weights: how much each row counts, (rows of data,).
        seed: fixes everything but what a time limit cuts short.
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
        members,
        hidden,
        activation,
        dropout,
        learning_rate,
        weight_decay,
        batch_size,
        epochs,
        time_limit,
        threads,
        seed,
    )
    frame, name = _with_target(as_frame(data), target)
    about = describe(frame, target=name, task=task, drop=drop, category=category, number=number)
    if described is not None:
        described(about)
    frame, weights = _weighted(frame, row_weights)
    frame = rows_with_target(frame, name)[0]
    goal = Target.fit(frame[name], about.task)
    frame, goal = _usable(frame, goal, name)
    encoder = TableEncoder.fit(frame, about)
    x, y, w = encoder.encode(frame).x, goal.encode(frame[name]), _column(frame, weights)
    if source is None:
        source = os.path.abspath(data) if isinstance(data, str | os.PathLike) else type(data).__name__
    del data, frame  # only numbers are needed from here on
    learned, measured = _learned(x, y, w, encoder, goal, settings, progress)
    spread = None
    if measured[1] and not goal.classes and not learned.interrupted:
        spread = _spread(x, y, w, learned, measured[0], encoder, settings, progress)
        learned = replace(learned, interrupted=spread is None)
    record = _record(source, about, y, goal, learned, measured)
    parameters = {n: np.asarray(v, np.float32) for n, v in learned.parameters.items()}
    return Model(learned.network, parameters, encoder, goal, record, spread)


_WEIGHTS = "\0weights"  # the name of no column of a table


def _weighted(frame: pl.DataFrame, weights: ArrayLike | None) -> tuple[pl.DataFrame, bool]:
    """The table with a column of weights, so that rows that are left out take theirs along."""
    if weights is None:
        return frame, False
    column = np.asarray(weights, np.float32)
    if column.shape != (frame.height,):
        raise DownslopeError(
            f"row_weights needs a number for each of {frame.height} rows, not {column.shape}"
        )
    return frame.with_columns(pl.Series(_WEIGHTS, column)), True


def _column(frame: pl.DataFrame, weights: bool) -> NDArray[np.float32]:
    return frame[_WEIGHTS].to_numpy() if weights else np.ones(frame.height, np.float32)


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


Measured = tuple[NDArray[np.int64], bool]
"""The rows that measured, and whether they were held out."""


def _learned(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    w: NDArray[np.float32],
    encoder: TableEncoder,
    goal: Target,
    settings: Settings,
    progress: Callable[[Phase], None] | None,
) -> tuple[Learned, Measured]:
    if not settings.holds_out(len(y)):
        everyone = Rows(x, y, w, Folds(np.full(len(y), -1)))
        return learn_straight(everyone, encoder, goal, settings, progress), (np.arange(len(y)), False)
    folds = folds_of(y, settings.members_for(len(y)), settings.seed)
    return learn(Rows(x, y, w, folds), encoder, goal, settings, progress), (folds.held, True)


def _spread(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    w: NDArray[np.float32],
    learned: Learned,
    held: NDArray[np.int64],
    encoder: TableEncoder,
    settings: Settings,
    progress: Callable[[Phase], None] | None,
) -> Spread | None:
    """The intervals; None where Ctrl-C leaves no time for them."""
    told = None if progress is None else lambda step: progress(Phase("intervals", step))
    rows = held if len(held) < len(y) else slice(None)
    try:
        return spread_of(x[rows], y[rows], w[rows], learned.blend[:, 0], encoder, settings, told)
    except KeyboardInterrupt:
        return None


def _record(
    source: str,
    about: Description,
    y: NDArray[np.float32],
    goal: Target,
    learned: Learned,
    measured: Measured,
) -> Record:
    rows, held_out = measured
    guesses = {
        "trivial": trivial_guess(goal, y, len(rows)),
        "linear": _in_units(learned.linear, goal),
        "network": _in_units(learned.blend, goal),
    }
    compared: dict[str, Scores] = {who: scores(goal, y[rows], guess) for who, guess in guesses.items()}
    return Record(
        source,
        about.columns,
        f"{about.task}: {about.task_reason}",
        len(y),
        about.rows + about.gap_rows - len(y),
        len(rows),
        held_out,
        **compared,
        kinds=_kinds(learned),
        interrupted=learned.interrupted,
    )


def _in_units(guess: NDArray[Any], goal: Target) -> NDArray[Any]:
    return guess if goal.classes else goal.numbers(guess[:, 0])


def _kinds(learned: Learned) -> tuple[Kind, ...]:
    told = []
    for group, share in zip(learned.groups, learned.shares, strict=True):
        run = group.run
        epochs = max(1, len(run.validation_losses))
        train = tuple(float(part.mean()) for part in np.array_split(run.losses, epochs) if len(part))
        told.append(
            Kind(
                group.name,
                len(group.ensemble.networks),
                share,
                run.best_epoch or len(run.losses),
                len(run.validation_losses) or len(run.losses),
                train,
                tuple(run.validation_losses.tolist()),
            )
        )
    return tuple(told)
