"""What kind each column is, and why."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.tables._names import shown_value
from downslope.tables._plain import refuse_nested
from downslope.tables._row_numbers import RowError
from downslope.tables.text import (
    are_codes,
    are_dates,
    as_moments,
    common_order,
    day_or_month_first,
    level_text,
    numbers_in,
    seconds,
    too_long,
    without_gaps,
    worded,
)

__all__ = ["Column", "column_kind", "finite_numbers", "refuse_text"]

USED = ("number", "category", "yes-no", "date")
"""The kinds that a network is given; columns of any other kind are left out."""

_NINES = re.compile(r"-?99+")
_MOSTLY = 0.8
_FEW_LEVELS = 12
_KEY = re.compile(
    r"(?i:(^|[_. ])(id|idx|index|key|uuid|rownames?|rowid|row)$|^unnamed: 0(\.\d+)*$)|[a-z]I[dD]$"
)


@dataclass(frozen=True)
class Column:
    """A column and its kind.

    ``kind`` is number, category, yes-no or date, which are used, or identifier, text, constant, empty or
    dropped, which are left out. ``reason`` says in words what was seen.
    """

    name: str
    kind: str
    reason: str

    @property
    def used(self) -> bool:
        """Whether the network sees this column."""
        return self.kind in USED


def column_kind(column: pl.Series, *, number: bool = False, category: bool = False) -> Column:
    """The kind of one column, or the requested kind.

    Raises:
        DownslopeError: where a column of numbers holds an infinity, or text where it should hold numbers, and
            where the cells are lists or records.

    >>> column_kind(pl.Series("size", [1.5, 2.5, None]))
    Column(name='size', kind='number', reason='2 values from 1.5 to 2.5, 1 gap')
    """
    refuse_nested(column, f'leave it out by --drop "{column.name}", or give each of its values a column')
    if category:
        distinct, gaps = _distinct(level_text(column))
        return _category(distinct, "requested", gaps)
    if number:
        finite_numbers(column)
        return Column(column.name, "number", "requested")
    if column.null_count() == len(column):
        return Column(column.name, "empty", "no values")
    if column.dtype == pl.Boolean:
        return _two_levels(*_distinct(column))
    if column.dtype in (pl.Date, pl.Datetime):
        return _single(*_distinct(column)) or Column(
            column.name, "date", "dates" + _gaps(column.null_count())
        )
    if column.dtype.is_numeric() or column.dtype in (pl.Duration, pl.Time):
        return _number(column)
    if column.dtype in (pl.Categorical, pl.Enum):
        distinct, gaps = _distinct(column)
        return _single(distinct, gaps) or _category(distinct, "declared as categories", gaps)
    return _text(column)


def _gaps(gaps: int) -> str:
    return f", {gaps} gap{'s' * (gaps > 1)}" if gaps else ""


def _distinct(column: pl.Series) -> tuple[pl.Series, int]:
    """The distinct values of a column, and how many gaps it has."""
    return column.drop_nulls().unique(), column.null_count()


def _single(distinct: pl.Series, gaps: int) -> Column | None:
    """The kind of a column with one value, or None for one with several."""
    return None if len(distinct) > 1 else _one_value(distinct, gaps)


def _one_value(distinct: pl.Series, gaps: int) -> Column:
    value = shown_value(level_text(distinct)[0])
    if gaps:  # "yes" or nothing is a way of answering
        return Column(distinct.name, "category", f"{value} or a gap{_gaps(gaps)}")
    return Column(distinct.name, "constant", f"every value is {value}")


def _two_levels(distinct: pl.Series, gaps: int) -> Column:
    levels = sorted(level_text(distinct).to_list())
    reason = f"{levels[0]} or {levels[-1]}{_gaps(gaps)}"
    return _single(distinct, gaps) or Column(distinct.name, "yes-no", reason)


def _number(column: pl.Series) -> Column:
    if column.dtype.is_integer() and not column.null_count() and column.min() == column.max():
        return _one_value(column.head(1), 0)  # at once: tables have thousands of them
    values = finite_numbers(column)
    gaps = values.null_count()
    present = values.drop_nulls() if gaps else values
    low, high = present.to_numpy().min(), present.to_numpy().max()
    if low == high:
        return _one_value(present.head(1), gaps)
    levels = present.n_unique()
    keyed = _KEY.search(column.name) or (column.name == "column1" and _counts_up(present))
    if keyed and levels == len(column) > 2 and bool((present == present.round()).all()):
        why = "named as a key" if _KEY.search(column.name) else "without a name, and counts the rows"
        return Column(column.name, "identifier", f"a different whole number in every row, {why}")
    reason = f"{levels} values from {low:.6g} to {high:.6g}{_gaps(gaps)}{_code_of_gaps(present, low, high)}"
    return Column(column.name, "number", reason)


def _code_of_gaps(present: pl.Series, low: float, high: float) -> str:
    """What to say where the least or the largest number looks like a code for a gap.

    Such codes are all nines, stand in several rows, and are farther from all other numbers than those differ.

    >>> _code_of_gaps(pl.Series([4.5, -999.0, 21.0, -999.0]), -999.0, 21.0)
    '; -999 (2 times) may stand for a gap: empty such cells if so'
    """
    for code in (low, high):
        if not _NINES.fullmatch(f"{code:.6g}"):
            continue
        others = present.filter(present != code).to_numpy()
        times = len(present) - len(others)
        if times > 1 and abs(others - code).min() > others.max() - others.min() > 0:
            return f"; {code:.6g} ({times} times) may stand for a gap: empty such cells if so"
    return ""


def _counts_up(present: pl.Series) -> bool:
    return bool((present.diff().drop_nulls() > 0).all()) and present[0] in (0, 1)


def _text(column: pl.Series) -> Column:
    """The kind of text, mostly from its distinct cells, which are few where it holds categories."""
    counts = column.alias("cell").value_counts(name="rows")
    cells = without_gaps(counts["cell"])
    rows = int(counts["rows"].filter(cells.is_not_null()).sum())
    gaps = len(column) - rows
    if not rows:
        return Column(column.name, "empty", "no values")
    present = cells.drop_nulls().unique().alias(column.name)
    levels = len(present)
    if levels == 1:
        return _single(present, gaps) or _category(present, "text", gaps)
    if are_codes(present) and not _mostly_different(levels, rows):
        return _category(present, "codes with leading zeros", gaps)
    form = common_order(present) and common_order(without_gaps(column))  # which looks at the order too
    if form:
        return Column(column.name, "date", worded(form) + _gaps(gaps))
    share = _share_of_numbers(present)
    if share == 1:
        return _number(numbers_in(without_gaps(column)).alias(column.name))
    if levels == 2:
        return _two_levels(present, gaps)
    if share and levels > _FEW_LEVELS:
        text = without_gaps(column).alias(column.name)
        numbers = numbers_in(text)
        if (len(numbers) - numbers.null_count()) / rows >= _MOSTLY:
            raise _mixed(column, text, numbers)
    if levels > _FEW_LEVELS:
        _refuse_other_than_dates(column)
    if _mostly_different(levels, rows):
        return Column(column.name, _prose(present), f"{levels} different values in {rows} rows{_gaps(gaps)}")
    return _category(present, "text", gaps)


def _refuse_other_than_dates(column: pl.Series) -> None:
    """Refuse a column of dates with something else in some cells, which would be no column of dates."""
    text = without_gaps(column).alias(column.name)
    dates = are_dates(text)
    if dates.sum() < _MOSTLY * (len(text) - text.null_count()):
        return
    wrong = text.is_not_null() & as_moments(text, day_or_month_first(text)).is_null()
    if not wrong.any():
        return
    row = wrong.arg_true()[0]
    raise RowError(
        f'column "{column.name}" holds dates, but',
        row,
        f" holds {shown_value(text[row])} ({wrong.sum()} such cells); correct it or leave it empty, or use "
        f'--category "{column.name}" or --drop "{column.name}"',
    )


def _share_of_numbers(text: pl.Series) -> float:
    """The share of the cells that are numbers: none where ids of many digits would merge as numbers."""
    numbers = numbers_in(text)
    return 0.0 if too_long(numbers, text) else 1 - numbers.null_count() / len(text)


def _prose(present: pl.Series) -> str:
    """Whether cells that mostly differ are sentences or keys."""
    long = present.str.len_chars().mean()
    words = present.str.count_matches(" ").mean()
    return "text" if float(long or 0) > 30 or float(words or 0) >= 2 else "identifier"  # type: ignore[arg-type]


def _mostly_different(levels: int, rows: int) -> bool:
    """Whether too few rows share a value for anything to be learned from it."""
    return levels == rows >= 3 or (rows >= 30 and levels > rows / 2)


def _mixed(column: pl.Series, text: pl.Series, numbers: pl.Series) -> RowError:
    wrong = (numbers.is_null() & text.is_not_null()).arg_true()
    more = f" ({len(wrong)} such cells)" if len(wrong) > 1 else ""
    name, value = column.name, shown_value(text[wrong[0]])
    return RowError(
        f'column "{name}" holds numbers, but',
        wrong[0],
        f' holds {value}{more}; correct it, or use --category "{name}" for categories, or --number "{name}" '
        "to read such cells as gaps",
    )


def _category(distinct: pl.Series, reason: str, gaps: int) -> Column:
    return Column(distinct.name, "category", f"{reason}, {len(distinct)} levels{_gaps(gaps)}")


def finite_numbers(column: pl.Series) -> pl.Series:
    """The column as Float64, with null for gaps and for text; durations and times in seconds.

    Raises:
        DownslopeError: where it holds an infinity, or dates.
    """
    if column.dtype in (pl.Date, pl.Datetime):
        raise DownslopeError(
            f'column "{column.name}" holds dates where numbers belong; give it as numbers, such as days '
            "since a start"
        )
    values = _as_numbers(column).alias(column.name)
    cells = values.to_numpy()  # NumPy looks at thousands of short columns in no time
    infinite = np.flatnonzero(np.isinf(cells))
    if len(infinite):
        more = f" ({len(infinite)} in all)" if len(infinite) > 1 else ""
        raise RowError(
            f'column "{column.name}" holds an infinity in',
            int(infinite[0]),
            f"{more}; put a number there, or leave the cell empty",
        )
    return values if np.count_nonzero(np.isnan(cells)) == values.null_count() else values.fill_nan(None)


def refuse_text(column: pl.Series) -> None:
    """Refuse text in a column that held numbers, which ``finite_numbers`` would take for gaps.

    Raises:
        DownslopeError: it names the column and the row.

    >>> refuse_text(pl.Series("size", ["1.5", "NA"]))
    """
    if column.dtype not in (pl.String, pl.Categorical, pl.Enum):
        return
    text = without_gaps(column)
    wrong = (numbers_in(text).is_null() & text.is_not_null()).arg_true()
    if len(wrong):
        raise RowError(
            f'column "{column.name}" held numbers in training, but',
            wrong[0],
            f" holds {shown_value(text[wrong[0]])}; put a number there, or leave the cell empty",
        )


def _as_numbers(column: pl.Series) -> pl.Series:
    kinds: tuple[tuple[bool, Callable[[], pl.Series]], ...] = (
        (column.dtype in (pl.Duration, pl.Time), lambda: seconds(column)),
        (column.dtype in (pl.String, pl.Categorical, pl.Enum), lambda: numbers_in(without_gaps(column))),
    )
    for fits, convert in kinds:
        if fits:
            return convert()
    return column.cast(pl.Float64, strict=False)
