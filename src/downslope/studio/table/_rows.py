"""The reader's table as the session trains on it: what was chosen of it, and its rows as numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.tables import (
    Column,
    Numeric,
    TableEncoder,
    Target,
    describe,
    rows_with_target,
)

if TYPE_CHECKING:  # the first rows are there before what fits models is
    from downslope.fitting import Model

__all__ = [
    "Choices",
    "Rows",
    "edited",
    "frame_of_arrays",
    "rows_of",
    "rows_of_model",
]

RAW, STANDARD, AUTO = "raw", "standard", "auto"
_FEW_ROWS = 20
_BARS = 12
_EDITABLE = 5000
_LONGEST = 400  # characters of a formula


@dataclass(frozen=True)
class Choices:
    """What is taken of a table.

    Attributes:
        targets: the columns to predict, one or more; more than one are all numbers.
        task: ``"auto"``, ``"regression"`` or ``"classification"``.
        scaling: ``"raw"`` takes numbers as they are, ``"standard"`` centres and scales them, ``"auto"``
            takes a few rows of plain numbers raw.
        drop, category, number: columns to leave out, or to take as categories or as numbers.
        formulas: further columns as expressions of others, such as ``x1*x2``.
        classes: the classes in their order, where they are known beforehand and need not all be there.
    """

    targets: tuple[str, ...]
    task: str = "auto"
    scaling: str = AUTO
    drop: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    number: tuple[str, ...] = ()
    formulas: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Rows:
    """A table and its rows as a network takes them.

    Attributes:
        name: of the table.
        frame: the cells, without columns of formulas, only rows that have a target.
        shown: the cells with columns of formulas.
        choices: what was taken; ``scaling`` is decided here.
        columns: of all but the targets: kind and reason.
        encoder, goal: what makes numbers of cells; the goal of the first target.
        x: (rows, features); y: (rows, outputs), or (rows,) for class numbers of three or more classes.
        left_out: rows without a target.
        task_reason: why regression or classification.
    """

    name: str
    frame: pl.DataFrame
    shown: pl.DataFrame
    choices: Choices
    columns: tuple[Column, ...]
    encoder: TableEncoder
    goal: Target
    x: NDArray[Any]
    y: NDArray[Any]
    left_out: int
    task_reason: str

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns of x."""
        return self.encoder.features

    @property
    def outputs(self) -> int:
        """How many outputs a network for these rows has."""
        return len(self.goal.classes) if len(self.goal.classes) > 2 else len(self.choices.targets)

    @cached_property
    def glances(self) -> Mapping[str, Mapping[str, Any]]:
        """Each column at a glance."""
        return {name: _histogram(self.shown[name]) for name in self.shown.columns}

    @property
    def editable(self) -> bool:
        """Whether cells can be changed one by one: a change encodes the whole table again."""
        return self.frame.height <= _EDITABLE


def frame_of_arrays(
    x: NDArray[Any], y: NDArray[Any], classes: tuple[str, ...] = ()
) -> tuple[pl.DataFrame, Choices]:
    """Arrays as a table with the columns x1, x2, … and y, or y1, y2, …, taken as they are, in their dtype."""
    several = np.reshape(y, (len(x), -1))
    targets = ("y",) if several.shape[1] == 1 else tuple(f"y{k + 1}" for k in range(several.shape[1]))
    inputs = {f"x{i + 1}": x[:, i] for i in range(x.shape[1])}
    outputs = {name: several[:, k] for k, name in enumerate(targets)}
    frame = pl.DataFrame({**inputs, **{n: v.astype(int) if classes else v for n, v in outputs.items()}})
    task = "classification" if classes else "regression"
    return frame, Choices(targets, task, RAW, number=tuple(inputs), classes=classes)


