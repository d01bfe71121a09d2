"""Numerical embeddings: several values for a number, so that a network can bend sharply along one column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from downslope._checks import NOT_NEGATIVE, POSITIVE, SIZE, check_numbers, items, numbers, whole, wholes
from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError
from downslope.graph import Node, make
from downslope.graph.notation import Symbol
from downslope.nets.layers._builder import LayerBuilder, check_columns, check_listed, layer_kind

__all__ = ["Periodic", "PiecewiseLinear", "Sinh"]


@suggests_keywords
@layer_kind(counted="numeric")
@dataclass(frozen=True)
class PiecewiseLinear:
    """Beside the inputs h, for each bin of a column, how much of the bin lies below the value: 0 to 1.

    min(max(slope·h + offset, 0), 1), halved; slope and offset start at the bins and learn (Gorishniy et al.,
    "On embeddings for numerical features in tabular deep learning", 2022).

    Args:
        columns: which columns of the input.
        edges: of the bins of each of them, rising, at least two.
    """

    columns: Sequence[int]
    edges: Sequence[Sequence[float]]

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", wholes("columns of PiecewiseLinear", self.columns, NOT_NEGATIVE))
        rows = items("edges of PiecewiseLinear", self.edges, "lists of numbers, one for each column")
        edges = tuple(numbers(f"edges of PiecewiseLinear[{i}]", row) for i, row in enumerate(rows))
        object.__setattr__(self, "edges", edges)
        if not len(self.columns) == len(edges) > 0:
            raise DownslopeError(
                f"edges of PiecewiseLinear needs a list for each of {len(self.columns)} columns, at least "
                f"one, not {len(edges)}"
            )
        for i, row in enumerate(edges):
            if len(row) < 2 or list(row) != sorted(set(row)):
                raise DownslopeError(
                    f"edges of PiecewiseLinear[{i}] needs two numbers or more, each above the one before"
                )

    def __str__(self) -> str:
        return "piecewise linear embeddings"

    def build(self, builder: LayerBuilder, h: Node) -> Node:
        """The nodes of this layer on the input h of shape (n, width)."""
        check_columns(self, self.columns, h)
        parts, slopes, offsets = [], [], []
        for k in range(max(map(len, self.edges)) - 1):  # the first bins of all columns, the second, …
            chosen = [i for i, row in enumerate(self.edges) if k < len(row) - 1]
            parts.append(make("columns", h, indices=tuple(self.columns[i] for i in chosen), squeeze=False))
            for low, high in (self.edges[i][k : k + 2] for i in chosen):
                slopes.append(1 / (high - low))
                offsets.append(-low / (high - low))
        slope = builder.parameter("slope", (len(slopes),), tuple(slopes), symbol=Symbol("s"))
        offset = builder.parameter("offset", (len(offsets),), tuple(offsets), symbol=Symbol("c"))
        inside = make("minimum", make("maximum", make("concatenate", *parts) * slope + offset, 0.0), 1.0)
        return _beside(builder, h, 0.5 * inside)


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


def _beside(builder: LayerBuilder, h: Node, embedded: Node) -> Node:
    return builder.stage("e", make("concatenate", h, embedded))
