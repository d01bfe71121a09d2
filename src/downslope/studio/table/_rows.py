"""The rows of a table as numbers, as the session trains on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope._forks import cached_property
from downslope.errors import DownslopeError
from downslope.studio.table._choices import AUTO, RAW, STANDARD, Choices, Recipe
from downslope.studio.table._formulas import with_formulas
from downslope.studio.table._histograms import histogram
from downslope.studio.table._reading import Source
from downslope.tables import (
    Column,
    TableEncoder,
    Target,
    describe,
    raw_number,
    rows_with_target,
)

if TYPE_CHECKING:  # the first rows are there before what fits models is
    from downslope.fitting import Model

__all__ = ["EDITABLE", "Rows", "frame_of_arrays", "rows_of", "rows_of_model"]

EDITABLE = 5000
"""Rows of a table that can be changed cell by cell: a change encodes the whole table again."""

_FEW_ROWS = 20


@dataclass(frozen=True, eq=False)
class Rows:
    """A table and its rows as a network takes them.

    Attributes:
        name: of the table.
        frame: the cells, without columns of formulas, only rows that have a target.
        shown: the cells with columns of formulas.
        choices: what was taken; ``scaling`` is decided here.
        columns: of all but the targets: kind and reason.
        encoder, target: what makes numbers of cells: of the columns, and of the first target.
        x: (rows, features); y: (rows, outputs), or (rows,) for class numbers of three or more classes.
        left_out: rows without a target.
        task_reason: why regression or classification.
        source: what was decided when the table was read; None where it was no file.
        recipe: how a sample of the page was made; None of every other table.
        model: that the table is read and encoded for; None where the page fits its own.
    """

    name: str
    frame: pl.DataFrame
    shown: pl.DataFrame
    choices: Choices
    columns: tuple[Column, ...]
    encoder: TableEncoder
    target: Target
    x: NDArray[Any]
    y: NDArray[Any]
    left_out: int
    task_reason: str
    source: Source | None = None
    recipe: Recipe | None = None
    model: Model | None = None

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns of x."""
        return self.encoder.features

    @property
    def outputs(self) -> int:
        """How many outputs a network for these rows has."""
        return len(self.target.classes) if len(self.target.classes) > 2 else len(self.choices.targets)

    @cached_property
    def histograms(self) -> Mapping[str, Mapping[str, Any]]:
        """Each column at a glance."""
        return {name: histogram(self.shown[name]) for name in self.shown.columns}

    @property
    def editable(self) -> bool:
        """Whether cells can be changed one by one."""
        return self.frame.height <= EDITABLE


def frame_of_arrays(
    x: NDArray[Any],
    y: NDArray[Any],
    classes: tuple[str, ...] = (),
    inputs: Sequence[str] = (),
    targets: Sequence[str] = (),
) -> tuple[pl.DataFrame, Choices]:
    """Arrays as a table, taken as they are, in their dtype.

    Args:
        x, y: (rows, inputs), and (rows, outputs) or class numbers (rows,).
        classes: that the numbers of y stand for.
        inputs, targets: names of the columns; none given, they are x1, x2, … and y, or y1, y2, …
    """
    several = np.reshape(y, (len(x), -1))
    count = several.shape[1]
    inputs = tuple(inputs) or tuple(f"x{i + 1}" for i in range(x.shape[1]))
    targets = tuple(targets) or (("y",) if count == 1 else tuple(f"y{k + 1}" for k in range(count)))
    columns = {name: x[:, i] for i, name in enumerate(inputs)}
    outputs = {name: several[:, k] for k, name in enumerate(targets)}
    frame = pl.DataFrame({**columns, **{n: v.astype(int) if classes else v for n, v in outputs.items()}})
    task = "classification" if classes else "regression"
    return frame, Choices(targets, task, RAW, number=inputs, classes=classes)


