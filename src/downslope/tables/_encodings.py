"""Encodings: how the cells of one column become numbers for a network.

Each is fitted to a column once, is plain data, and writes the column into a few features of a matrix.
It counts gaps, levels that were not in the training data, and numbers outside the range of the training data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.tables._columns import finite_numbers
from downslope.tables._levels import GAP_LEVEL, Levels
from downslope.tables._tails import TAILS, check_tails, tails_for
from downslope.tables._whole import Whole
from downslope.tables.text import TRUTHS, as_moments, clock_seconds, common_order, is_clock, without_gaps

__all__ = [
    "ENCODINGS",
    "Codes",
    "Encoding",
    "LevelEncoding",
    "Moments",
    "Noticed",
    "Numeric",
    "TwoLevels",
    "Words",
    "fitted",
    "raw_number",
]

ONE_HOT_LEVELS = 12
RARE = 3
_HIDES = 10  # times the distance of most values: a scale beside which these are near 0
_DAY = 86_400.0
_LARGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True)
class Noticed:
    """How many cells of a column are gaps, unseen levels, or out of range."""

    gaps: int
    unseen: int = 0
    out_of_range: int = 0


def _centre_and_scale(present: NDArray[np.float64]) -> tuple[float, float]:
    """Median and interquartile range, or half the range where more than half the values are equal.

    Where most of the others are much nearer, as of amounts that are mostly 0, half the range would hide them:
    their median distance takes its place.
    """
    low, centre, high = np.quantile(present, [0.25, 0.5, 0.75])
    scale = high - low or present.max() / 2 - present.min() / 2
    if low == high and scale:
        halves = np.median(abs(present[present != centre] / 2 - centre / 2))  # large numbers have no sum
        scale = 2 * halves if scale / (2 * _HIDES) > halves else scale
    return float(centre), float(scale) or 1.0


def _check_scale(centre: float, scale: float, low: float, high: float) -> None:
    """Refuse figures of a file that those of no column are."""
    if not (np.isfinite([centre, scale, low, high]).all() and scale > 0 and low <= centre <= high):
        raise ValueError(f"no column has the scale {scale!r} around {centre!r}, from {low!r} to {high!r}")


def _check_levels(levels: Sequence[str]) -> None:
    if len(set(levels)) < len(levels):
        raise ValueError("a level is there twice")


def _write(parts: Sequence[Any], absent: NDArray[np.bool_], out: NDArray[Any]) -> None:
    """Put features into their columns, 0 for a gap, and the gaps into the last if there is one more."""
    for place, part in enumerate(parts):
        part[absent] = 0.0
        out[:, place] = part
    if out.shape[1] > len(parts):
        out[:, len(parts)] = absent


def _unseen(cells: Levels, places: NDArray[np.int64], rare: Sequence[str] = ()) -> Noticed:
    """How many rows have a gap, or a level that has no place and was not merely rare."""
    known = (places > 0) | cells.absent | cells.text.is_in(list(rare)).fill_null(False).to_numpy()
    return Noticed(int(cells.rows[cells.absent].sum()), int(cells.rows[~known].sum()))


@dataclass(frozen=True)
class Numeric:
    """(value − median) / interquartile range; a gap is 0 and 1 in a column of its own.

    The tails of columns with values beyond ±3 are compressed, so that outliers do not dominate. Clock times
    and durations are seconds, which no plain number is taken for.
    """

    encoding: ClassVar[str] = "number"
    name: str
    centre: float
    scale: float
    low: float
    high: float
    tails: str
    gaps: bool
    clock: bool = False

    def __post_init__(self) -> None:
        _check_scale(self.centre, self.scale, self.low, self.high)
        check_tails(self.tails)

    @property
    def held(self) -> str:
        """What the cells were in training."""
        return "clock times" if self.clock else "numbers"

    @property
    def wanted(self) -> str:
        """What text is to be read as."""
        return "time" if self.clock else "number"

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns it gives."""
        return (self.name, f"{self.name} is missing") if self.gaps else (self.name,)

    def encode(self, column: pl.Series, out: NDArray[Any]) -> Noticed:
        """Write a column into ``out``, (rows, features)."""
        values = self._values(_as_truth(column) if (self.low, self.high) == (0, 1) else column)
        absent = np.isnan(values)
        _write([self.feature(values)], absent, out)
        outside = np.count_nonzero(values < self.low) + np.count_nonzero(values > self.high)
        return Noticed(int(np.count_nonzero(absent)), out_of_range=int(outside))

    def feature(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """What numbers become."""
        return TAILS[self.tails].of((values - self.centre) / self.scale)

    def values(self, feature: NDArray[Any]) -> NDArray[np.float64]:
        """The numbers that became these; a gap became the median.

        >>> size = Numeric("size", 2.0, 4.0, 0.0, 99.0, "compressed", False)
        >>> size.values(size.feature(np.array([2.0, 50.0])))
        array([ 2., 50.])
        """
        return self.centre + self.scale * TAILS[self.tails].back(np.asarray(feature, np.float64))

    def slopes(self, column: pl.Series) -> NDArray[np.float64]:
        """By how much its first feature grows with the value of each row, (rows,); NaN for a gap.

        >>> Numeric("size", 2.0, 4.0, 0.0, 9.0, "kept", False).slopes(pl.Series([1.0, None]))
        array([0.25,  nan])
        """
        return TAILS[self.tails].slope((self._values(column) - self.centre) / self.scale) / self.scale

    def _values(self, column: pl.Series) -> NDArray[np.float64]:
        """The cells as numbers, (rows,); NaN for gaps, and for what is of the other kind."""
        if column.dtype in (pl.String, pl.Categorical, pl.Enum):
            found = clock_seconds(without_gaps(column)) if self.clock else finite_numbers(column)
        elif self.clock == (is_clock(column.dtype)):
            found = finite_numbers(column)
        else:
            found = pl.repeat(None, len(column), dtype=pl.Float64, eager=True)
        return found.to_numpy()


def _as_truth(column: pl.Series) -> pl.Series:
    """A column of words for true and false as such, for numbers that were only 0 and 1."""
    if column.dtype not in (pl.String, pl.Categorical, pl.Enum):
        return column
    cells = Levels.of(column)
    truths = [None if text is None else TRUTHS.get(text.lower()) for text in cells.text.to_list()]
    if any(t is None and text is not None for t, text in zip(truths, cells.text.to_list(), strict=True)):
        return column
    return pl.Series(column.name, truths, pl.Boolean)[cells.cell]


@dataclass(frozen=True)
class TwoLevels:
    """−1 for one level, 1 for the other, 0 for a gap, for which there may be a column of its own."""

    encoding: ClassVar[str] = "two levels"
    held: ClassVar[str] = "one of two levels"
    wanted: ClassVar[str] = "level"
    name: str
    levels: tuple[str, ...]
    gaps: bool

    def __post_init__(self) -> None:
        if len(self.levels) != 2:
            raise ValueError(f"two levels are not {len(self.levels)}")
        _check_levels(self.levels)

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns it gives."""
        first = f"{self.name} is {self.levels[1]}"
        return (first, f"{self.name} is missing") if self.gaps else (first,)

    def encode(self, column: pl.Series, out: NDArray[Any]) -> Noticed:
        """Write a column into ``out``, (rows, features)."""
        cells = Levels.of(column, self.levels)
        places = cells.places(self.levels)
        signs = np.array([0.0, -1.0, 1.0])[places]
        _write([signs[cells.cell]], cells.absent[cells.cell], out)
        return _unseen(cells, places)


@dataclass(frozen=True)
class Words:
    """A column of 0 and 1 for each level, a gap among them where there was one; 0 everywhere if unseen."""

    encoding: ClassVar[str] = "one-hot"
    held: ClassVar[str] = "levels"
    wanted: ClassVar[str] = "level"
    name: str
    levels: tuple[str, ...]

    def __post_init__(self) -> None:
        _check_levels(self.levels)

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns it gives."""
        return tuple(f"{self.name} is {level}" for level in self.levels)

    def encode(self, column: pl.Series, out: NDArray[Any]) -> Noticed:
        """Write a column into ``out``, (rows, features)."""
        cells = Levels.of(column, self.levels)
        places = cells.places(self.levels)
        chosen = places[cells.cell]
        known = np.flatnonzero(chosen)
        out[:] = 0.0
        out[known, chosen[known] - 1] = 1.0
        return _unseen(cells, places)


@dataclass(frozen=True)
class Codes:
    """The number of the level, for an embedding; 0 for levels that were rare or never seen."""

    encoding: ClassVar[str] = "codes"
    held: ClassVar[str] = "levels"
    wanted: ClassVar[str] = "level"
    name: str
    levels: tuple[str, ...]
    rare: tuple[str, ...]

    def __post_init__(self) -> None:
        _check_levels(self.levels + self.rare)

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns it gives."""
        return (self.name,)

    def encode(self, column: pl.Series, out: NDArray[Any]) -> Noticed:
        """Write a column into ``out``, (rows, 1)."""
        cells = Levels.of(column, (*self.levels, *self.rare))
        places = cells.places(self.levels)
        out[:, 0] = places[cells.cell]
        return _unseen(cells, places, self.rare)


@dataclass(frozen=True)
class Moments:
    """Time since the median, and the circles of year, week and day where the column spans them."""

    encoding: ClassVar[str] = "date"
    held: ClassVar[str] = "dates"
    name: str
    form: str | None
    centre: float
    scale: float
    low: float
    high: float
    circles: tuple[str, ...]
    gaps: bool
    tails: str = "clipped"

    def __post_init__(self) -> None:
        if unknown := set(self.circles) - set(_CIRCLES):
            raise ValueError(f"there are the circles {', '.join(_CIRCLES)}, not {unknown.pop()!r}")
        if len(set(self.circles)) < len(self.circles):
            raise ValueError("a circle is there twice")
        _check_scale(self.centre, self.scale, self.low, self.high)
        check_tails(self.tails)

    @property
    def wanted(self) -> str:
        """What text is to be read as; that of a model with a format of its own is read when it is encoded."""
        return "date" if self.form is None else "level"

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns it gives."""
        turning = [f"{self.name}, {c} {w}" for c in self.circles for w in ("sine", "cosine")]
        return (self.name, *turning, *([f"{self.name} is missing"] if self.gaps else []))

    def encode(self, column: pl.Series, out: NDArray[Any]) -> Noticed:
        """Write a column into ``out``, (rows, features)."""
        moments = as_moments(column, self.form)
        days = _days(moments)
        absent = np.isnan(days)
        parts = [TAILS[self.tails].of((days - self.centre) / self.scale)]
        for circle in self.circles:
            turn = 2 * np.pi * _CIRCLES[circle](moments)
            parts += [np.sin(turn), np.cos(turn)]
        _write(parts, absent, out)
        outside = np.count_nonzero(days < self.low) + np.count_nonzero(days > self.high)
        return Noticed(int(np.count_nonzero(absent)), out_of_range=int(outside))


def _days(moments: pl.Series) -> NDArray[np.float64]:
    return (moments.cast(pl.Int64) / (1e6 * _DAY)).cast(pl.Float64).to_numpy()


def _share(part: pl.Series, whole: float) -> NDArray[np.float64]:
    return (part.cast(pl.Float64) / whole).to_numpy()


_CIRCLES = {
    "year": lambda m: _share(m.dt.ordinal_day() - 1, 365.25),
    "week": lambda m: _share(m.dt.weekday() - 1, 7.0),
    "day": lambda m: _share(m.dt.hour().cast(pl.Float64) + m.dt.minute() / 60, 24.0),
}

LevelEncoding = TwoLevels | Words | Codes

Encoding = Numeric | LevelEncoding | Moments

ENCODINGS: dict[str, type[Encoding]] = {c.encoding: c for c in (Numeric, TwoLevels, Words, Codes, Moments)}
"""Every encoding by its name in a model file."""


def raw_number(name: str) -> Numeric:
    """The encoding of a column of numbers that a network takes as they are, of any size."""
    return Numeric(name, 0.0, 1.0, -_LARGEST, _LARGEST, tails="kept", gaps=False)


def fitted(column: pl.Series, kind: str, whole: Whole | None = None) -> Encoding:
    """The encoding that suits a column of a kind.

    Where the rows at hand are a sample, ``whole`` says what all rows hold: levels, gaps and the ends of the
    numbers are theirs, and quantiles those of the sample.

    >>> fitted(pl.Series("size", [1.0, 2.0, 3.0]), "number")
    Numeric(name='size', centre=2.0, scale=1.0, low=1.0, high=3.0, tails='kept', gaps=False, clock=False)
    """
    if kind == "number":
        return _fitted_number(column, whole)
    if kind == "date":
        return _fitted_moments(column, whole)
    cells = Levels.of(column) if whole is None or whole.cells is None else Levels.counted(column, whole.cells)
    named = pl.DataFrame({"level": cells.text, "rows": cells.rows})
    counts = named.drop_nulls("level").group_by("level").agg(pl.col("rows").sum()).sort("level")
    levels = tuple(counts["level"].to_list())
    gaps = bool(cells.absent.any())
    if len(levels) == 2:
        return TwoLevels(column.name, levels, gaps)
    gap = (GAP_LEVEL,) if gaps else ()
    if len(levels) <= ONE_HOT_LEVELS:
        return Words(column.name, levels + gap)
    often = counts["rows"] >= RARE
    kept, rare = counts.filter(often)["level"], counts.filter(~often)["level"]
    return Codes(column.name, (*kept.to_list(), *gap), tuple(rare.to_list()))


def _fitted_number(column: pl.Series, whole: Whole | None) -> Numeric:
    values = finite_numbers(column)
    cells = values.to_numpy()
    present = cells[~np.isnan(cells)]
    if not len(present):
        present = np.zeros(1)
    centre, scale = _centre_and_scale(present)
    whole = whole or Whole(len(column), values.null_count())
    low, high = whole.ends(present)
    tails = tails_for((low - centre) / scale, (high - centre) / scale)
    gaps = bool(whole.gaps or values.null_count())
    return Numeric(column.name, centre, scale, low, high, tails, gaps, is_clock(column.dtype))


def _fitted_moments(column: pl.Series, whole: Whole | None) -> Moments:
    form = common_order(column) if column.dtype == pl.String else None
    moments = as_moments(column, form)
    days = _days(moments.drop_nulls())
    days = days if len(days) else np.zeros(1)
    centre, scale = _centre_and_scale(days)
    whole = whole or Whole(len(column), moments.null_count())
    low, high = whole.ends(days)
    gaps = bool(whole.gaps or moments.null_count())
    within_days = bool((moments.drop_nulls().dt.truncate("1d") != moments.drop_nulls()).any())
    spans = (("year", high - low > 200), ("week", high - low > 14), ("day", within_days))
    circles = tuple(circle for circle, spanned in spans if spanned)
    tails = tails_for((low - centre) / scale, (high - centre) / scale)
    return Moments(column.name, form, centre, scale, low, high, circles, gaps, tails)
