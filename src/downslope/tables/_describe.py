"""A table described: the kind of each column, the target, and the task."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from downslope._checks import choice
from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.tables._columns import Column, column_kind, finite_numbers
from downslope.tables._names import no_such_column, shown_value
from downslope.tables._plain import refuse_nested
from downslope.tables._row_numbers import RowError, counted_in
from downslope.tables.text import level_text, numbers_in, without_gaps

__all__ = ["TASKS", "Description", "describe", "rows_with_target"]

TASKS = ("auto", "regression", "classification")


@dataclass(frozen=True)
class Description:
    """What a table holds.

    Attributes:
        columns: every column but the target, with its kind and the reason.
        target: the name of the target.
        task: ``"regression"`` or ``"classification"``.
        task_reason: in words, why.
        rows: the number of rows with a target.
        gap_rows: the number of rows without one, which are left out.
        reading: how the text of the table was read, in words.
        notes: what there is to say about single cells.
    """

    columns: tuple[Column, ...]
    target: str
    task: str
    task_reason: str
    rows: int
    gap_rows: int
    reading: str = ""
    notes: tuple[str, ...] = ()


def describe(
    frame: pl.DataFrame,
    *,
    target: str,
    task: str = "auto",
    drop: Collection[str] = (),
    category: Collection[str] = (),
    number: Collection[str] = (),
    roles: Mapping[str, str] = {},
    decided: Mapping[str, Column] = {},
) -> Description:
    """Decide the kind of each column, and from the target the task.

    Args:
        frame: the table, from ``read_table`` or ``as_frame``.
        target: the column to predict.
        task: ``"regression"``, ``"classification"`` or ``"auto"``: text and few whole numbers are classes.
        drop, category, number: columns to leave out, or to take as categories or as numbers.
        roles: what columns that are left out are for, by name.
        decided: columns by their names as they were described for another target of which no row had a gap;
            they are not described again where this one has none either.

    Raises:
        DownslopeError: where a named column does not exist, or nothing can be learned from what there is.

    >>> columns = {"size": [1.0, 2.0, 3.5], "colour": ["red", "blue", "red"], "price": [1.5, 2.0, 9.0]}
    >>> frame = pl.DataFrame(columns)
    >>> about = describe(frame, target="price")
    >>> [(c.name, c.kind) for c in about.columns], about.task
    ([('size', 'number'), ('colour', 'yes-no')], 'regression')
    """
    drop, category, number = (_several(names) for names in (drop, category, number))
    for name in (target, *drop, *category, *number):
        if name not in frame.columns:
            raise no_such_column(name, frame.columns)
    if target in drop:
        raise DownslopeError(f'the target "{target}" cannot be left out; remove it from the columns to drop')
    refuse_nested(frame[target], "give one number or one class for each row as the target")
    present = _have_target(frame[target])
    known, left_out = frame.filter(present), frame.height - int(present.sum())
    if known.height < 2:
        raise DownslopeError(
            f'there is {known.height or "no"} row with a value of "{target}"; a network needs at least 2 rows'
        )
    decided = {} if left_out else decided
    with counted_in(present.arg_true().to_numpy()):
        chosen, reason = _task(known[target], task, as_number=target in number, as_class=target in category)
        columns = tuple(
            Column(name, "dropped", roles.get(name, "requested"))
            if name in drop or name in roles
            else decided.get(name)
            or column_kind(known[name], number=name in number, category=name in category)
            for name in known.columns
            if name != target
        )
    if not any(c.used for c in columns):
        kinds = "; ".join(f"{c.name}: {c.kind}, {c.reason}" for c in columns[:6])
        raise DownslopeError(
            f'no column besides "{target}" can be used ({kinds or "there is none"}); add one, or use '
            "--category or --number for one of these"
        )
    return Description(columns, target, chosen, reason, known.height, left_out)


def _several(names: Collection[str]) -> Collection[str]:
    """A single name as a list of one."""
    return (names,) if isinstance(names, str) else names


def rows_with_target(
    frame: pl.DataFrame, target: str, classes: Sequence[str] = ()
) -> tuple[pl.DataFrame, int]:
    """The rows that have a target, and how many have none; a class is no gap, whatever it is called."""
    present = _have_target(frame[target], classes)
    known = frame.filter(present)
    return known, frame.height - known.height


def _have_target(column: pl.Series, classes: Sequence[str] = ()) -> pl.Series:
    """Which cells of a target are no gaps."""
    present = (without_gaps(column) if column.dtype == pl.String else column).is_not_null()
    if column.dtype == pl.String and classes:
        present = present | column.str.strip_chars().is_in(list(classes)).fill_null(False)
    if column.dtype.is_float():
        present = present & column.is_not_nan().fill_null(False)
    return present


def _task(column: pl.Series, asked: str, *, as_number: bool, as_class: bool) -> tuple[str, str]:
    asked = choice("task", asked, TASKS)
    if as_number or as_class:
        asked = "regression" if as_number else "classification"
    found, reason = _natural_task(column, refuse=asked == "auto")
    if asked != "auto":
        found, reason = asked, "requested"
    if found == "regression":
        _check_numbers(column)
    else:
        _check_classes(column)
    return found, reason


def _natural_task(column: pl.Series, *, refuse: bool) -> tuple[str, str]:
    name = column.name
    if column.dtype in (pl.Date, pl.Datetime):
        raise DownslopeError(
            f'the target "{name}" holds dates; give it as a number, such as days since a start'
        )
    if column.dtype == pl.Boolean or column.dtype in (pl.Categorical, pl.Enum):
        return "classification", f"{column.n_unique()} classes"
    if column.dtype == pl.String:
        numbers = numbers_in(without_gaps(column))
        if numbers.null_count():
            _refuse_mixture(column, numbers, refuse=refuse)
            return "classification", f"the target is text with {column.n_unique()} classes"
        column = numbers.alias(name)
    values = finite_numbers(column)
    if not bool((values == values.round()).all()):
        return "regression", "the target holds numbers with fractions"
    levels = values.n_unique()
    if levels == 2:
        return "classification", "the target holds two whole numbers"
    low, high = int(values.min()), int(values.max())  # type: ignore[arg-type]
    if levels <= 10 and high - low + 1 == levels and len(values) >= 10 * levels:
        return "classification", f"the target holds the whole numbers from {low} to {high}"
    return "regression", f"the target holds {levels} different whole numbers"


def _refuse_mixture(column: pl.Series, numbers: pl.Series, *, refuse: bool) -> None:
    share = 1 - numbers.null_count() / len(numbers)
    if refuse and share >= 0.8 and column.n_unique() > 12:
        row = numbers.is_null().arg_true()[0]
        raise RowError(
            f'the target "{column.name}" holds numbers, but',
            row,
            f" holds {shown_value(column[row])} ({numbers.null_count()} such cells); correct them, or use "
            "--task regression to omit them",
        )


def _check_numbers(column: pl.Series) -> None:
    values = finite_numbers(column).drop_nulls()
    if not len(values):
        raise DownslopeError(f'the target "{column.name}" holds no numbers; use --task classification')
    if values.n_unique() < 2:
        raise DownslopeError(
            f'every value of the target "{column.name}" is {values[0]:.6g}: there is nothing to learn; '
            "give rows that differ"
        )


def _check_classes(column: pl.Series) -> None:
    counts = level_text(column).value_counts(sort=True)
    classes, rows = counts.height, len(column)
    if classes < 2:
        raise DownslopeError(
            f'the target "{column.name}" has the single class {shown_value(counts[column.name][0])}; '
            "give rows of at least two classes"
        )
    if classes > 2 and classes > rows / 2:
        raise DownslopeError(
            f'the target "{column.name}" has {classes} classes in {rows} rows, too few rows for each; '
            f"{_way_out(column)}"
        )


def _way_out(column: pl.Series) -> str:
    """What helps a target with too many classes."""
    numbers = column.dtype.is_numeric()
    if column.dtype == pl.String:
        cells = without_gaps(column)
        numbers = numbers_in(cells).null_count() < len(cells) - 1
    return (
        "give more rows of each, or use --task regression"
        if numbers
        else "group them, or give more rows of each"
    )