def rows_of(frame: pl.DataFrame, choices: Choices, name: str) -> Rows:
    """The rows of a table as numbers.

    Raises:
        DownslopeError: where a column is not there, a formula cannot be computed, or nothing can be learned.
    """
    for target in choices.targets:
        if target not in frame.columns:
            raise DownslopeError(f'the table has no column "{target}"; choose the target among its columns')
    for target in choices.targets if len(choices.targets) > 1 else ():
        if not frame[target].dtype.is_numeric():
            raise DownslopeError(f'"{target}" holds no numbers; several columns to predict all hold numbers')
    known, left_out = rows_with_target(frame, choices.targets[0])
    shown = _with_formulas(known, choices.formulas, choices.targets)
    others = list(choices.targets[1:])
    inputs = shown.drop(others)
    there = set(inputs.columns) - {choices.targets[0]}
    about = describe(
        inputs,
        target=choices.targets[0],
        task="regression" if choices.classes else choices.task,
        drop=[n for n in choices.drop if n in there],
        category=[n for n in choices.category if n in there],
        number=[n for n in choices.number if n in there],
    )
    plain = _plain_numbers(shown, about.columns, about.task)
    scaling = choices.scaling
    if scaling == AUTO:
        scaling = RAW if plain and shown.height <= _FEW_ROWS else STANDARD
    if scaling == RAW and not plain:
        raise DownslopeError(
            "numbers as they are need columns of numbers without gaps and a number as target; "
            'choose "centred and scaled" first'
        )
    raw = scaling == RAW
    encoder = _raw_encoder(shown, about.columns) if raw else TableEncoder.fit(inputs, about)
    task, reason = about.task, about.task_reason
    goal = Target.fit(shown[choices.targets[0]], task)
    if choices.classes:
        task, reason = "classification", "the classes are given"
        goal = Target(goal.name, choices.classes)
    if raw and not goal.classes:
        goal = replace(goal, mean=0.0, scale=1.0)
    decided = replace(choices, scaling=scaling)
    x, y = _numbers(shown, decided, encoder, goal)
    return Rows(
        name,
        known,
        shown,
        decided,
        about.columns,
        encoder,
        goal,
        x,
        y,
        left_out,
        f"{task}: {reason}",
    )


def rows_of_model(frame: pl.DataFrame, model: Model, name: str) -> Rows:
    """The rows of a table as a model takes them.

    Raises:
        DownslopeError: where a column that the model needs is not there.
    """
    target = model.target.name
    if target not in frame.columns:
        raise DownslopeError(f'the table has no column "{target}", which the model predicts; add it')
    known, left_out = rows_with_target(frame, target)
    columns = model.record.columns
    choices = Choices((target,), model.target.task, STANDARD)
    x, y = _numbers(known, choices, model.encoder, model.target)
    reason = model.record.task_reason
    return Rows(name, known, known, choices, columns, model.encoder, model.target, x, y, left_out, reason)


def _with_formulas(frame: pl.DataFrame, formulas: tuple[str, ...], targets: tuple[str, ...]) -> pl.DataFrame:
    for formula in formulas:
        _refuse_queries(formula, frame.columns)
        try:
            expression = pl.sql_expr(_as_sql(formula))
            made = frame.select(expression.alias(formula)).to_series()
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, TypeError) as error:
            reason = str(error).strip().split("\n")[0][:120]
            raise DownslopeError(
                f'the formula "{formula}" cannot be computed: {reason}; write it as x1*x2, '
                "pow(x1, 2) or sin(x1), with names of columns that hold spaces in double quotes"
            ) from None
        told = set(targets).intersection(expression.meta.root_names())
        if told:
            raise DownslopeError(
                f'the formula "{formula}" holds "{min(told)}", which is to be predicted: it would tell the '
                "answer; take it away"
            )
        if len(made) != frame.height or (not made.dtype.is_numeric() and made.dtype != pl.Boolean):
            raise DownslopeError(
                f'the formula "{formula}" gives no number for each row; use names of columns'
            )
        values = made.cast(pl.Float64)
        wrong = (~values.is_finite()).fill_null(False).arg_true()
        if len(wrong):
            raise DownslopeError(f'the formula "{formula}" is not finite in row {wrong[0] + 1}; change it')
        frame = frame.with_columns(values.alias(formula))
    return frame