def rows_of(frame: pl.DataFrame, choices: Choices, name: str) -> Rows:
    """The rows of a table as numbers.

    Raises:
        DownslopeError: where a column is not there, a formula cannot be computed, or nothing can be learned.
    """
    _check_targets(frame, choices)
    known, left_out = rows_with_target(frame, choices.targets[0])
    shown = with_formulas(known, choices.formulas, choices.targets)
    inputs = shown.drop(choices.targets[1:])
    present = set(inputs.columns) - {choices.targets[0]}
    about = describe(
        inputs,
        target=choices.targets[0],
        task="regression" if choices.classes else choices.task,
        drop=[name for name in choices.drop if name in present],
        category=[name for name in choices.category if name in present],
        number=[name for name in choices.number if name in present],
    )
    decided = replace(choices, scaling=_scaling(shown, about.columns, about.task, choices.scaling))
    raw = decided.scaling == RAW
    encoder = _raw_encoder(about.columns) if raw else TableEncoder.fit(inputs, about)
    task, reason = about.task, about.task_reason
    target = Target.fit(shown[choices.targets[0]], task)
    if choices.classes:
        task, reason = "classification", "the classes are given"
        target = Target(target.name, choices.classes)
    if raw and not target.classes:
        target = replace(target, mean=0.0, scale=1.0)
    x, y = _numbers(shown, decided, encoder, target)
    reason = f"{task}: {reason}"
    return Rows(name, known, shown, decided, about.columns, encoder, target, x, y, left_out, reason)


def _check_targets(frame: pl.DataFrame, choices: Choices) -> None:
    for name in choices.targets:
        if name not in frame.columns:
            raise DownslopeError(f'the table has no column "{name}"; choose the target among its columns')
        if len(choices.targets) > 1 and not frame[name].dtype.is_numeric():
            raise DownslopeError(
                f'"{name}" holds no numbers; if there are several target columns, all must hold numbers'
            )


def _scaling(frame: pl.DataFrame, columns: tuple[Column, ...], task: str, scaling: str) -> str:
    """Whether numbers are taken as they are or standardised."""
    plain = _plain_numbers(frame, columns, task)
    if scaling == AUTO:
        return RAW if plain and frame.height <= _FEW_ROWS else STANDARD
    if scaling == RAW and not plain:
        raise DownslopeError(
            "unscaled numbers need columns of numbers without gaps and a number as target; "
            'choose "Standardised" first'
        )
    return scaling


def rows_of_model(frame: pl.DataFrame, model: Model, name: str) -> Rows:
    """The rows of a table as a model takes them.

    Raises:
        DownslopeError: where a column that the model needs is not there.
    """
    name_of_target = model.target.name
    if name_of_target not in frame.columns:
        raise DownslopeError(f'the table has no column "{name_of_target}", which the model predicts; add it')
    known, left_out = rows_with_target(frame, name_of_target)
    columns = model.record.columns
    choices = Choices((name_of_target,), model.target.task, STANDARD)
    x, y = _numbers(known, choices, model.encoder, model.target)
    reason = model.record.task_reason
    parts = model.encoder, model.target, x, y
    return Rows(name, known, known, choices, columns, *parts, left_out, reason, model=model)


def _plain_numbers(frame: pl.DataFrame, columns: tuple[Column, ...], task: str) -> bool:
    used = [frame[c.name] for c in columns if c.used]
    return all(c.dtype.is_numeric() and not c.null_count() for c in used) and (
        task == "classification" or all(c.kind == "number" for c in columns if c.used)
    )


def _raw_encoder(columns: tuple[Column, ...]) -> TableEncoder:
    """The encoder that leaves numbers as they are."""
    return TableEncoder(tuple(raw_number(column.name) for column in columns if column.used))


def _numbers(
    frame: pl.DataFrame, choices: Choices, encoder: TableEncoder, target: Target
) -> tuple[NDArray[Any], NDArray[Any]]:
    """x and y; raw numbers are float64 unless all of x are float32 already, encoded ones are float32."""
    if choices.scaling == RAW:
        given = frame.select(encoder.features)
        short = all(dtype == pl.Float32 for dtype in given.dtypes)
        x = given.cast(pl.Float32 if short else pl.Float64).to_numpy()
    else:
        x = encoder.encode(frame).x
    if len(choices.targets) > 1:
        y = frame.select(pl.col(choices.targets).cast(pl.Float64)).to_numpy()
    elif choices.scaling == RAW and not target.classes:
        y = frame[target.name].cast(pl.Float64).to_numpy()
    else:
        y = target.encode(frame[target.name])
    if len(target.classes) <= 2:
        y = np.reshape(y, (len(x), -1))
    x, y = np.ascontiguousarray(x), np.ascontiguousarray(y, x.dtype)
    x.flags.writeable = y.flags.writeable = False
    return x, y
