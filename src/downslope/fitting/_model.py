"""A fitted model: table in, predictions out."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope._checks import NOT_NEGATIVE, Interval, number, text, whole
from downslope._extras import polars as pl
from downslope._files import SavedFile
from downslope._forks import cached_property
from downslope.errors import DownslopeError
from downslope.fitting._agreement import check_intervals_agree, check_model_agrees
from downslope.fitting._descent import descent_arguments, settings_asked
from downslope.fitting._importance import REPEATS, Importance, importance
from downslope.fitting._learning import learned, with_further_rows
from downslope.fitting._scores import LINEAR_MODEL, NETWORK
from downslope.fitting.contributions import (
    Contributions,
    PartialDependence,
    contributions,
    partial_dependence,
)
from downslope.fitting.ensemble import COVERAGES, QUANTILES, IntervalNetworks, class_probabilities
from downslope.fitting.evaluation import Evaluation, LabelledRows, PredictedRows, baselines, labelled_rows
from downslope.fitting.record import LINEAR, Record, Summary, summary_html, summary_of
from downslope.interchange import ModelFile, model_of, write_model_file
from downslope.nets import AnyNetwork, Ensemble, Network
from downslope.tables import (
    Dataset,
    Encoded,
    MatrixEncoder,
    NamedCellsEncoder,
    Reading,
    Table,
    TableEncoder,
    Target,
    as_dataset,
    as_frame,
    counted_in,
    open_table,
)
from downslope.training import History, Predictor

__all__ = ["LEVEL", "Model", "read_as_fitted", "read_model"]

LEVEL = Interval(0, 1, open_low=True, open_high=True)


@dataclass(frozen=True)
class Model:
    """Networks with everything that takes them from a table to predictions in the target's own terms.

    Attributes:
        network, parameters: one network, or several side by side, and the values of their parameters, which
            are read-only.
        encoder: of the columns.
        target: its classes, or its centre and scale.
        record: how the model was fitted, with its scores.
        intervals: the networks of prediction intervals; None for classes and for few rows.
        reading: how the text of the fitted table was read; later tables are read in the same way.
        held_out: at most 2000 rows of the fitted table, their targets and what networks that were not trained
            on them predict; None where no rows were held out, and in files of before they were kept.
    """

    network: AnyNetwork
    parameters: Mapping[str, NDArray[Any]]
    encoder: TableEncoder
    target: Target
    record: Record
    intervals: IntervalNetworks | None = None
    reading: Reading = field(default_factory=Reading)
    held_out: PredictedRows | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", {n: _read_only(v) for n, v in self.parameters.items()})

    @property
    def summary(self) -> Summary:
        """What was used: networks, layers, columns with their encoders, scores. ``print`` it."""
        return summary_of(self.network, self.encoder, self.target, self.record)

    @property
    def history(self) -> History:
        """The errors of each epoch of each group: ``group``, ``epoch``, ``loss``, ``validation_loss``.

        They are as the loss has them; ``validation_loss`` is NaN where there were no such rows. Epochs of the
        linear group are iterations. Groups that have no share in the prediction are there too.
        """
        groups = self.record.groups
        lengths = [len(group.train_errors) for group in groups]
        validation = [
            [*group.validation_errors, *[np.nan] * length][:length]
            for group, length in zip(groups, lengths, strict=True)
        ]
        return History(
            {
                "group": np.repeat([group.name for group in groups], lengths),
                "epoch": np.concatenate([np.arange(1, length + 1) for length in lengths]),
                "loss": np.concatenate([np.array(group.train_errors, float) for group in groups]),
                "validation_loss": np.concatenate([np.array(errors, float) for errors in validation]),
            }
        )

    def __repr__(self) -> str:
        return f"<Model of {self.target.name!r}: {self.summary.line}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: the layers, the curves of the errors, the scores and the columns."""
        return summary_html(self.summary, "Model", f"of {self.target.name!r}: {self.summary.line}")

    def frame(self, data: Any) -> pl.DataFrame:
        """A table as a frame with the columns of the fitted one, read as that was.

        Raises:
            DownslopeError: as of ``encode``.
        """
        table = self.read(data)
        self._encoded(table)
        return table.frame

    def _encoded(self, table: Table) -> Encoded:
        with counted_in(table.index):
            return self.encoder.encode(table.frame)

    def encode(self, data: Any) -> Encoded:
        """All rows of a table as the network takes them, with counts of gaps, unseen levels, out of range.

        Raises:
            DownslopeError: if a needed column is not there; it is named.
        """
        return self._encoded(self.read(data, keep_rows=True))

    def _inputs(self, data: Any) -> NDArray[Any]:
        """All rows as the network takes them; a matrix or a few dicts become no table on the way."""
        encoder = self._cells_encoder if isinstance(data, dict | list) else self._matrix_encoder
        encoded = None if encoder is None else encoder.encode(data)
        return self.encode(data).x if encoded is None else encoded

    @cached_property
    def _matrix_encoder(self) -> MatrixEncoder | None:
        return MatrixEncoder.of(self.encoder, [column.name for column in self.record.columns])

    @cached_property
    def _cells_encoder(self) -> NamedCellsEncoder | None:
        return NamedCellsEncoder.of(self.encoder, [column.name for column in self.record.columns])

    @cached_property
    def _predictor(self) -> Predictor:
        return Predictor(self.network, self.parameters)

    def read(
        self,
        data: Any,
        *,
        sheet: str | None = None,
        reading: Reading | None = None,
        keep_rows: bool = False,
    ) -> Table:
        """A table with its text read as that of the fitted table, unless a reading says otherwise.

        Rows of a file are left out that repeat the header, hold units or notes, or sum up others, unless
        ``keep_rows`` is true. Cells that are not what their column held are gaps. Warnings say which.
        Whatever takes a table takes what this returns.
        """
        return read_as_fitted((self,), data, sheet, reading, keep_rows)

    @property
    def needed_columns(self) -> dict[str, str]:
        """What each column that the model needs is: ``"number"``, ``"date"``, ``"time"`` or ``"level"``."""
        return {part.name: part.wanted for part in self.encoder.encodings}

    def predict(self, data: Any) -> NDArray[Any]:
        """Numbers in the target's units, or class names, (rows,).

        Args:
            data: a path, a frame (Polars, pandas, PyArrow), a dict of columns, one row (a dict, a named
                tuple, a Series of pandas), a list of rows, or a matrix with the columns of the fitted table.
                Other columns are ignored. Of a ``ds.Dataset``, a folder or a pattern rows are read a block
                at a time.

        Raises:
            DownslopeError: if a needed column is not there; it is named.

        >>> from downslope import fit
        >>> rows = {"size": [50, 60, 80, 100, 120], "price": [100.5, 120.5, 160.5, 200.5, 240.5]}
        >>> model = fit(rows, target="price")
        >>> model.predict({"size": 90}).round(1), model.predict([{"size": 90}, {"size": 70}]).round(1)
        (array([180.5]), array([180.5, 140.5]))
        """
        rows = as_dataset(data)
        if rows is not None:
            return np.concatenate([self.predict(frame) for frame in self._as_fitted(rows).frames()])
        return self.predict_encoded(self._inputs(data))

    def predict_proba(self, data: Any) -> NDArray[np.float64]:
        """The probability of each class, (rows, classes), in the order of ``target.classes``.

        Args:
            data: as for ``predict``.

        Raises:
            DownslopeError: if the target is a number, or a needed column is not there.
        """
        if not self.target.classes:
            raise DownslopeError(f'"{self.target.name}" is a number and has no probabilities; use predict')
        rows = as_dataset(data)
        if rows is not None:
            return np.concatenate([self.predict_proba(frame) for frame in self._as_fitted(rows).frames()])
        return self.outputs(self._inputs(data))

    def _as_fitted(self, rows: Dataset) -> Dataset:
        """A dataset with its text read as that of the fitted table."""
        text = self.needed_columns if any(kind == pl.String for kind in rows.schema.values()) else {}
        return rows.reading(self.reading, text) if text or rows.is_text else rows

    def predict_interval(self, data: Any, level: float = 0.9) -> NDArray[np.float64]:
        """Where the target lies with a probability of ``level``: lower and upper ends, (rows, 2).

        An interval of a higher level holds those of lower levels.

        Args:
            data: as for ``predict``.
            level: above 0 and below 1.

        Raises:
            DownslopeError: if the target is a class, the level is none, or the model was fitted to too few
                rows to hold any out.
        """
        return self.intervals_encoded(self._inputs(data), [level])[0]

    def intervals_encoded(self, x: NDArray[Any], levels: Sequence[float]) -> list[NDArray[np.float64]]:
        """As ``predict_interval``, for encoded inputs and several levels at once."""
        levels = [number("level", level, LEVEL) for level in levels]
        found = self._interval_networks().intervals(x, self._numbers(x), levels)
        return [self.target.numbers(ends) for ends in found]

    def _interval_networks(self) -> IntervalNetworks:
        """What predicts intervals; raises DownslopeError where there is nothing, and says why."""
        if self.target.classes:
            raise DownslopeError(f'"{self.target.name}" is a class and has no intervals; use predict_proba')
        if self.record.imported:
            raise DownslopeError(
                f"the model was fitted elsewhere, as {self.record.imported}, and intervals are learned from "
                "rows that were held out; fit one to the table with ds.fit"
            )
        if self.intervals is None:
            raise DownslopeError(
                f"intervals are learned from held-out rows, and {self.record.rows} rows were too few to hold "
                "any out, or training was interrupted, or the held-out rows are of one group; fit to 50 rows "
                "or more, with several members"
            )
        return self.intervals

    def _numbers(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """What is predicted of a number as the loss takes it, (rows,)."""
        raw = self._predictor(x).astype(np.float64)[:, 0]
        # a mean of targets is never beyond them
        return self.target.clipped(raw) if isinstance(self.network, Ensemble) else raw

    def outputs(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """Numbers (rows,) or probabilities (rows, classes) for encoded inputs."""
        if not self.target.classes:
            return self.target.numbers(self._numbers(x))
        raw = self._predictor(x)
        return class_probabilities(self.network, raw)

    def predict_encoded(self, x: NDArray[Any]) -> NDArray[Any]:
        """Numbers or class names, (rows,), for encoded inputs."""
        outputs = self.outputs(x)
        if not self.target.classes:
            return outputs
        chosen: NDArray[Any] = np.array(self.target.classes, dtype=object)[outputs.argmax(axis=1)]
        return chosen

    def contributions(
        self,
        data: Any,
        background: Any = None,
        *,
        of_class: Any = None,
        log_odds: bool = False,
        samples: int | None = None,
        seed: int = 0,
    ) -> Contributions:
        """What each column adds to the prediction of each row, in units of the target.

        Shapley values of the whole model: the sum over the columns is prediction − average, where the average
        is the mean prediction over the background (Lundberg and Lee 2017). They are exact for up to 10
        columns that differ from the background.

        Args:
            data: the rows to explain, as for ``predict``.
            background: the rows that they are compared with, such as those that the model was fitted to; of
                more than 100, 100 evenly spaced in the order of their predictions. None for ``data`` itself.
            of_class: the class whose probability is explained; None for the most probable one of each row.
            log_odds: whether the log-odds of that class are explained, and not its probability.
            samples: pairs of a random order of the columns and its reverse, for each row of the background,
                at least 2; the more, the smaller the standard error. None for exact values where there are
                at most 10 columns, and for 2 pairs elsewhere.
            seed: of the random orders.

        Raises:
            DownslopeError: if a needed column is not there, there is no such class, or the background is a
                single row.

        >>> from downslope import fit
        >>> rows = {"size": [50, 60, 80, 100, 120], "price": [100.5, 120.5, 160.5, 200.5, 240.5]}
        >>> model = fit(rows, target="price")
        >>> found = model.contributions({"size": 90}, rows)
        >>> found.averages.round(1), found.values.round(1), found.predictions.round(1), found.slopes.round(1)
        (array([164.5]), array([[16.]]), array([180.5]), array([[2.]]))
        """
        frame = self.frame(data)
        known = frame if background is None else self.frame(background)
        asked: dict[str, Any] = {"of_class": of_class, "log_odds": log_odds, "samples": samples, "seed": seed}
        return contributions(self, frame, known, **asked)

    def importance(self, table: Any, *, repeats: int = REPEATS, seed: int = 0) -> Importance:
        """How much the error grows when the values of a column are shuffled over the rows.

        The mean absolute error, in units of the target, or the log loss. Of two columns with the same
        information, each may look unimportant. On the rows that the model was fitted to, columns which it has
        merely memorised look important too.

        Args:
            table: rows with the target, as for ``predict``; of more than 2000, 2000 random ones.
            repeats: how often each column is shuffled.
            seed: of the shuffles.

        Raises:
            DownslopeError: if a needed column or the target is not there, or fewer than 2 rows have one.

        >>> from downslope import fit
        >>> rows = {"size": [50, 60, 80, 100, 120], "age": [9, 4, 6, 1, 5], "price": [50.5, 60, 80, 100, 120]}
        >>> fit(rows, target="price").importance(rows).columns
        ('size', 'age')
        """
        return importance(self, self.labelled(table), repeats=repeats, seed=seed)

    def partial_dependence(
        self,
        table: Any,
        columns: Any,
        *,
        points: int | None = None,
        of_class: Any = None,
        log_odds: bool = False,
    ) -> PartialDependence:
        """The mean prediction over rows in all of which a column, or two, have the same value.

        For one value after another (Friedman 2001), with the share of the rows that are near each: where
        there are none, no row can confirm the prediction.

        Args:
            table: rows, as for ``predict``; the mean is over at most 2000 of them, and over fewer for more
                than 50 places, so that there are at most 100,000 predictions.
            columns: the name of a column, or of two.
            points: how many values of each at most: 20 for one column, 10 for two. Of more numbers, evenly
                spaced ones from the 5th to the 95th percentile; of more levels, the most frequent ones.
            of_class: the class whose probability is taken; None for the most probable one on average.
            log_odds: whether the log-odds of that class are taken, and not its probability.

        Raises:
            DownslopeError: if the model does not use a column, or there is no such class.

        >>> from downslope import fit
        >>> rows = {"size": [50, 60, 80, 100, 120], "price": [100.5, 120.5, 160.5, 200.5, 240.5]}
        >>> found = fit(rows, target="price").partial_dependence(rows, "size", points=3)
        >>> found.axes[0].numbers, found.values.round(1), found.density
        ((52.0, 84.0, 116.0), array([104.5, 168.5, 232.5]), array([0.4, 0.2, 0.4]))
        """
        asked: dict[str, Any] = {"points": points, "of_class": of_class, "log_odds": log_odds}
        return partial_dependence(self, self.frame(table), columns, **asked)

    def member(self, index: int) -> tuple[Network, Mapping[str, NDArray[Any]]]:
        """One of the networks that the model consists of, and its parameters; -1 is the last.

        Raises:
            DownslopeError: if there are fewer.
        """
        networks = self.network.networks if isinstance(self.network, Ensemble) else [self.network]
        index = whole("index", index, Interval(-len(networks), len(networks) - 1))
        if not isinstance(self.network, Ensemble):
            return self.network, self.parameters
        place = index % len(networks)
        return networks[place], self.network.of_member(place, self.parameters)

    @property
    def linear_part(self) -> Model | None:
        """The linear model that is blended with networks; None where there is none, or nothing else."""
        group = self.record.groups[0]
        if not isinstance(self.network, Ensemble) or group.name != LINEAR or not 0 < group.share < 1:
            return None
        network = Ensemble(self.network.networks[: group.members])
        return replace(
            self, network=network, parameters={n: self.parameters[n] for n in network.graph().parameters}
        )

    def evaluate(
        self,
        data: Any,
        target: Any = None,
        *,
        row_weights: ArrayLike | str | None = None,
        worst: int = 5,
        source: str | None = None,
    ) -> Evaluation:
        """How good the predictions of rows are, beside those of the baselines and of the linear model.

        Args:
            data: as for ``predict``, with the target.
            target: the values of the target, (rows,); None where they are a column of ``data``.
            row_weights: how much each row counts, (rows,), or the name of the column that holds it; only
                their ratios matter.
            worst: how many of the rows that are farthest off to name.
            source: the path that the table was read from; where ``data`` is a path, that is known.

        Raises:
            DownslopeError: if a needed column or the target is not there, no row has a target, or one has a
                class that the model does not know.

        >>> from downslope import fit
        >>> rows = {"size": [50, 60, 80, 100, 120], "price": [100.5, 120.5, 160.5, 200.5, 240.5]}
        >>> model = fit(rows, target="price")
        >>> later = model.evaluate({"size": [70, 90, 110], "price": [140.5, 181.5, 220.5]})
        >>> later
        <Evaluation of 'price': regression, 3 rows, R² 0.99... ± 0.000...>
        >>> print(later.score("mean_absolute_error"), later.worst[0].index)
        0.3... ± 0.3... 1
        """
        rows = self.labelled(data, target, row_weights)
        worst = whole("worst", worst, NOT_NEGATIVE)
        predicted, notes = self.predicted_rows(rows)
        return predicted.evaluation(self.target, worst, (*notes, *self.flattered(data, source)))

    def predicted_rows(self, rows: LabelledRows) -> tuple[PredictedRows, tuple[str, ...]]:
        """What the model, its linear part and the baselines predict of rows, and what was noticed."""
        with counted_in(rows.index):
            encoded = self.encoder.encode(rows.frame)
        outputs = baselines(self.record.constants, self.target, rows)
        if self.linear_part is not None:
            outputs[LINEAR_MODEL] = self.linear_part.outputs(encoded.x)
        outputs[NETWORK] = self.outputs(encoded.x)
        intervals = {}
        if self.intervals is not None:
            found = self.intervals_encoded(encoded.x, COVERAGES)
            intervals = dict(zip(COVERAGES, found, strict=True))
        return PredictedRows(rows, outputs, intervals), encoded.notes

    def labelled(
        self, data: Any, target: Any = None, row_weights: ArrayLike | str | None = None
    ) -> LabelledRows:
        """The rows of a table that have a target; arguments and errors as of ``evaluate``."""
        table, shape = self.read(data), np.shape(target)
        if target is None:
            return labelled_rows(table.frame, self.target, row_weights, table.index)
        rows = table.frame.height
        if shape not in ((rows,), (rows, 1)):
            raise DownslopeError(
                f"target needs a value for each of {rows} rows, not an array of shape {shape}"
            )
        frame = table.frame.with_columns(as_frame({self.target.name: np.ravel(target)}))
        return labelled_rows(frame, self.target, row_weights, table.index)

    def flattered(self, data: Any, source: str | None) -> tuple[str, ...]:
        """A warning where the rows are those that the model was fitted to; arguments as of ``evaluate``."""
        source = None if source is None else text("source", source)
        if isinstance(data, str | os.PathLike):
            source = os.fsdecode(data)
        if (
            source is None
            or not Path(source).exists()
            or Path(source).resolve() != Path(self.record.source).resolve()
        ):
            return ()
        return ("The model was fitted to this file: the scores are better than on rows it has not seen.",)

    def encoded_targets(self, frame: pl.DataFrame) -> NDArray[np.float32]:
        """The targets of rows as the network's loss takes them, (rows,)."""
        if self.target.name not in frame.columns:
            raise DownslopeError(f'the table lacks the target "{self.target.name}"')
        return self.target.encode(frame[self.target.name])

    def descent_arguments(self, data: Any, target: Any = None) -> dict[str, Any]:
        """All arguments of ``descend`` that train the largest network of this model on some rows.

        The settings are those of the fit; a fifth of the rows is held out. ``ds.doctor`` examines this
        descent. That of a model that was fitted elsewhere starts where it stands.

        Args:
            data: as for ``predict``, with the target.
            target: the values of the target, (rows,); None where they are a column of ``data``.

        Raises:
            DownslopeError: if a needed column or the target is not there, or no row has a target.
        """
        rows = self.labelled(data, target)
        with counted_in(rows.index):
            x = self.encoder.encode(rows.frame).x
        settings = settings_asked(self.record.asked)
        found = descent_arguments(self.network, settings, x, self.encoded_targets(rows.frame))
        return {**found, "start": self.parameters} if self.record.imported else found

    def learn(
        self,
        data: Any,
        target: Any = None,
        *,
        epochs: int = 1,
        learning_rate: float | None = None,
        seed: int = 0,
    ) -> Model:
        """A model that has learned further rows: the same networks go on from where they stand.

        Encoders, levels and classes stay as they are: a level that the fit did not know counts as unknown.
        The scores stay those of the fit; what was predicted of the rows before they were learned is scored in
        ``record.notes``. Of the fit itself nothing is trained again, so that rows of another kind displace
        what was learned.

        Args:
            data: as for ``predict``, with the target. Of a ``ds.Dataset`` the frames, one after another:
                ``for frame in rows.frames(): model = model.learn(frame)``.
            target: the values of the target, (rows,); None where they are a column of ``data``.
            epochs: over these rows.
            learning_rate: constant; None for a quarter of the peak of the fit.
            seed: of the batches and of dropout.

        Raises:
            DownslopeError: if a needed column or the target is not there, no row has a target, one has a
                class that the model does not know, or the learning rate is too large.

        >>> from downslope import fit
        >>> rows = {"size": [50, 60, 80, 100, 120], "price": [100.5, 120.5, 160.5, 200.5, 240.5]}
        >>> model = fit(rows, target="price").learn({"size": [140, 160], "price": [280.5, 320.5]})
        >>> model.record.rows
        7
        """
        rows = self.labelled(data, target)
        with counted_in(rows.index):
            encoded = self.encoder.encode(rows.frame)
        y = self.encoded_targets(rows.frame)
        after = learned(
            self.network,
            self.parameters,
            settings_asked(self.record.asked),
            encoded.x,
            y,
            epochs=epochs,
            learning_rate=learning_rate,
            seed=seed,
        )
        record = with_further_rows(self.record, self.target, y, self.outputs(encoded.x), encoded)
        return replace(self, parameters=after, record=record)

    @property
    def input_names(self) -> Sequence[str]:
        """What each input of the network stands for, (inputs,)."""
        return self.encoder.features

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one file, whole or not at all; ``ds.load`` reads it.

        Args:
            path: where; a file that is there is replaced. ``.downslope`` is the usual ending.

        Raises:
            DownslopeError: if it cannot be written there.
        """
        write_model_file(path, self.file())

    def file(self) -> ModelFile:
        """What a file holds of the model."""
        about: dict[str, Any] = {
            "encoder": self.encoder.to_json(),
            "target": self.target.to_json(),
            "record": self.record.to_json(),
            "reading": self.reading.to_json(),
        }
        intervals = self.intervals
        if intervals is not None:
            about["widening"] = list(intervals.widening)
        further = None if intervals is None else (intervals.network, intervals.parameters)
        held_out = None if self.held_out is None else self.held_out.arrays()
        return ModelFile(self.network, self.parameters, about, further, held_out)


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    """A view through which nothing can be changed."""
    view = array.view()
    view.flags.writeable = False
    return view


def read_as_fitted(
    models: Sequence[Model],
    data: Any,
    sheet: str | None = None,
    reading: Reading | None = None,
    keep_rows: bool = False,
) -> Table:
    """A table for models that were fitted to the same one, read as that was.

    A column that is a number for one model and no number for another is text as it was written, from which
    each takes what it needs.
    """
    data = _whole(data)
    first, wanted = models[0], dict[str, str]()
    for model in models:
        for name, kind in model.needed_columns.items():
            wanted[name] = kind if wanted.get(name, kind) == kind else "level"
    targets = {model.target.name: "level" if model.target.classes else "number" for model in models}
    columns = None
    if isinstance(data, np.ndarray | list | tuple):  # a matrix has the columns of the fitted table
        columns = [c.name for c in first.record.columns]
    table = open_table(
        data,
        columns,
        sheet=sheet,
        reading=reading,
        before=first.reading,
        wanted=targets | wanted,
        needed=tuple(wanted),
        keep_rows=keep_rows,
    )
    for note in (*table.left_out, *table.unread):
        warnings.warn(note, stacklevel=5)
    return table


def _whole(data: Any) -> Any:
    """The rows of a dataset at once, where they fit into its memory; what is none as it is."""
    dataset = as_dataset(data)
    if dataset is None:
        return data
    if dataset.bytes > dataset.budget:
        raise DownslopeError(
            f"{dataset.name} is larger than its memory of {dataset.budget:,} bytes, and this needs all rows "
            "at once: take some of its blocks, such as next(dataset.frames())"
        )
    return dataset.whole()


def read_model(file: SavedFile) -> Model:
    """The model of a file of one.

    Raises:
        DownslopeError: if the file is damaged.
    """
    content = model_of(file)
    with file.reading():
        dtype = np.result_type(np.float32, *content.parameters.values()).name
        encoder = TableEncoder.from_json(content.about.get("encoder"), dtype)
        target = Target.from_json(content.about.get("target"))
        record = Record.from_json(content.about.get("record") or {})
        check_model_agrees(content.network, encoder, target, record)
        intervals = _intervals(content, encoder)
        reading = Reading.from_json(content.about.get("reading"))
        held_out = None
        if content.held_out is not None:
            held_out = PredictedRows.from_arrays(content.held_out, target, COVERAGES)
        return Model(
            content.network, content.parameters, encoder, target, record, intervals, reading, held_out
        )


def _intervals(file: ModelFile, encoder: TableEncoder) -> IntervalNetworks | None:
    if file.intervals is None:
        return None
    network, parameters = file.intervals
    try:
        widening = tuple(map(float, file.about["widening"]))
    except (TypeError, ValueError, KeyError) as error:
        raise DownslopeError(f"the widening of intervals is damaged: {error!r}") from None
    if len(widening) != len(COVERAGES) or not np.isfinite(widening).all():
        raise DownslopeError("the widening of intervals is damaged")
    check_intervals_agree(network, encoder, len(QUANTILES))
    return IntervalNetworks(network, parameters, widening)
