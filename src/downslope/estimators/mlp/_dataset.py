"""Datasets as what the multi-layer perceptrons are fitted to: read whole where they fit, else streamed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks import items, show
from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.estimators.mlp._rows import MLPValidationRows, poisson_offset
from downslope.nets import Network
from downslope.tables import Dataset, as_dataset, no_such_column
from downslope.training import ShuffledBatches, StepBlock
from downslope.training.rows import StreamedRows, held_out_of, rows_of_table, weighed

__all__ = ["NamedRows", "StreamedTable", "blocks_of", "dataset_of", "measured_rows", "named_rows"]


def dataset_of(x: Any) -> Dataset | None:
    """The dataset that inputs are, or name by a folder, a pattern or a file; None of arrays and tables."""
    if isinstance(x, str | os.PathLike) and os.path.isfile(x):
        return Dataset(x)
    return as_dataset(x)


@dataclass(frozen=True, eq=False)
class NamedRows:
    """A dataset with its inputs, its targets and its weights.

    Attributes:
        dataset: of these columns alone.
        inputs, targets: the names of their columns.
        weights: the name of the column of weights; None for all alike.
        several: whether the targets came in a list.
    """

    dataset: Dataset
    inputs: list[str]
    targets: list[str]
    weights: str | None
    several: bool

    @property
    def names(self) -> pl.DataFrame:
        """The inputs without rows."""
        return pl.DataFrame(schema={name: self.dataset.schema[name] for name in self.inputs})

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the inputs, as an array of them has it."""
        floats = all(self.dataset.schema[name] == pl.Float32 for name in self.inputs)
        return np.dtype(np.float32 if floats else np.float64)

    def whole(self) -> tuple[pl.DataFrame, NDArray[Any], NDArray[Any] | None]:
        """The inputs, the targets and the weights of all rows."""
        frame = self.dataset.whole()
        y = frame.select(self.targets).to_numpy() if self.several else _cells(frame[self.targets[0]])
        weights = None if self.weights is None else frame[self.weights].to_numpy()
        return frame.select(self.inputs), y, weights

    def measured(self) -> tuple[NDArray[Any], NDArray[Any] | None]:
        """The targets and the weights of all rows."""
        others = [*self.targets, *([] if self.weights is None else [self.weights])]
        return replace(self, dataset=self.dataset.select(others), inputs=[]).whole()[1:]

    def labels(self) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """The classes that the target has, in order, and how many rows each has; found in one pass."""
        (target,) = self.targets
        counts: dict[Any, int] = {}
        for frame in self.dataset.select(self.targets).frames():
            for label, rows in zip(*np.unique(_cells(frame[target]), return_counts=True), strict=True):
                counts[label] = counts.get(label, 0) + int(rows)
        found = np.array(sorted(counts))
        return found, np.array([counts[label] for label in found], np.int64)


def named_rows(dataset: Dataset, y: Any, sample_weight: Any) -> NamedRows:
    """The inputs, the targets and the weights of a dataset.

    Args:
        dataset: what is read.
        y: the name of the target's column, or the names of several.
        sample_weight: the name of the column of weights, or None.

    Raises:
        DownslopeError: if a name is none, or names no column; and for inputs that are no numbers.
    """
    targets = [y] if isinstance(y, str) else _names(y)
    if not isinstance(sample_weight, str | None):
        raise DownslopeError(
            f"sample_weight needs the name of a column where X is a dataset, not {show(sample_weight)}"
        )
    others = [*targets, *([] if sample_weight is None else [sample_weight])]
    for name in others:
        if name not in dataset.schema:
            raise no_such_column(name, list(dataset.schema))
        if others.count(name) > 1:
            raise DownslopeError(f'the column "{name}" is named twice among y and sample_weight')
    inputs = [name for name in dataset.schema if name not in others]
    for name in inputs:
        kind = dataset.schema[name]
        if not kind.is_numeric() and kind not in (pl.Boolean, pl.Null):
            raise DownslopeError(
                f'the column "{name}" holds {kind}, and a perceptron takes numbers: leave it out by '
                "ds.Dataset(…, columns=[…]), or take ds.TableRegressor or ds.TableClassifier"
            )
    if not inputs:
        raise DownslopeError(f"{dataset.name} has no column besides {', '.join(others)}")
    return NamedRows(dataset, inputs, targets, sample_weight, not isinstance(y, str))