def _refuse_queries(formula: str, columns: list[str]) -> None:
    """A query within a formula would read files, and a very long formula keeps Polars busy for minutes."""
    if len(formula) > _LONGEST:
        raise DownslopeError(f"a formula has at most {_LONGEST} characters, not {len(formula):,}")
    unnamed = formula
    for name in columns:
        unnamed = unnamed.replace(f'"{name}"', "x")
    if found := re.search(r"\b(select|from|table|values|with)\b", unnamed, re.IGNORECASE):
        raise DownslopeError(
            f'"{found[0]}" begins a query, and a formula is an expression of columns; '
            "a column of that name stands in double quotes"
        )


def _as_sql(formula: str) -> str:
    """x^2 and x**2 as SQL writes them, where base and exponent are a name or a number each."""
    return re.sub(r'("[^"]+"|[\w.]+)\s*(?:\^|\*\*)\s*([\w.]+)', r"pow(\1, \2)", formula)


def _plain_numbers(frame: pl.DataFrame, columns: tuple[Column, ...], task: str) -> bool:
    used = [frame[c.name] for c in columns if c.used]
    return all(c.dtype.is_numeric() and not c.null_count() for c in used) and (
        task == "classification" or all(c.kind == "number" for c in columns if c.used)
    )


def _raw_encoder(frame: pl.DataFrame, columns: tuple[Column, ...]) -> TableEncoder:
    """The encoder that leaves numbers as they are."""
    parts = []
    for column in columns:
        if column.used:
            values = frame[column.name].cast(pl.Float64)
            low, high = float(values.min()), float(values.max())  # type: ignore[arg-type]
            parts.append(Numeric(column.name, 0.0, 1.0, low, high, False, False))
    return TableEncoder(tuple(parts))


def _numbers(
    frame: pl.DataFrame, choices: Choices, encoder: TableEncoder, goal: Target
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
    elif choices.scaling == RAW and not goal.classes:
        y = frame[goal.name].cast(pl.Float64).to_numpy()
    else:
        y = goal.encode(frame[goal.name])
    if len(goal.classes) <= 2:
        y = np.reshape(y, (len(x), -1))
    return np.ascontiguousarray(x), np.ascontiguousarray(y, x.dtype)


def edited(rows: Rows, row: int, column: str, text: str) -> pl.DataFrame:
    """The table with one cell changed.

    Raises:
        DownslopeError: if there is no such cell, or the column cannot hold the text.
    """
    if not rows.editable:
        raise DownslopeError(f"cells of tables up to {_EDITABLE:,} rows can be changed; this one has more")
    if column not in rows.frame.columns or not 0 <= row < rows.frame.height:
        raise DownslopeError(f'there is no cell in row {row + 1} of "{column}" that can be changed')
    cells = rows.frame[column]
    value: Any = text.strip() or None
    if cells.dtype.is_numeric() and value is not None:
        try:
            value = float(value)
        except ValueError:
            raise DownslopeError(f'"{column}" holds numbers, and {text!r} is none') from None
        if not np.isfinite(value):
            raise DownslopeError(f'"{column}" holds finite numbers, not {text!r}')
        if not cells.dtype.is_float():
            cells = cells.cast(pl.Float64)
    changed = cells.to_list()
    changed[row] = value
    try:
        return rows.frame.with_columns(pl.Series(column, changed, cells.dtype))
    except (TypeError, pl.exceptions.PolarsError):
        raise DownslopeError(f'"{column}" holds {cells.dtype}, and {text!r} is none') from None


def _histogram(column: pl.Series) -> Mapping[str, Any]:
    """A column at a glance: counts in equal bins of its numbers, or of its most frequent levels."""
    cells = column.drop_nulls()
    if not len(cells):
        return {"counts": [], "labels": []}
    if cells.dtype.is_numeric() and cells.n_unique() > _BARS:
        counts, edges = np.histogram(cells.cast(pl.Float64).to_numpy(), bins=_BARS)
        return {"counts": counts.tolist(), "low": float(edges[0]), "high": float(edges[-1])}
    levels = (
        cells.cast(pl.String, strict=False).alias("level").value_counts(sort=True, name="rows").head(_BARS)
    )
    return {"counts": levels["rows"].to_list(), "labels": levels["level"].to_list()}
