"""Columns as scikit-learn's transformers make features of them, and as encoders here do.

Every feature is an affine function of what one column becomes: a number, scaled or not, or the levels of a
category; or a weighted sum of such features. What is left when an encoder has done its part is one matrix and
one shift in front of the network, which become part of its first layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.tables import GAP_LEVEL, Encoding, Numeric, Words, level_text, listed, raw_number

__all__ = ["Category", "Feature", "Missing", "Number", "column_names", "encoded", "mixed"]

_AS_GOOD_AS_EQUAL = 1e-12


@dataclass(frozen=True)
class Number:
    """(value − centre) / scale of a column.

    Attributes:
        column: its name.
        fill: the value that stands for a gap; None where the scaled value is 0.
    """

    column: str
    centre: float = 0.0
    scale: float = 1.0
    fill: Any = None

    def scaled(self, centre: float, scale: float) -> Number:
        """(this − centre) / scale."""
        return replace(self, centre=self.centre + self.scale * float(centre), scale=self.scale * float(scale))


@dataclass(frozen=True)
class Missing:
    """1 for a gap of a column, else 0; minus the centre, over the scale."""

    column: str
    centre: float = 0.0
    scale: float = 1.0

    def scaled(self, centre: float, scale: float) -> Missing:
        """(this − centre) / scale."""
        return replace(self, centre=self.centre + self.scale * float(centre), scale=self.scale * float(scale))


@dataclass(frozen=True)
class Category:
    """A number for each level of a column.

    Attributes:
        column: its name.
        levels: as they were given, in the order of the values.
        values: of each level, (levels,).
        other: of a level that was never seen.
        fill: the level that stands for a gap; None where a gap is a level, or is none that was seen.
    """

    column: str
    levels: tuple[Any, ...]
    values: tuple[float, ...]
    other: float = 0.0
    fill: Any = None

    def scaled(self, centre: float, scale: float) -> Category:
        """(this − centre) / scale."""
        values = tuple((value - float(centre)) / float(scale) for value in self.values)
        return replace(self, values=values, other=(self.other - float(centre)) / float(scale))


@dataclass(frozen=True)
class Mixed:
    """A weighted sum of other features, and a number.

    Attributes:
        parts: the other features.
        weights: of each, (parts,).
        shift: the number.
    """

    parts: tuple[Number | Missing | Category, ...]
    weights: tuple[float, ...]
    shift: float = 0.0

    @property
    def column(self) -> str:
        """The names of its columns, for messages."""
        return ", ".join(dict.fromkeys(part.column for part in self.parts))

    def scaled(self, centre: float, scale: float) -> Mixed:
        """(this − centre) / scale."""
        weights = tuple(weight / float(scale) for weight in self.weights)
        return replace(self, weights=weights, shift=(self.shift - float(centre)) / float(scale))


Feature = Number | Missing | Category | Mixed


def _terms(
    features: Sequence[Feature],
) -> tuple[list[Number | Missing | Category], NDArray[np.float64], NDArray[np.float64]]:
    """Features as W·p + b of others that are no sums: these, W (features, others) and b (features,)."""
    sums = [f if isinstance(f, Mixed) else Mixed((f,), (1.0,)) for f in features]
    parts = [part for each in sums for part in each.parts]
    weights, first = np.zeros((len(sums), len(parts))), 0
    for row, each in zip(weights, sums, strict=True):
        row[first : first + len(each.parts)] = each.weights
        first += len(each.parts)
    return parts, weights, np.array([each.shift for each in sums])


def mixed(features: Sequence[Feature], matrix: NDArray[Any], shift: NDArray[Any]) -> list[Feature]:
    """The features M·f + c of others: of M, (made, features), and c, (made,)."""
    parts, weights, moved = _terms(features)
    rows, shifts = (matrix @ weights).tolist(), (matrix @ moved + shift).tolist()
    return [Mixed(tuple(parts), tuple(row), own) for row, own in zip(rows, shifts, strict=True)]


def encoded(
    features: Sequence[Feature],
) -> tuple[tuple[Encoding, ...], NDArray[np.float64], NDArray[np.float64]]:
    """The encoders of the columns of some features, and what makes the features of them: A·e + b.

    Returns:
        The encoders; A, (features, encoded inputs); b, (features,).

    Raises:
        DownslopeError: if a column is both a number and a category, or two levels have one name.
    """
    parts, weights, moved = _terms(features)
    encodings, matrix, shift = _encoded(parts)
    return encodings, weights @ matrix, weights @ shift + moved


def _encoded(
    features: Sequence[Number | Missing | Category],
) -> tuple[tuple[Encoding, ...], NDArray[np.float64], NDArray[np.float64]]:
    """As ``encoded``, of features that are no sums."""
    columns: dict[str, list[tuple[int, Number | Missing | Category]]] = {}
    for place, feature in enumerate(features):
        columns.setdefault(feature.column, []).append((place, feature))
    parts: list[Encoding] = []
    blocks: list[NDArray[np.float64]] = []
    shift = np.zeros(len(features))
    for name, made in columns.items():
        kinds = {isinstance(feature, Category) for _, feature in made}
        if len(kinds) > 1:
            raise DownslopeError(
                f'the column "{name}" is taken both as a number and as a category; give the table a copy of '
                "it under another name"
            )
        make = _levels if kinds == {True} else _number
        part, rows = make(name, [feature for _, feature in made])
        block = np.zeros((len(features), len(part.features)))
        for (place, _), (weights, moved) in zip(made, rows, strict=True):
            block[place], shift[place] = weights, moved
        parts.append(part)
        blocks.append(block)
    return tuple(parts), np.concatenate(blocks, axis=1), shift


_Rows = list[tuple[NDArray[np.float64], float]]


def _number(name: str, features: Sequence[Any]) -> tuple[Numeric, _Rows]:
    """One scaled number, whose scale is that of the first feature that it makes, and its gaps."""
    numbers = [feature for feature in features if isinstance(feature, Number)]
    first = numbers[0] if numbers else Number(name)
    gaps = len(numbers) < len(features)
    centre, scale = first.centre, abs(first.scale)
    if first.fill is not None:
        fill = float(first.fill)
        if abs(fill - centre) > _AS_GOOD_AS_EQUAL * max(abs(fill), scale):
            centre = fill
    part = replace(raw_number(name), centre=centre, scale=scale, gaps=gaps)
    rows: _Rows = []
    for feature in features:
        weights = np.zeros(len(part.features))
        if isinstance(feature, Missing):
            weights[-1] = 1 / feature.scale
            rows.append((weights, -feature.centre / feature.scale))
        else:
            weights[0] = scale / feature.scale
            rows.append((weights, (centre - feature.centre) / feature.scale))
    return part, rows


def _levels(name: str, features: Sequence[Any]) -> tuple[Words, _Rows]:
    """An input for each level, in all of which a level that was never seen is 0."""
    levels: dict[str, None] = {}
    for feature in features:
        levels |= dict.fromkeys(_names(name, feature))
        if feature.fill is not None:
            levels |= {GAP_LEVEL: None}
    rows: _Rows = []
    for feature in features:
        values = dict(zip(_names(name, feature), feature.values, strict=True))
        if feature.fill is not None:
            values[GAP_LEVEL] = values.get(_named([feature.fill])[0], feature.other)
        weights = np.array([values.get(level, feature.other) for level in levels]) - feature.other
        rows.append((weights, feature.other))
    return Words(name, tuple(levels)), rows


def _names(name: str, feature: Category) -> list[str]:
    found = _named(feature.levels)
    if len(set(found)) < len(found):
        raise DownslopeError(f'two levels of the column "{name}" have one name: {listed(found)}; rename one')
    return found


def _named(levels: Sequence[Any]) -> list[str]:
    """The names of levels, as those of cells are made."""
    plain = [level.item() if isinstance(level, np.generic) else level for level in levels]
    gap = [level is None or level != level for level in plain]
    cells = [None if absent else level for level, absent in zip(plain, gap, strict=True)]
    kinds = {type(cell) for cell in cells if cell is not None}
    series = pl.Series(cells if len(kinds) < 2 else [c if c is None else str(c) for c in cells])
    return [GAP_LEVEL if text is None else text for text in level_text(series).to_list()]


def column_names(estimator: Any, count: int) -> list[str]:
    """The names of the columns that an estimator was fitted to, or those that scikit-learn gives them."""
    return [str(name) for name in getattr(estimator, "feature_names_in_", [f"x{i}" for i in range(count)])]