def measured_rows(x: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
    """What a score is of: the inputs as given, and the targets and weights as arrays, also of a dataset."""
    dataset = dataset_of(x)
    if dataset is None:
        return x, y, sample_weight
    return dataset, *named_rows(dataset, y, sample_weight).measured()


def _names(y: Any) -> list[str]:
    found = items("y", y, "names of columns")
    if not found or not all(isinstance(name, str) for name in found):
        raise DownslopeError(f"y needs the name of a column where X is a dataset, not {show(y)}")
    return found


def _cells(column: pl.Series) -> NDArray[Any]:
    """The cells of a target, which has no gaps.

    Raises:
        DownslopeError: if it has any.
    """
    if column.null_count():
        raise DownslopeError(
            f'the target "{column.name}" has {column.null_count():,} gaps; leave those rows out'
        )
    if column.dtype in (pl.String, pl.Categorical, pl.Enum):
        return np.array(column.cast(pl.String).to_list())
    return column.to_numpy()


@dataclass(frozen=True, eq=False)
class _Labelled:
    """The rows of a dataset, whose target is the number of a class."""

    rows: NamedRows
    classes: NDArray[Any]

    @property
    def blocks(self) -> Sequence[Any]:
        return self.rows.dataset.blocks

    @property
    def schema(self) -> Mapping[str, Any]:
        return {**self.rows.dataset.schema, self.rows.targets[0]: pl.Int64()}

    @property
    def budget(self) -> int:
        return self.rows.dataset.budget

    @property
    def stamp(self) -> str:
        return self.rows.dataset.stamp

    def frame(self, block: Any) -> pl.DataFrame:
        frame, (target,) = self.rows.dataset.frame(block), self.rows.targets
        codes = np.searchsorted(self.classes, _cells(frame[target]))
        return frame.with_columns(pl.Series(target, codes.astype(np.int64)))


@dataclass(frozen=True, eq=False)
class StreamedTable:
    """What a perceptron is trained on where it does not fit into memory.

    Attributes:
        rows: its columns.
        classes: of the target, which has their numbers then; None of numbers and of several labels.
        class_weights: how much the rows of each class count, (classes,).
    """

    rows: NamedRows
    classes: NDArray[Any] | None = None
    class_weights: NDArray[np.float64] | None = None

    def parts(
        self,
        network: Network,
        dtype: np.dtype[Any],
        fraction: float | None,
        random: np.random.RandomState,
        *,
        relative: bool,
        known: bool,
    ) -> tuple[StreamedMLPRows, MLPValidationRows | None]:
        """The rows to train on, and a share that measures; ``known`` as of ``MLPArrays``."""
        named = self.rows
        table = named.dataset if self.classes is None else _Labelled(named, self.classes)
        target = named.targets if named.several else named.targets[0]
        rows = rows_of_table(network, table, target, dtype, named.weights)
        if self.class_weights is not None:
            rows = rows.with_rows(rows.counts, self._with_class_weights)
        if network.loss == "poisson":
            rows = rows.with_rows(rows.counts, _with_offset)
        validation = None
        if fraction is not None:
            rows, held = held_out_of(rows, fraction, int(random.randint(2**31)))
            y = held["y"].reshape(len(held["x"]), -1)
            if network.loss == "cross_entropy":
                assert self.classes is not None
                y = np.eye(len(self.classes), dtype=bool)[held["y"].astype(np.int64)]
            weights = None if named.weights is None and self.class_weights is None else held["row_weights"]
            validation = MLPValidationRows(held["x"], y, weights)
        if named.weights is not None or self.class_weights is not None:
            rows = weighed(rows, relative=relative and known)
        return StreamedMLPRows(rows, relative), validation

    def _with_class_weights(self, part: int, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        assert self.class_weights is not None
        own = self.class_weights[arrays["y"].astype(np.int64).ravel()]
        weights = arrays["row_weights"]
        return {**arrays, "row_weights": (weights * own).astype(weights.dtype)}


def _with_offset(part: int, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {**arrays, "offset": poisson_offset(arrays["y"])}


@dataclass(frozen=True, eq=False)
class StreamedMLPRows:
    """The rows of a dataset that does not fit into memory, as the stochastic solvers take them."""

    rows: StreamedRows
    relative: bool = False

    def __len__(self) -> int:
        return self.rows.rows

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of their numbers."""
        return self.rows.dtype

    @property
    def without_weight(self) -> NDArray[np.float64]:
        """The share of the rows that has none, (1,)."""
        return self.rows.without_weight

    @property
    def asked(self) -> dict[str, Any]:
        """What the files are, and the memory, which decides the order of the rows."""
        return dict(self.rows.asked)

    def batches(
        self, size: int, random: np.random.RandomState, before: int, *, shuffle: bool
    ) -> WindowBatches:
        """In windows, whose orders are those of a seed that is drawn."""
        if not shuffle:
            raise DownslopeError(
                "shuffle=False is of rows in memory: a dataset has an order of its own in each epoch; leave "
                "it out, or give ds.Dataset more memory"
            )
        return WindowBatches(ShuffledBatches(self.rows, size, int(random.randint(2**31))), before)


class WindowBatches:
    """The batches of a dataset: after some steps of earlier fits as from the first one on."""

    def __init__(self, batches: ShuffledBatches, before: int) -> None:
        self.size, self.steps_in_epoch = batches.size, batches.steps_in_epoch
        self._batches, self._before = batches, before

    @property
    def drawn(self) -> tuple[int, NDArray[np.int64]]:
        """Nothing: the order is a function of the seed and of the step."""
        return -1, np.empty(0, np.int64)

    def go_on(self, drawn: int, order: NDArray[np.int64]) -> None:
        """There is nothing to know."""

    def epoch(self, step: int) -> tuple[int, int]:
        """The first and the last step of the epoch that a step belongs to."""
        first, last = self._batches.epoch(step - self._before)
        return first + self._before, last + self._before

    def block(self, step: int, last: int) -> StepBlock:
        """The steps from ``step`` to ``last``, or to the end of the window."""
        return self._batches.block(step - self._before, last - self._before)

    def close(self) -> None:
        """Read nothing more ahead."""
        self._batches.close()


def blocks_of(dataset: Dataset, names: Sequence[str] | None) -> Iterator[Any]:
    """The inputs of a prediction a block at a time: by their names, or as arrays where there are none.

    Raises:
        DownslopeError: if a column lacks.
    """
    if names is None:
        yield from (frame.to_numpy() for frame in dataset.frames())
        return
    for name in names:
        if name not in dataset.schema:
            raise no_such_column(name, list(dataset.schema))
    yield from dataset.select(names).frames()
