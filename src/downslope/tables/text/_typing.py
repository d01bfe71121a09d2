"""Columns of text as what they hold: one notation for the whole table, found from all its columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope._forks import cached_property
from downslope.errors import DownslopeError
from downslope.tables._names import listed, shown_value
from downslope.tables.text._cells import TRUTHS, has_leading_zeros, without_gaps
from downslope.tables.text._dates import (
    DAY_FIRST,
    MONTH_FIRST,
    are_ambiguous,
    are_clock_times,
    are_dates,
    clock_seconds,
    day_order,
    in_format,
    moments,
)
from downslope.tables.text._notation import Reading
from downslope.tables.text._numbers import Votes, decimal_votes, numbers_by
from downslope.tables.text._plain_numbers import plain_numbers, too_long

__all__ = ["Typed", "typed"]

_SAMPLE = 1000
_SHOWN = 3
_EXACT = float(2**53)
_DAY = 86_400.0


@dataclass(frozen=True)
class Typed:
    """A table with numbers as numbers and dates as dates.

    Attributes:
        frame: text only where a column holds neither.
        reading: what was given, and what was found.
        notes: what a reader has to know about cells that could be read in two ways.
        unread: which cells are not what their column is wanted as, and count as gaps.
        questions: what cannot be decided, with what to do.
    """

    frame: pl.DataFrame
    reading: Reading
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


def typed(
    frame: pl.DataFrame,
    reading: Reading | None = None,
    wanted: Mapping[str, str] | None = None,
    index: NDArray[np.int64] | None = None,
) -> Typed:
    """The columns of text of a table as numbers, dates and clock times, where all their cells are such.

    Args:
        frame: columns of other types are left as they are.
        reading: what is known of the notation; what it leaves open is decided from all columns.
        wanted: for the names of some columns ``"number"``, ``"date"`` or ``"time"``, which they become
            with gaps where a cell is no such thing, or ``"level"``, which leaves the text as it is written.
        index: the places of the rows in the table that messages count in, (rows,).

    >>> found = typed(pl.DataFrame({"sales": ["1.299", "850"], "price": ["10,50", "11,75"]}))
    >>> found.frame.rows(), str(found.reading)
    ([(1299, 10.5), (850, 11.75)], 'decimal comma, points between thousands')
    """
    reading, wanted = reading or Reading(), wanted or {}
    text = [c for c in frame if c.dtype == pl.String]
    open_ones = [c for c in text if wanted.get(c.name) != "level"]
    plain = plain_numbers(pl.DataFrame(open_ones))
    columns = [_Column.of(c, wanted.get(c.name), plain.get(c.name), index) for c in open_ones]
    reading, notes = _with_decimal(reading, columns)
    reading, questions = _with_dates(reading, columns)
    changed = [c for c in text if wanted.get(c.name) == "level"]
    for column in columns:
        changed.append(column.typed(reading))
        notes += column.notes
    for place, series in enumerate(changed):
        if series.dtype == pl.String:
            changed[place], said = _with_one_spelling(series)
            notes += said
    reading = _with_thousands(reading, columns)
    units = dict(reading.units) | {c.name: c.unit for c in columns if c.unit}
    reading = replace(reading, units=tuple(units.items()))
    unread = tuple(column.unread for column in columns if column.unread)
    return Typed(frame.with_columns(changed), reading, tuple(notes), unread, tuple(questions))


@dataclass
class _Column:
    """A column of text, and what a first look at it has found.

    ``plain`` are its numbers where all cells are such in the notation of computers; ``text`` else its cells
    without gaps; ``sample`` some of those; ``index`` the places of the rows in the table.
    """

    written: pl.Series
    wanted: str | None
    plain: pl.Series | None
    text: pl.Series
    index: NDArray[np.int64] | None = None
    numeric: bool = False
    unit: str = ""
    notes: tuple[str, ...] = ()
    unread: str = ""

    @classmethod
    def of(
        cls,
        written: pl.Series,
        wanted: str | None,
        plain: pl.Series | None,
        index: NDArray[np.int64] | None,
    ) -> _Column:
        text = written if plain is not None else without_gaps(written)
        if plain is None and text.null_count() != written.null_count():
            plain = plain_numbers(text.to_frame()).get(text.name)
        return cls(written, wanted, plain, text, index)

    @cached_property
    def sample(self) -> pl.Series:
        text = self.text if self.plain is None else self.text.head(20 * _SAMPLE)
        present = text.drop_nulls()
        return present.gather_every(max(1, len(present) // _SAMPLE))

    @property
    def name(self) -> str:
        return self.written.name

    @property
    def marked(self) -> bool:
        """Whether it seems to hold numbers that are not in the notation of computers."""
        return self.plain is None and bool(self.sample.str.contains(r"\d").any()) and not self.dated

    @property
    def dated(self) -> bool:
        return self.plain is None and len(self.sample) > 0 and bool(are_dates(self.sample).all())

    def votes(self) -> Votes:
        """The votes of all cells, if some of them already say something."""
        if self.wanted == "number":
            return decimal_votes(self.text, least=0)
        some = decimal_votes(self.sample)
        if some.point or some.comma or not some.either + some.bare:  # each cell is looked at when it is read
            return some
        return decimal_votes(self.text)

    def order_counts(self) -> tuple[int, int, int]:
        """How many dates have the day first, the month first, or either; of all if some do not decide."""
        some = day_order(self.sample)
        return some if some[0] or some[1] else day_order(self.text)

    def typed(self, reading: Reading) -> pl.Series:
        """The column as what it holds; text where it is neither numbers nor dates nor times."""
        if self.wanted == "date":
            return self._with_gaps(moments(self.text, reading.dates), "dates")
        if self.wanted == "number" and (unit := dict(reading.units).get(self.name)):
            return self._in_unit(unit, self._decimal(reading))
        if self.wanted == "time":
            seconds = self._with_gaps(clock_seconds(self.text), "clock times")
            return seconds if seconds.dtype == pl.String else _clock(seconds)
        if (dates := self._dates(reading)) is not None:
            return dates
        decimal = self._decimal(reading)
        if self.plain is not None and (decimal != "," or self.plain.dtype == pl.Int64):
            return self.plain
        if self.text.null_count() == len(self.text):
            return self.text
        if self.wanted is None and has_leading_zeros(self.text):
            return self.text
        for read in (self._numbers(decimal or "."), self._times()):
            if read is not None:
                return read
        if self.wanted == "number":
            return self._with_gaps(numbers_by(self.text, decimal or ".").values, "numbers")
        return self.text

    def _decimal(self, reading: Reading) -> str | None:
        return _other(reading.decimal) if self.name in reading.exchanged else reading.decimal

    def _in_unit(self, unit: str, decimal: str | None) -> pl.Series:
        """The numbers with the unit of an earlier table or with none; gaps where there is another."""
        has = self.text.str.contains(unit, literal=True).fill_null(False)
        bare = self.text.str.replace(unit, "", literal=True).str.strip_chars()
        found = numbers_by(bare, decimal or ".")
        values = found.values if not found.unit else found.values.set(found.values.is_not_null(), None)
        if unit == "%":
            values = values.zip_with(~has, values / 100)
        if found.unit and values.null_count() == len(values):
            first = int(self.text.is_not_null().arg_true()[0])
            raise DownslopeError(
                f'column "{self.name}" held numbers with {unit} in training, but row '
                f"{self._row(first)} holds {shown_value(self.text[first])}; give them in that unit"
            )
        read = self._with_gaps(values, f"numbers with {unit}")
        if (
            unit == "%"
            and not self.unread
            and not has.all()
            and len(without := self.text.filter(~has).drop_nulls())
        ):
            self.unread = (
                f'column "{self.name}": its numbers were percentages in training, and '
                f"{shown_value(without[0])} has no %; such numbers are read as shares, 0.05 for 5%"
            )
        return read

    def _numbers(self, decimal: str) -> pl.Series | None:
        if self.wanted is None and not (
            self.sample.str.contains(r"\d|(?i)^[+-]?inf").all() and numbers_by(self.sample, decimal).complete
        ):
            return None
        numbers = numbers_by(self.text, decimal)
        if not numbers.complete or (self.wanted is None and too_long(numbers.values, self.text)):
            return None
        self.numeric, self.unit = True, numbers.unit
        if numbers.unit == "%":
            self.notes = (f'column "{self.name}": percentages are read as shares, 5% as 0.05',)
        return numbers.values.cast(pl.Int64) if numbers.whole and _fits(numbers.values) else numbers.values

    def _dates(self, reading: Reading) -> pl.Series | None:
        form = reading.dates
        if form in (None, DAY_FIRST, MONTH_FIRST):
            if not self.dated:
                return None
        elif not len(self.sample) or in_format(self.sample, str(form)).null_count():
            return None
        read = moments(self.text, form or _order(self.text))
        if read.null_count() != self.text.null_count():
            return None
        days = read.drop_nulls()
        return read.cast(pl.Date) if (days.dt.truncate("1d") == days).all() else read

    def _times(self) -> pl.Series | None:
        if not are_clock_times(self.sample).all():
            return None
        seconds = clock_seconds(self.text)
        return None if seconds.null_count() != self.text.null_count() else _clock(seconds)

    def _row(self, place: int) -> int:
        """The number that a row has in the table that messages count in."""
        return int(place if self.index is None else self.index[place]) + 1

    def _with_gaps(self, values: pl.Series, what: str) -> pl.Series:
        """Values with gaps where a cell is something else, which is said; the text where all cells are."""
        wrong = (values.is_null() & self.text.is_not_null()).arg_true()
        if values.null_count() == len(values) and len(wrong):
            return self.text
        if len(wrong):
            firsts = wrong.filter(self.text[wrong].is_first_distinct())[:_SHOWN]
            rows = firsts.to_numpy() if self.index is None else self.index[firsts.to_numpy()]
            seen = listed(
                [
                    f"{shown_value(self.text[at])} in row {row + 1}"
                    for at, row in zip(firsts, rows, strict=True)
                ]
            )
            several = f"{len(wrong):,} cells are no {what} and count as gaps, such as {seen}"
            said = several if len(wrong) > 1 else f"{seen} is none of its {what} and counts as a gap"
            self.unread = f'column "{self.name}": {said}'
        return values.alias(self.name)


def _fits(values: pl.Series) -> bool:
    return bool((values.drop_nulls().abs() < _EXACT).all())


def _other(decimal: str | None) -> str:
    return "." if decimal == "," else ","


def _with_decimal(reading: Reading, columns: Iterable[_Column]) -> tuple[Reading, list[str]]:
    """The decimal mark, by the cells that are numbers with one mark alone."""
    if reading.decimal is not None:
        return reading, []
    floats = [c for c in columns if c.plain is not None and c.plain.dtype == pl.Float64]
    marked = [c for c in columns if c.marked]
    if not marked and reading.delimiter != ";":
        certain = any(decimal_votes(c.sample).point for c in floats)
        return (replace(reading, decimal=".") if certain else reading), []
    votes = {c.name: c.votes() for c in [*marked, *floats]}
    point, comma = (sum(getattr(v, mark) for v in votes.values()) for mark in ("point", "comma"))
    if not point and not comma:
        return _by_habit(reading, votes)
    decimal, own, other = (",", "comma", "point") if comma > point else (".", "point", "comma")
    exchanged = tuple(n for n, v in votes.items() if getattr(v, other) and not getattr(v, own))
    return replace(reading, decimal=decimal, exchanged=exchanged), []


def _by_habit(reading: Reading, votes: Mapping[str, Votes]) -> tuple[Reading, list[str]]:
    """The decimal mark where each number could be read with either: what is usual, which is said."""
    open_ones = {name: v for name, v in votes.items() if v.either}
    if not open_ones:
        return reading, []
    name, vote = next(iter(open_ones.items()))
    comma = "," in vote.example
    grouped = comma and (reading.delimiter == "," or any(v.bare for v in open_ones.values()))
    decimal = "," if comma and not grouped else "."
    read = numbers_by(pl.Series([vote.example]), decimal).values[0]
    note = f'column "{name}": {vote.example} is read as {read:g}; where it is not, use --decimal'
    return replace(reading, decimal=decimal), [f"{note} {_other(decimal)}"]


def _with_dates(reading: Reading, columns: Iterable[_Column]) -> tuple[Reading, list[str]]:
    """The order of day and month, by the dates that leave no choice."""
    if reading.dates is not None:
        return reading, []
    counts = {c.name: (c.order_counts(), c.text) for c in columns if c.dated}
    day, month = (sum(count[i] for count, _ in counts.values()) for i in (0, 1))
    if day or month:
        return replace(reading, dates=DAY_FIRST if day >= month else MONTH_FIRST), []
    for name, ((_, _, either), text) in counts.items():
        if not either:
            continue
        order = _order(text)
        if order is not None:
            return replace(reading, dates=order), []
        cell = text.filter(are_ambiguous(text).fill_null(False))[0]
        question = (
            f'column "{name}" holds dates such as {shown_value(cell)}, in all of which the day could be the '
            "month; use --date-format day-first, or --date-format month-first"
        )
        return replace(reading, dates=MONTH_FIRST), [question]
    return reading, []


def _order(text: pl.Series) -> str | None:
    """The order of day and month where all dates allow both: by points, or by the order of the rows."""
    cells = text.drop_nulls()
    ambiguous = cells.filter(are_ambiguous(cells))
    if not len(ambiguous) or ambiguous[0].count(".") > 1:
        return DAY_FIRST
    orders = [order for order in (DAY_FIRST, MONTH_FIRST) if moments(cells, order).is_sorted()]
    return orders[0] if len(orders) == 1 else None


def _with_thousands(reading: Reading, columns: Iterable[_Column]) -> Reading:
    """The mark between groups of digits that is seen in numbers."""
    if reading.thousands is not None:
        return reading
    for mark in (",", ".", " ", "'"):
        if mark == reading.decimal:
            continue
        pattern = {" ": "[ \u00a0\u202f\u2009]", "'": "['\u2019]"}.get(mark, f"\\{mark}")
        if any(c.numeric and c.text.str.contains(rf"\d{pattern}\d{{3}}").any() for c in columns):
            return replace(reading, thousands=mark)
    return reading


def _with_one_spelling(text: pl.Series) -> tuple[pl.Series, list[str]]:
    """Words for yes and no in the most frequent spelling of each, where a column holds nothing else.

    >>> _with_one_spelling(pl.Series("a", ["Yes", "yes", "Yes", "NO", ""]))[0].to_list()
    ['Yes', 'Yes', 'Yes', 'NO', '']
    """
    some = without_gaps(text.head(_SAMPLE)).drop_nulls().unique()
    if not all(word.lower() in TRUTHS for word in some):
        return text, []
    counts = text.value_counts(sort=True, name="rows")
    words: dict[bool, list[str]] = {True: [], False: []}
    for word in without_gaps(counts[text.name]).drop_nulls().unique(maintain_order=True):
        truth = TRUTHS.get(word.lower())
        if truth is None:
            return text, []
        words[truth].append(word)
    if not all(words.values()) or sum(map(len, words.values())) == 2:
        return text, []
    spelling = {word: same[0] for same in words.values() for word in same}
    said = " and ".join(f"{listed(same)} are the level {same[0]}" for same in words.values() if len(same) > 1)
    return (
        text.str.strip_chars().replace(spelling).alias(text.name),
        [f'column "{text.name}": {said}'],
    )


def _clock(seconds: pl.Series) -> pl.Series:
    """Times of a day, or durations where there are more hours."""
    if (seconds.drop_nulls() < _DAY).all():
        return (seconds * 1e9).round().cast(pl.Int64).cast(pl.Time)
    return (seconds * 1e6).round().cast(pl.Int64).cast(pl.Duration("us"))
