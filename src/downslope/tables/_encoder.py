"""A whole table as inputs of a network, and its target as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks import show
from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.tables._columns import finite_numbers
from downslope.tables._describe import Description
from downslope.tables._encodings import (
    ENCODINGS,
    Codes,
    Encoding,
    Moments,
    Noticed,
    Numeric,
    TwoLevels,
    Words,
    fitted,
)
from downslope.tables._levels import Levels
from downslope.tables._names import did_you_mean, listed, shown_value
from downslope.tables._plain import refuse_nested
from downslope.tables._row_numbers import RowError
from downslope.tables._whole import Whole
from downslope.tables.text import level_text

__all__ = ["Encoded", "TableEncoder", "Target"]

_CLASSES_SHOWN = 12
_LOW, _HIGH = map(np.array, (np.finfo(np.float64).min, np.finfo(np.float64).max))
_BEYOND = 0.5  # of the range of the target: rows to come can lie beyond it, and lines go on
_ROWS_OF_AN_END = 3
_SMALLEST_SCALE = 5e-324  # of numbers so small that their deviation rounds to 0


@dataclass(frozen=True)
class Encoded:
    """Rows as a network takes them.

    Attributes:
        x: (rows, features), in the dtype of the encoder; level numbers for embeddings are the last columns.
        gaps, unseen, out_of_range: cells by column, where there were any: without a value, with a level
            that was not in the training data, outside the range of the training data.
    """

    x: NDArray[Any]
    gaps: Mapping[str, int]
    unseen: Mapping[str, int]
    out_of_range: Mapping[str, int]

    @property
    def notes(self) -> tuple[str, ...]:
        """What was noticed, in words."""
        counted = (
            (self.gaps, "without a value, filled as in training"),
            (self.unseen, "with a level that was not in the training data"),
            (self.out_of_range, "outside the range of the training data"),
        )
        return tuple(
            f"of {len(self.x):,} rows, {what}: {listed([f'{name} {n:,}' for name, n in counts.items()])}"
            for counts, what in counted
            if counts
        )


@dataclass(frozen=True)
class TableEncoder:
    """Turns tables with the columns it was fitted to into numbers; other columns are ignored.

    Attributes:
        encodings: of each column.
        dtype: of the numbers: ``"float32"``, or ``"float64"`` for a network with parameters of that.

    >>> from downslope.tables import describe
    >>> frame = pl.DataFrame({"size": [1.0, None, 3.0], "kind": ["a", "b", "c"] , "price": [1.5, 2.0, 9.0]})
    >>> encoder = TableEncoder.fit(frame, describe(frame, target="price", category=["kind"]))
    >>> encoder.features
    ('size', 'size is missing', 'kind is a', 'kind is b', 'kind is c')
    >>> encoder.encode(frame).x[1]
    array([0., 1., 0., 1., 0.], dtype=float32)
    """

    encodings: tuple[Encoding, ...]
    dtype: str = "float32"

    @classmethod
    def fit(
        cls, frame: pl.DataFrame, description: Description, whole: Mapping[str, Whole] = {}
    ) -> TableEncoder:
        """The encoder of the used columns of a table, those for embeddings last.

        Of a sample, ``whole`` says by column what all rows hold.
        """
        parts = [fitted(frame[c.name], c.kind, whole.get(c.name)) for c in description.columns if c.used]
        return cls(tuple(sorted(parts, key=lambda part: isinstance(part, Codes))))

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns of ``Encoded.x``."""
        return tuple(name for part in self.encodings for name in part.features)

    @property
    def places(self) -> dict[str, slice]:
        """Which columns of ``Encoded.x`` each column of the table becomes, by its name."""
        found, first = {}, 0
        for part in self.encodings:
            found[part.name] = slice(first, first + len(part.features))
            first = found[part.name].stop
        return found

    @property
    def code_columns(self) -> tuple[int, ...]:
        """The indices of the columns that hold level numbers, for an embedding."""
        codes = sum(isinstance(part, Codes) for part in self.encodings)
        width = len(self.features)
        return tuple(range(width - codes, width))

    @property
    def category_columns(self) -> tuple[tuple[int, ...], ...]:
        """The indices of the columns that each category of few levels becomes."""
        places, parts = self.places, [p for p in self.encodings if isinstance(p, TwoLevels | Words)]
        return tuple(tuple(range(places[p.name].start, places[p.name].stop)) for p in parts)

    @property
    def compressed_columns(self) -> tuple[int, ...]:
        """The indices of the columns whose tails are compressed."""
        places, parts = self.places, [p for p in self.encodings if isinstance(p, Numeric | Moments)]
        return tuple(places[part.name].start for part in parts if part.tails == "compressed")

    @property
    def code_levels(self) -> tuple[int, ...]:
        """The number of levels of each of those columns, the unseen one included."""
        return tuple(len(part.levels) + 1 for part in self.encodings if isinstance(part, Codes))

    def refuse_missing(self, frame: pl.DataFrame) -> None:
        """Refuse a table without a column that is needed; it is named."""
        present = set(frame.columns)
        missing = [part.name for part in self.encodings if part.name not in present]
        if missing:
            several = "columns" if len(missing) > 1 else "column"
            raise DownslopeError(
                f"the table lacks the {several} {listed(missing)}{did_you_mean(missing[0], frame.columns)}; "
                f"it has {listed(frame.columns)}"
            )

    def encode(self, frame: pl.DataFrame) -> Encoded:
        """The rows of a table as numbers.

        Raises:
            DownslopeError: if a needed column is not there, or holds values of another kind.
        """
        self.refuse_missing(frame)
        x = np.empty((frame.height, len(self.features)), self.dtype)
        places = self.places
        noticed = {p.name: _encoded(p, frame[p.name], x[:, places[p.name]]) for p in self.encodings}
        return Encoded(
            x,
            {name: found.gaps for name, found in noticed.items() if found.gaps},
            {name: found.unseen for name, found in noticed.items() if found.unseen},
            {name: found.out_of_range for name, found in noticed.items() if found.out_of_range},
        )

    def to_json(self) -> list[dict[str, Any]]:
        """Plain data from which ``from_json`` makes the same encoder."""
        return [{"encoding": part.encoding, **asdict(part)} for part in self.encodings]

    @classmethod
    def from_json(cls, data: Any, dtype: str = "float32") -> TableEncoder:
        """The encoder of ``to_json``, of a dtype.

        Raises:
            DownslopeError: if the data is not of that form.
        """
        try:
            parts = tuple(_part(dict(item)) for item in data)
            coded = [isinstance(part, Codes) for part in parts]
            if len({part.name for part in parts}) < len(parts) or coded != sorted(coded):
                raise ValueError("a column is there twice, or level numbers stand before others")
            return cls(parts, dtype)
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise DownslopeError(f"the encoders are damaged: {error!r}") from None


