"""Numerical embeddings: several values for a number, so that a network can bend sharply along one column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby, pairwise

from downslope._checks import (
    NOT_NEGATIVE,
    POSITIVE,
    SIZE,
    check_numbers,
    flag,
    items,
    numbers,
    show,
    whole,
    wholes,
)
from downslope._dataclass import dataclass
from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError
from downslope.graph import Node, make
from downslope.graph.notation import Symbol
from downslope.nets.layers._builder import LayerBuilder, check_columns, check_listed, layer_kind

__all__ = ["Peaks", "Periodic", "PiecewiseLinear", "Products", "Sinh"]


@suggests_keywords
@layer_kind(counted="numeric")
@dataclass(frozen=True)
class PiecewiseLinear:
    """Beside the inputs h, for each bin of a column, how much of the bin lies below the value: 0 to 1.

    min(max(slope·h + offset, 0), 1), halved; slope and offset start at the bins and learn, or stay there
    (Gorishniy et al., "On embeddings for numerical features in tabular deep learning", 2022).

    Args:
        columns: which columns of the input.
        edges: of the bins of each of them, rising, at least two.
        learned: whether slopes and offsets learn. Where they do not, a dense layer right behind finds what a
            value adds by a lookup, whatever the number of bins.
    """

    columns: Sequence[int]
    edges: Sequence[Sequence[float]]
    learned: bool = True

    def __post_init__(self) -> None:
        _check_rising(self, "edges")

    def __str__(self) -> str:
        return "piecewise linear embeddings"

    def build(self, builder: LayerBuilder, h: Node) -> Node:
        """The nodes of this layer on the input h of shape (n, width)."""
        check_columns(self, self.columns, h)
        repeated, order = _repeated(h, self.columns, [len(row) - 1 for row in self.edges])
        bins = [self.edges[i][k : k + 2] for i, k in order]
        slopes = tuple(1 / (high - low) for low, high in bins)
        offsets = tuple(-low / (high - low) for low, high in bins)
        line = _line(builder, repeated, slopes, offsets, self.learned)
        inside = make("minimum", make("maximum", line, 0.0), 1.0)
        return _beside(builder, h, 0.5 * inside)


@suggests_keywords
@layer_kind(counted="numeric")
@dataclass(frozen=True)
class Peaks:
    """Beside the inputs h, for each of some values of a column how near it is: 1 at it, 0 from the next on.

    max(1 - |slope·h + offset|, 0); slope and offset start at the values and learn, or stay there. A network
    can tell single values apart by them, where numbers name schools or persons.

    Args:
        columns: which columns of the input.
        values: of each of them, rising, at least two.
        learned: whether slopes and offsets learn.
    """

    columns: Sequence[int]
    values: Sequence[Sequence[float]]
    learned: bool = True

    def __post_init__(self) -> None:
        _check_rising(self, "values")

    def __str__(self) -> str:
        return "peaks at single values"

    def build(self, builder: LayerBuilder, h: Node) -> Node:
        """The nodes of this layer on the input h of shape (n, width)."""
        check_columns(self, self.columns, h)
        gaps = [[high - low for low, high in pairwise(row)] for row in self.values]
        repeated, order = _repeated(h, self.columns, [len(row) for row in self.values])
        slopes = tuple(1 / min(gaps[i][max(k - 1, 0) : k + 1]) for i, k in order)
        offsets = tuple(-self.values[i][k] * s for (i, k), s in zip(order, slopes, strict=True))
        near = 1.0 - abs(_line(builder, repeated, slopes, offsets, self.learned))
        return _beside(builder, h, make("maximum", near, 0.0))


@suggests_keywords
@layer_kind(counted="numeric")
@dataclass(frozen=True)
class Periodic:
    """Beside the inputs h, cosines cos(2π(σ·w·h) + π·b) of some columns; w and b learn.

    w starts normal, b uniform in ±1 (Gorishniy et al. 2022; with phases as by Holzmüller et al. 2024).

    Args:
        columns: which columns of the input.
        frequencies: how many of each of them.
        sigma: the standard deviation of the frequencies at the start.
    """

    columns: Sequence[int]
    frequencies: int = 8
    sigma: float = 0.1

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", wholes("columns of Periodic", self.columns, NOT_NEGATIVE))
        object.__setattr__(self, "frequencies", whole("frequencies of Periodic", self.frequencies, SIZE))
        check_numbers(self, sigma=POSITIVE)
        if not self.columns:
            raise DownslopeError("columns of Periodic needs at least one column")

    def __str__(self) -> str:
        return "periodic embeddings"

    def build(self, builder: LayerBuilder, h: Node) -> Node:
        """The nodes of this layer on the input h of shape (n, width)."""
        check_columns(self, self.columns, h)
        chosen = make("columns", h, indices=self.columns, squeeze=False)
        size = (len(self.columns) * self.frequencies,)
        check_listed(self, size[0])
        frequency = builder.parameter("frequency", size, "normal", symbol=Symbol("ω"))
        phase = builder.parameter("phase", size, "uniform", symbol=Symbol("θ"))
        repeated = make("concatenate", *[chosen] * self.frequencies)
        angle = repeated * (2 * math.pi * self.sigma * frequency) + math.pi * phase
        return _beside(builder, h, make("cos", angle))


@suggests_keywords
@layer_kind(counted="numeric")
@dataclass(frozen=True)
class Sinh:
    """Beside the inputs h, amplitude·sinh(h/width) of some columns; it has no parameters.

    Where a column holds width·asinh(z/width), which keeps numbers z of a long tail near the others, this is z
    itself again, times amplitude/width: a linear layer behind it can follow both.

    Args:
        columns: which columns of the input.
        width: of the part around 0 that is almost linear.
        amplitude: that the hyperbolic sine is multiplied by.
    """

    columns: Sequence[int]
    width: float = 1.0
    amplitude: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", wholes("columns of Sinh", self.columns, NOT_NEGATIVE))
        check_numbers(self, width=POSITIVE, amplitude=POSITIVE)
        if not self.columns:
            raise DownslopeError("columns of Sinh needs at least one column")

    def __str__(self) -> str:
        return "hyperbolic sines"

    def build(self, builder: LayerBuilder, h: Node) -> Node:
        """The nodes of this layer on the input h of shape (n, width)."""
        check_columns(self, self.columns, h)
        check_listed(self, len(self.columns))
        u = make("columns", h, indices=self.columns, squeeze=False) * (1 / self.width)
        return _beside(builder, h, (make("exp", u) - make("exp", -u)) * (self.amplitude / 2))


@suggests_keywords
@layer_kind(counted="numeric")
@dataclass(frozen=True)
class Products:
    """Beside the inputs h, each product of one column and another of two lists; it has no parameters.

    Of columns that are 1 for a level of a category and 0 for others, each product is 1 in one cell: a layer
    behind it can give each pair of levels an output of its own.

    Args:
        left, right: the two lists of columns; a column may be in both, for its square.
    """

    left: Sequence[int]
    right: Sequence[int]

    def __post_init__(self) -> None:
        for name in ("left", "right"):
            columns = wholes(f"{name} of Products", getattr(self, name), NOT_NEGATIVE)
            object.__setattr__(self, name, columns)
            if not columns or len(set(columns)) < len(columns):
                raise DownslopeError(f"{name} of Products needs columns, each once, not {show(columns)}")

    def __str__(self) -> str:
        return "products of columns"

    def build(self, builder: LayerBuilder, h: Node) -> Node:
        """The nodes of this layer on the input h of shape (n, width)."""
        check_columns(self, (*self.left, *self.right), h)
        check_listed(self, len(self.left) * len(self.right))
        right = make("columns", h, indices=self.right, squeeze=False)
        parts = [make("columns", h, indices=(column,), squeeze=False) * right for column in self.left]
        return _beside(builder, h, make("concatenate", *parts))


def _beside(builder: LayerBuilder, h: Node, embedded: Node) -> Node:
    return builder.stage("e", make("concatenate", h, embedded))


def _check_rising(layer: PiecewiseLinear | Peaks, role: str) -> None:
    """Give a layer the columns and the rising numbers of each in plain tuples."""
    kind = type(layer).__name__
    object.__setattr__(layer, "learned", flag(f"learned of {kind}", layer.learned))
    object.__setattr__(layer, "columns", wholes(f"columns of {kind}", layer.columns, NOT_NEGATIVE))
    rows = items(f"{role} of {kind}", getattr(layer, role), "lists of numbers, one for each column")
    found = tuple(numbers(f"{role} of {kind}[{i}]", row) for i, row in enumerate(rows))
    object.__setattr__(layer, role, found)
    if not len(layer.columns) == len(found) > 0:
        raise DownslopeError(
            f"{role} of {kind} needs a list for each of {len(layer.columns)} columns, at least one, not "
            f"{len(found)}"
        )
    for i, row in enumerate(found):
        if len(row) < 2 or list(row) != sorted(set(row)):
            raise DownslopeError(
                f"{role} of {kind}[{i}] needs two numbers or more, each above the one before"
            )


def _repeated(h: Node, columns: Sequence[int], counts: Sequence[int]) -> tuple[Node, list[tuple[int, int]]]:
    """Columns of h, each so many times, and for each copy which of the columns it is and its number.

    The first copies of all columns come first, then the second, and so on.
    """
    order = [(i, k) for k in range(max(counts)) for i, count in enumerate(counts) if k < count]
    parts = [
        make("columns", h, indices=tuple(columns[i] for i, _ in copies), squeeze=False)
        for _, copies in groupby(order, key=lambda copy: copy[1])
    ]
    return make("concatenate", *parts), order


def _line(
    builder: LayerBuilder, x: Node, slopes: tuple[float, ...], offsets: tuple[float, ...], learned: bool
) -> Node:
    """slope·x + offset, which start so."""
    if not learned:
        return make("lines", x, slopes=slopes, offsets=offsets)
    slope = builder.parameter("slope", (len(slopes),), slopes, symbol=Symbol("s"))
    offset = builder.parameter("offset", (len(offsets),), offsets, symbol=Symbol("c"))
    return x * slope + offset
