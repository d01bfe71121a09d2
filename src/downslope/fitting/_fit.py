"""From a table to a fitted model."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields, replace
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from downslope._checks import called, choice, show, text
from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope._keywords import suggests_keywords
from downslope._signals import Deferred, at_once, pending
from downslope.errors import DownslopeError
from downslope.fitting._checkpoints import asked_of, hooks_of
from downslope.fitting._decision import decided, refuse_unsuitable, with_decision
from downslope.fitting._descent import descent_arguments
from downslope.fitting._models import Models
from downslope.fitting._parallel import shared_settings
from downslope.fitting._recording import kept_rows, record_of
from downslope.fitting._training import encoded_rows, shuffled_as, train
from downslope.fitting.ensemble import (
    LINEAR_PENALTY,
    FitHooks,
    FitPhase,
    FitSettings,
    linear_network,
    networks_for,
)
from downslope.fitting.model import Model
from downslope.fitting.rows import (
    DatasetRows,
    TargetRows,
    checked_column,
    checked_columns,
    counted_rows,
    described_targets,
    opened_dataset,
    opened_table,
    refuse_contradictions,
    refuse_two_roles,
    target_rows,
    timed_rows,
    wanted_kinds,
    with_keys,
    with_targets,
)
from downslope.tables import TASKS, Description, Reading, counted_in
from downslope.training import Checkpoint, Folds

__all__ = ["FitPhase", "OpenedFit", "fit", "fitted_model", "opened_fit", "table_descent"]

_READING = ("delimiter", "decimal", "thousands", "date_format", "encoding", "skip_rows", "header", "comment")
_LEAST_SECONDS = 0.001  # of a time limit for a target


@suggests_keywords
def fit(
    data: Any,
    target: Any,
    *,
    task: str = "auto",
    drop: Collection[str] = (),
    category: Collection[str] = (),
    number: Collection[str] = (),
    members: int | None = None,
    hidden: int | Sequence[int] | None = None,
    activation: Any = "silu",
    dropout: float | None = None,
    learning_rate: float = FitSettings.learning_rate,
    weight_decay: float = 0.1,
    batch_size: int | None = None,
    epochs: int | None = None,
    time_limit: float | None = None,
    threads: int | None = None,
    engine: str | None = None,
    device: str | None = None,
    parallel: str | None = None,
    row_weights: ArrayLike | str | None = None,
    group: str | None = None,
    time: str | None = None,
    seed: int = 0,
    metric: str | Callable[..., Any] | None = None,
    class_weight: str | Mapping[Any, float] | None = None,
    sheet: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    date_format: str | None = None,
    encoding: str | None = None,
    skip_rows: int | None = None,
    header: bool | None = None,
    comment: str | None = None,
    keep_rows: bool = False,
    source: str | None = None,
    progress: Callable[[FitPhase], None] | None = None,
    checkpoint: Checkpoint | None = None,
    described: Callable[[Description], None] | None = None,
) -> Any:  # a union would have to be told apart at each call
    """Fit networks to a table: a ``Model``, or for several targets ``Models``.

    A linear model and two groups of networks with different numerical embeddings are trained; every network
    holds some of the rows out. On those the best epoch is chosen, the groups are blended, probabilities are
    calibrated by temperature scaling, and the result is compared with the baseline and the linear model. With
    fewer than 50 rows the model is linear and holds none out. Ctrl-C keeps the best so far.

    Several targets have a model each, for which the others are no inputs: what ``fit`` makes of the table
    without them. Ctrl-C then keeps the models that there are, and ``unfitted`` names the other targets.

    Args:
        data: a path, a Polars, pandas or PyArrow table, a dict of columns, a list of dicts, or a matrix of
            inputs; or a folder, a pattern such as ``"data/*.parquet"`` or a ``ds.Dataset``, whose rows need
            not fit into memory.
        target: the name of the column to predict, or its values, (rows,). Of several targets a list of
            names, or their values: a frame, a dict of columns, or a matrix, (rows, targets).
        task: ``"regression"``, ``"classification"`` or ``"auto"``, for every target; ``category`` and
            ``number`` say it of one.
        drop, category, number: names of columns to leave out, or to take as categories or as numbers.
        members: networks of each group, 8 if not given, at most 1000. With 1 the model is a single network:
            one row in seven is held out to choose the best epoch, then all rows train it.
        hidden: units of each hidden layer, or of the only one; () for a linear network, None for what suits
            the rows.
        activation: of the hidden layers.
        dropout: of the hidden layers. None: 0.2; where the first group predicts the numbers that it held out
            with an R² above 0.97, the next has none, and the blend decides.
        learning_rate: the peak; it falls in the second half of the epochs.
        weight_decay: of AdamW.
        batch_size, epochs: None for what suits the rows: at most 40 epochs in the first group, 100 in others;
            epochs that are given are those of all groups, at most a million.
        time_limit: seconds for all of it, shared by the targets. Less time than the rows need means fewer
            networks and then fewer epochs, more means more groups.
        threads: the maximum number of threads; None lets the engine choose.
        engine: that trains the networks: ``"native"``, ``"torch"`` (the extra ``downslope[torch]``) or
            ``"reference"``; None takes what DOWNSLOPE_ENGINE says, or the native one.
        device: of torch, ``"cuda"`` or ``"cpu"``; None takes a GPU if there is one.
        parallel: how the processes that torchrun started share the work; all call this alike, and get the
            same model. ``"data"``: the rows of every batch, as of ``descend``; ``"members"``: the networks of
            each group, which say nothing to each other until they are trained; ``"auto"``: what takes less
            time. None: this process alone.
        row_weights: how much each row counts in training and in the scores, (rows of data,), or the name of
            the column that holds it, which is no input then. Only their ratios matter; rows of weight 0 are
            left out.
        group: the name of a column whose rows of one value belong together, such as a patient: no network is
            measured on a row of a group that it was trained on. The column is no input.
        time: the name of a column of dates, times or numbers such as years that orders the rows: networks
            that know the earlier rows alone are measured on the last fifth of them, then all rows train the
            model. The column stays an input, unless it is dropped; rows without a time are left out.
        seed: of all random numbers. The same seed gives the same bits, unless a time limit ends training.
        metric: the score that is predicted for, named as by ``evaluate``: with ``"f1"``, ``"f1_macro"`` and
            ``"balanced_accuracy"`` the class that is said is no longer the most probable one, but what makes
            that score highest, as expected from the held-out rows. Training and probabilities stay the same.
            With ``"mae"`` and ``"median_absolute_error"`` networks are trained by the absolute error, so that
            predictions are medians and not means. ``"accuracy"``, ``"log_loss"``, ``"brier_score"``,
            ``"roc_auc"``, and of numbers ``"r2"`` and ``"rmse"``, are what a fit goes by without it. Of
            several targets it is that of those that have it. Or a function ``metric(y_true, predicted)`` that
            gives a number, the higher the better, of held-out rows: the shares of the groups in the blend are
            chosen by it. ``y_true`` are the names of the classes or the numbers, (rows,); ``predicted`` the
            probabilities, (rows, classes), in the order of ``model.target.classes``, or the numbers that are
            predicted, (rows,).
        class_weight: how much the rows of each class count in training: ``"balanced"``, so that all classes
            count alike, or a mapping such as ``{"yes": 5}``, the others 1. Probabilities stay those of rows
            as frequent as they are; unless a ``metric`` decides, the class is said that has the largest
            probability times its weight. Scores count each row by ``row_weights`` alone.
        sheet: of an Excel file, by name, also with an area such as "Sales!B3:F20"; the first where none is
            given.
        delimiter, decimal, thousands: of text, such as ``";"``, ``","`` and ``"."``; decided from the whole
            table where not given. The model reads later tables in the same way.
        date_format: ``"day-first"`` or ``"month-first"`` for dates such as 01/12/24, or a format of
            ``strptime``.
        encoding: of text, such as ``"cp1252"``.
        skip_rows: lines of text above the header.
        header: False where the first row of text holds no names; the columns are then column1, column2, …
        comment: what a line of text begins with that is no row.
        keep_rows: whether rows of a file count that repeat the header, hold units or notes, or sum up others.
        source: where the table came from, for the record; a path is recorded in any case.
        progress: called after each epoch.
        checkpoint: where training is saved as it goes, a ``ds.Checkpoint``: killed at any moment, it goes on
            with the same bits.
        described: called with the description of the columns, before training; once for each target.

    Raises:
        DownslopeError: if the table or a setting does not serve; the message says what to do.

    >>> rows = {"size": [50, 60, 80, 100, 120], "price": [100.5, 120.5, 160.5, 200.5, 240.5]}
    >>> model = fit(rows, target="price")
    >>> model
    <Model of 'price': regression, 5 rows, 1 network, R² 1>
    >>> model.predict({"size": [90]}).round(1)
    array([180.5])
    """
    given = locals()
    clock = FitHooks().now
    begun = clock()
    with Deferred(reports=True):
        with at_once():
            opened = opened_fit(given)
        with hooks_of(progress, checkpoint, opened.asked, opened.settings.parallel) as hooks:
            if opened.several:
                return _fitted_models(opened, _less(opened.settings, hooks.agree(clock() - begun)), hooks)
            rows = opened.rows()
            settings, about, description = opened.settings, opened.about, opened.descriptions[0]
            del data, opened, given  # only numbers are needed from here on
            return fitted_model(
                rows, description, _less(settings, hooks.agree(clock() - begun)), hooks, about
            )


def _less(settings: FitSettings, seconds: float) -> FitSettings:
    """The settings, with a time limit that is so many seconds shorter."""
    if settings.time_limit is None:
        return settings
    return replace(settings, time_limit=max(settings.time_limit - seconds, _LEAST_SECONDS))


@dataclass(frozen=True)
class _About:
    """What a model records beside what was learned.

    Attributes:
        source: where the table came from.
        asked: the settings that were no defaults.
        group, time: the columns of groups and of times, or "".
        reading: how the text of the table was read.
        notes: what was said of the table.
    """

    source: str
    asked: tuple[str, ...]
    group: str
    time: str
    reading: Reading
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class OpenedFit:
    """A table that is open, and what was asked of it.

    Attributes:
        frame: the rows that count.
        descriptions: of its columns, for each target.
        several: whether there are several targets, or one in a list.
        dataset: what the rows are a sample of, where they are one.
    """

    frame: pl.DataFrame
    descriptions: Sequence[Description]
    several: bool
    settings: FitSettings
    about: _About
    dataset: DatasetRows | None = None

    def rows(self) -> TargetRows:
        """Those of the first target, as networks take them."""
        holds_out, about = self.settings.holds_out, self.about
        return target_rows(
            *(self.frame, self.descriptions[0], about.group, about.time),
            holds_out=holds_out,
            dataset=self.dataset,
        )

    def with_settings(self, settings: FitSettings) -> OpenedFit:
        """The same table, of which something else is asked."""
        names = {each.name for each in fields(FitSettings)}
        others = (line for line in self.about.asked if line.partition("=")[0] not in names)
        asked = (*others, *_asked(settings, {}))
        return replace(self, settings=settings, about=replace(self.about, asked=asked))

    def asked(self) -> dict[str, str]:
        """What decides the bits of the fit, in words."""
        asked = asked_of(self.frame, self.descriptions, self.settings, self.about.group, self.about.time)
        return asked if self.dataset is None else asked | self.dataset.asked


def opened_fit(given: Mapping[str, Any]) -> OpenedFit:
    """The table of ``fit``, whose arguments are given by name."""
    settings = FitSettings(**{each.name: given[each.name] for each in fields(FitSettings)})
    for option in ("progress", "described"):
        if given[option] is not None:
            called(option, given[option], "while fitting")
    data, target, row_weights, source = (given[n] for n in ("data", "target", "row_weights", "source"))
    task = choice("task", given["task"], TASKS)
    if source is None:
        source = os.path.abspath(data) if isinstance(data, str | os.PathLike) else type(data).__name__
    source = text("source", source)
    chosen = {option: checked_columns(option, given[option]) for option in ("drop", "category", "number")}
    group, time = (
        None if given[option] is None else checked_column(option, given[option])
        for option in ("group", "time")
    )
    reading = Reading(*(given[name] for name in _READING))
    wanted = wanted_kinds(chosen, target, task)
    roles = {"row_weights": row_weights, "group": group, "time": time}
    data, dataset = opened_dataset(data, target, reading, wanted, settings.seed, roles)
    table = opened_table(
        data, sheet=given["sheet"], reading=reading, wanted=wanted, keep_rows=given["keep_rows"]
    )
    frame, found = with_targets(table.frame, target)
    names = (found,) if isinstance(found, str) else found
    for name in names:
        groups = () if group is None else (group,)
        refuse_contradictions(task, name, {**chosen, "group": groups}, settings.idle)
        refuse_two_roles(name, roles)
    asked = _asked(settings, {"task": task, **chosen, **roles})
    reading, notes = table.reading, (*table.left_out, *table.notes, *table.unread)
    with counted_in(table.index):
        counted = counted_rows(frame, row_weights, group, table.index)
    del table
    if counted.height < frame.height:
        notes += (f"rows of weight 0, left out: {frame.height - counted.height:,}",)
    frame = counted
    del counted
    if time is not None:
        frame, untimed = timed_rows(frame, time)
        notes += (f'rows without a value of "{time}", left out: {untimed:,}',) if untimed else ()
    if dataset is not None and settings.class_weight is not None:
        raise DownslopeError(
            "class_weight is for rows in memory, and data is a dataset; leave it out, or name a column of "
            "weights: row_weights"
        )
    settings, shared = shared_settings(settings, frame.height, frame.width, streams=dataset is not None)
    notes += (shared,) if shared else ()
    descriptions = described_targets(frame, names, task, chosen, group)
    refuse_unsuitable(settings, [found.task for found in descriptions])
    if dataset is not None:
        descriptions, notes = (
            [dataset.described(found) for found in descriptions],
            (*notes, *dataset.left_out, *dataset.notes(descriptions[0])),
        )
    else:
        descriptions = [with_keys(frame, found, chosen["number"]) for found in descriptions]
    if given["described"] is not None:
        for description in descriptions:
            given["described"](replace(description, reading=str(reading), notes=notes))
    about = _About(source, asked, group or "", time or "", reading, notes)
    return OpenedFit(frame, descriptions, not isinstance(found, str), settings, about, dataset)


def table_descent(data: Any, target: str, **options: Any) -> tuple[dict[str, Any], Sequence[str]]:
    """All arguments of ``descend`` for the first network that ``fit`` trains, and the names of its inputs.

    Args:
        data, target: as of ``fit``, of one target.
        options: of ``fit``.

    Raises:
        DownslopeError: as of ``fit``.
    """
    usual = {name: each.default for name, each in signature(fit).parameters.items()}
    opened = opened_fit({**usual, **options, "data": data, "target": target})
    rows, settings = opened.rows(), opened.settings
    encoded = encoded_rows(rows, Folds(np.full(len(rows.x), -1)))
    if settings.layers_for(encoded.count):
        network = next(iter(networks_for(rows.encoder, rows.target, settings, encoded).values()))
    else:
        linear = linear_network(rows.encoder, rows.target, settings, encoded)
        network = replace(linear, l2=LINEAR_PENALTY)
    return descent_arguments(network, settings, rows.x, rows.y), rows.encoder.features


def _fitted_models(opened: OpenedFit, settings: FitSettings, hooks: FitHooks) -> Models:
    """The models of several targets, one after another; after Ctrl-C those that there are."""
    frame, descriptions, about = opened.frame, opened.descriptions, opened.about
    started, models = hooks.now(), list[Model]()
    try:
        for place, description in enumerate(descriptions):
            rows = target_rows(frame, description, about.group, about.time, holds_out=settings.holds_out)
            own = settings
            if settings.time_limit is not None:
                left = max(settings.time_limit - (hooks.now() - started), _LEAST_SECONDS)
                own = replace(settings, time_limit=left / (len(descriptions) - place))
            models.append(fitted_model(rows, description, own, hooks, about))
            if models[-1].record.interrupted:
                break
    except KeyboardInterrupt:
        if not models:
            raise
    except DownslopeError as error:
        raise DownslopeError(f'target "{description.target}": {error}') from None
    return Models(tuple(models), tuple(d.target for d in descriptions[len(models) :]))


def _asked(settings: FitSettings, others: Mapping[str, Any]) -> tuple[str, ...]:
    """What was asked for that is no default, as it is written in Python."""
    usual: dict[str, Any] = {"task": "auto", "drop": (), "category": (), "number": ()}
    usual |= {"row_weights": None, "group": None, "time": None}
    usual |= {field.name: field.default for field in fields(FitSettings)}
    given = {**others, **{field.name: getattr(settings, field.name) for field in fields(FitSettings)}}
    return tuple(
        f"{name}={show(value)}"
        for name, value in given.items()
        if not (isinstance(value, type(usual[name])) and value == usual[name])
    )


def fitted_model(
    rows: TargetRows,
    description: Description,
    settings: FitSettings,
    hooks: FitHooks,
    about: _About,
) -> Model:
    """The model of one target."""
    trained = train(rows, settings, replace(hooks, target=description.target))
    trained = with_decision(trained, settings)
    record = record_of(
        trained,
        description,
        source=about.source,
        asked=about.asked,
        group=about.group,
        notes=(*about.notes, *shuffled_as(trained, settings)),
        decided=decided(trained, settings.metric),
        metric=settings.metric,
    )
    kept = kept_rows(trained, settings.seed)
    return Model(
        trained.fitted.network,
        {n: np.asarray(v, np.float32) for n, v in trained.fitted.parameters.items()},
        trained.rows.encoder,
        trained.rows.target,
        replace(record, interrupted=record.interrupted or pending()),
        trained.intervals,
        about.reading,
        kept,
    )