def _encoded(part: Encoding, column: pl.Series, out: NDArray[Any]) -> Noticed:
    """Write a column into ``out``; a column with no cell of the kind that was fitted is refused."""
    refuse_nested(column, f"in training it held {part.held}")
    found = part.encode(column, out)
    if found.gaps == len(column) > column.null_count():
        present = level_text(column)
        first = present.is_not_null().arg_true()
        if len(first):
            raise RowError(
                f'column "{part.name}" held {part.held} in training, and no cell of it does now:',
                first[0],
                f" holds {shown_value(present[first[0]])}; give {part.held} there, or leave the cells empty",
            )
    return found


def _part(item: dict[str, Any]) -> Encoding:
    made = ENCODINGS[item.pop("encoding")]
    if made is Numeric and "tails" not in item:  # as earlier versions wrote it
        item["tails"] = "clipped" if _of(item.pop("bent"), bool) else "kept"
    casts: dict[str, Any] = {
        "float": lambda v: float(_of(v, float, int)),
        "str": lambda v: _of(v, str),
        "bool": lambda v: _of(v, bool),
        "str | None": lambda v: _of(v, str, type(None)),
        "tuple[str, ...]": lambda v: tuple(_of(level, str) for level in _of(v, list, tuple)),
    }
    wanted = {field.name: casts[str(field.type)] for field in fields(made)}
    optional = {field.name for field in fields(made) if field.default is not MISSING}
    if not set(wanted) - optional <= set(item) <= set(wanted):
        raise ValueError(f"{made.encoding} needs {', '.join(wanted)}")
    return made(**{name: wanted[name](value) for name, value in item.items()})


