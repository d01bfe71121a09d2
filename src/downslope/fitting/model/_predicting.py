"""How a fitted model reads tables, and what it predicts of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks import Interval, number
from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope._forks import cached_property
from downslope.errors import DownslopeError
from downslope.fitting.ensemble import IntervalNetworks, class_probabilities
from downslope.fitting.model._fitted import Fitted
from downslope.fitting.model._reading import read_as_fitted
from downslope.nets import Ensemble
from downslope.tables import (
    Dataset,
    Encoded,
    MatrixEncoder,
    NamedCellsEncoder,
    Reading,
    Table,
    as_dataset,
    counted_in,
)
from downslope.training import Predictor

__all__ = ["LEVEL", "Predicting"]

LEVEL = Interval(0, 1, open_low=True, open_high=True)


@dataclass(frozen=True, repr=False)
class Predicting(Fitted):
    """A model that reads tables, and predicts numbers, classes, probabilities and intervals."""

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

    def _inputs(self, data: Any) -> NDArray[Any]:
        """All rows as the network takes them; a matrix or a few dicts become no table on the way."""
        encoder = self._cells_encoder if isinstance(data, dict | list) else self._matrix_encoder
        encoded = None if encoder is None else encoder.encode(data)
        return self.encode(data).x if encoded is None else encoded

    @property
    def takes_matrices(self) -> bool:
        """Whether a matrix of plain numbers becomes inputs without a table on the way."""
        return self._matrix_encoder is not None

    @cached_property
    def _matrix_encoder(self) -> MatrixEncoder | None:
        return MatrixEncoder.of(self.encoder, [column.name for column in self.record.columns])

    @cached_property
    def _cells_encoder(self) -> NamedCellsEncoder | None:
        return NamedCellsEncoder.of(self.encoder, [column.name for column in self.record.columns])

    @cached_property
    def _predictor(self) -> Predictor:
        return Predictor(self.network, self.parameters)

    def predict(self, data: Any) -> NDArray[Any]:
        """Numbers in the target's units, or class names, (rows,).

        The class is the most probable one, unless the fit was given a ``metric`` that is served by another.

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
        chosen: NDArray[Any] = np.array(self.target.classes, dtype=object)[self.target.decided(outputs)]
        return chosen
