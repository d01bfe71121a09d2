"""A fitted model: table in, predictions out."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope._checks import NOT_NEGATIVE, text, whole
from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
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
from downslope.fitting.ensemble import COVERAGES
from downslope.fitting.evaluation import Evaluation, LabelledRows, PredictedRows, baselines, labelled_rows
from downslope.fitting.model._predicting import Predicting
from downslope.fitting.record import LINEAR
from downslope.nets import Ensemble
from downslope.tables import as_frame, counted_in

__all__ = ["Model"]


@dataclass(frozen=True, repr=False)
class Model(Predicting):
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

    @property
    def linear_part(self) -> Model | None:
        """The linear model that is blended with networks; None where there is none, or nothing else."""
        group, others = self.record.groups[0], self.record.groups[1:]
        blended = group.share > 0 and any(other.share > 0 for other in others)
        if not isinstance(self.network, Ensemble) or group.name != LINEAR or not blended:
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