def _of(value: Any, *kinds: type) -> Any:
    """A value of plain data, which is of one of these types and not merely made into one."""
    if type(value) not in kinds:
        raise TypeError(f"{show(value)} is no {kinds[0].__name__}")
    return value


@dataclass(frozen=True)
class Target:
    """What is predicted: the classes, or the centre and scale of the numbers.

    ``decision`` holds a weight for each class, and the class with the largest probability × weight is said;
    without it the most probable one. Predicted numbers stay within ``limits``, or where there are none, as in
    older files, between ``low`` and ``high``, the ends of the targets.

    >>> target = Target.fit(pl.Series("price", [100.0, 300.0]), "regression")
    >>> target.encode(pl.Series([100.0, 300.0])), target.numbers(np.array([0.0, 2.0]))
    (array([-1.,  1.], dtype=float32), array([200., 400.]))
    """

    name: str
    classes: tuple[str, ...] = ()
    mean: float = 0.0
    scale: float = 1.0
    low: float = 0.0
    high: float = 0.0
    decision: tuple[float, ...] = ()
    limits: tuple[float, ...] = ()

    @classmethod
    def fit(cls, column: pl.Series, task: str, whole: Whole | None = None) -> Target:
        """The target of a column without gaps; of a sample, ``whole`` says what all rows hold."""
        if task == "classification":
            counted = None if whole is None else whole.cells
            cells = Levels.of(column) if counted is None else Levels.counted(column, counted)
            values = cells.text.drop_nulls().unique()
            numbers = values.cast(pl.Float64, strict=False)
            order = numbers.arg_sort() if not numbers.null_count() else values.arg_sort()
            return cls(column.name, classes=tuple(values[order].to_list()))
        present = finite_numbers(column).drop_nulls().to_numpy()
        low, high = (whole or Whole(len(column), 0)).ends(present)
        if not np.isfinite(high - low):
            raise DownslopeError(
                f'the target "{column.name}" reaches from {low:g} to {high:g}, which is too far apart for '
                "float64; divide it by a constant"
            )
        if low == high:
            return cls(column.name, (), low, 1.0, low, high)
        limits = _limits(present, low, high)
        if whole is not None and whole.deviation > 0:
            return cls(column.name, (), whole.mean, whole.deviation, low, high, limits=limits)
        exponent = np.frexp(max(abs(low), abs(high)))[1]  # squares of large and of small numbers are lost
        scaled = np.ldexp(present, -exponent)
        mean, scale = (float(np.ldexp(value, exponent)) for value in (scaled.mean(), scaled.std()))
        return cls(column.name, (), mean, max(scale, _SMALLEST_SCALE), low, high, limits=limits)

    @property
    def task(self) -> str:
        """``"classification"`` or ``"regression"``."""
        return "classification" if self.classes else "regression"

    def encode(self, column: pl.Series) -> NDArray[np.float32]:
        """Class numbers from 0, or (value − mean) / scale, (rows,); raises as ``values`` does."""
        found = self.values(column)
        return (found if self.classes else (found - self.mean) / self.scale).astype(np.float32)

    def values(self, column: pl.Series) -> NDArray[np.float64]:
        """Class numbers from 0, or numbers in their own units, NaN for what is none, (rows,).

        Raises:
            DownslopeError: if a class is unknown; it says which and in how many rows.
        """
        if not self.classes:
            return finite_numbers(column).to_numpy()
        cells = Levels.of(column, self.classes)
        places = cells.places(self.classes)
        if not places.all():
            absent = int(np.flatnonzero(places == 0)[0])
            count = int(cells.rows[absent])
            raise DownslopeError(
                f'"{cells.text[absent]}" is none of the classes {listed(self.classes)}, and '
                f'{count:,} {"row holds" if count == 1 else "rows hold"} it in "{self.name}"; '
                "leave them out, or fit a model to rows of that class"
            )
        return (places - 1).astype(np.float64)[cells.cell]

    @property
    def plain(self) -> Target:
        """The same, of which the most probable class is said."""
        return replace(self, decision=())

    @property
    def rule(self) -> str:
        """Which class is said of a row, in words; empty where that is the most probable one, and of numbers.

        >>> Target("t", ("no", "yes"), decision=(1.0, 3.0)).rule
        '"yes" is said from a probability of 0.25 on'
        """
        if not self.decision:
            return ""
        if len(self.classes) == 2:
            first, second = self.decision
            return f'"{self.classes[1]}" is said from a probability of {first / (first + second):.3g} on'
        shown = [f"{name} {w:.3g}" for name, w in zip(self.classes, self.decision, strict=True)]
        more = f" and {len(shown) - _CLASSES_SHOWN} more" if len(shown) > _CLASSES_SHOWN else ""
        words = f"{', '.join(shown[:_CLASSES_SHOWN])}{more}"
        return f"What is said has the largest probability × weight ({words})"

    def decided(self, probabilities: NDArray[Any]) -> NDArray[np.int64]:
        """The number of the class that is said of each row, (rows,), of probabilities (rows, classes).

        >>> Target("t", ("no", "yes"), decision=(1.0, 3.0)).decided(np.array([[0.7, 0.3], [0.8, 0.2]]))
        array([1, 0])
        """
        weighted = probabilities * np.array(self.decision) if self.decision else probabilities
        chosen: NDArray[np.int64] = weighted.argmax(axis=1)
        return chosen

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest number that is predicted."""
        low, high = self.limits or (self.low, self.high)
        return low, high

    @property
    def scaled_ends(self) -> tuple[float, float]:
        """The same as networks give them."""
        low, high = ((end - self.mean) / self.scale for end in self.ends)
        return low, high

    def clipped(self, values: NDArray[Any]) -> NDArray[Any]:
        """Scaled predictions within the limits."""
        low, high = self.scaled_ends
        # np.clip takes 5 times as long for one
        inside: NDArray[Any] = np.minimum(np.maximum(values, low), high)
        return inside

    @np.errstate(over="ignore")
    def numbers(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Scaled predictions in the target's own units, at most the largest number."""
        found = np.asarray(values, np.float64) * self.scale + self.mean
        inside: NDArray[np.float64] = np.minimum(np.maximum(found, _LOW), _HIGH)
        return inside

    def to_json(self) -> dict[str, Any]:
        """Plain data from which ``from_json`` makes the same target."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> Target:
        """The target of ``to_json``; raises DownslopeError where the data is not of that form."""
        try:
            figures = (data[name] for name in ("mean", "scale", "low", "high"))
            mean, scale, low, high = (float(_of(figure, float, int)) for figure in figures)
            classes = tuple(_of(name, str) for name in _of(data["classes"], list, tuple))
            if not (np.isfinite([mean, scale, low, high]).all() and scale > 0 and low <= high):
                raise ValueError(f"no target has the scale {scale!r} around {mean!r}")
            if len(set(classes)) < len(classes) or len(classes) == 1:
                raise ValueError("a class is there twice, or alone")
            decision = tuple(float(_of(w, float, int)) for w in _of(data.get("decision", []), list, tuple))
            if decision and (len(decision) != len(classes) or not all(0 < w < np.inf for w in decision)):
                raise ValueError(f"{show(decision)} are no weights of {len(classes)} classes")
            limits = tuple(float(_of(end, float, int)) for end in _of(data.get("limits", []), list, tuple))
            if limits and not (len(limits) == 2 and -np.inf < limits[0] <= low <= high <= limits[1] < np.inf):
                raise ValueError(f"{show(limits)} are no limits around {low:g} and {high:g}")
            return cls(_of(data["name"], str), classes, mean, scale, low, high, decision, limits)
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise DownslopeError(f"the target is damaged: {error!r}") from None


def _limits(present: NDArray[np.float64], low: float, high: float) -> tuple[float, float]:
    """Between which numbers are predicted: half the range beyond its ends.

    An end that several rows share may be one of the scale, such as 0 or 5 stars, and stays; and what had one
    sign keeps it.

    >>> _limits(np.array([1.0, 1.5, 2.0, 5.0, 5.0, 5.0]), 1.0, 5.0), _limits(np.array([-9.0, 1.0]), -9.0, 1.0)
    ((0.0, 5.0), (-14.0, 6.0))
    """
    beyond = _BEYOND * (high - low)
    lowest, highest = max(low - beyond, float(_LOW)), min(high + beyond, float(_HIGH))
    if low >= 0:
        lowest = max(lowest, 0.0)
    if high <= 0:
        highest = min(highest, 0.0)
    shared = [int((present == end).sum()) >= _ROWS_OF_AN_END for end in (low, high)]
    return low if shared[0] else lowest, high if shared[1] else highest
