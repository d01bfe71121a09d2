"""A prediction with the ends of its interval as nodes, for the exports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from numpy.typing import NDArray

from downslope.fitting.ensemble import QUANTILES, IntervalNetworks, between_coverages
from downslope.graph import Node, make, parameter, substitute
from downslope.interchange.exports import double, single

__all__ = ["interval_nodes"]

_OWN = "interval "
"""What the names of the parameters of these networks begin with: those of the prediction have the same."""


def interval_nodes(
    networks: IntervalNetworks, level: float, predicted: Node, x: Node
) -> tuple[Node, Mapping[str, NDArray[Any]]]:
    """The ends of the interval of a level, as ``IntervalNetworks.intervals`` computes them, and the arrays.

    Args:
        networks: of the quantiles of the errors.
        level: the share of targets that lie within.
        predicted: as the loss takes numbers, (n, 1), float64.
        x: encoded inputs, (n, inputs).
    """
    graph = networks.network.graph()
    own = {node: parameter(f"{_OWN}{name}", node.shape) for name, node in graph.parameters.items()}
    given = make("concatenate", single(predicted), single(x))
    (quantiles,) = substitute([graph.prediction], {graph.x: given, **own})
    ordered = _sorted([_column(double(quantiles), place) for place in range(len(QUANTILES))])
    low, high = _of_level(*_nested(ordered, networks.widening), level)
    values = {f"{_OWN}{name}": value for name, value in networks.parameters.items()}
    return make("concatenate", predicted + low, predicted + high), values


def _column(of: Node, place: int) -> Node:
    return make("columns", of, indices=(place,), squeeze=False)


def _sorted(columns: Sequence[Node]) -> list[Node]:
    """In ascending order, row by row: neighbours change places until none has to (Knuth, volume 3, 5.3.4)."""
    found = list(columns)
    for turn in range(len(found)):
        for i in range(turn % 2, len(found) - 1, 2):
            a, b = found[i], found[i + 1]
            found[i], found[i + 1] = make("minimum", a, b), make("maximum", a, b)
    return found


def _nested(ordered: Sequence[Node], widening: Sequence[float]) -> tuple[list[Node], list[Node]]:
    """The lower and the upper ends of each coverage, as ``nested`` of the intervals has them."""
    middle = len(ordered) // 2
    lows = [ordered[middle - 1 - place] - wider for place, wider in enumerate(widening)]
    highs = [ordered[middle + place] + wider for place, wider in enumerate(widening)]
    centre = (lows[0] + highs[0]) / 2.0
    lows = [make("minimum", low, centre) for low in lows]
    highs = [make("maximum", high, centre) for high in highs]
    outward: list[list[Node]] = []
    for op, ends in (("minimum", lows), ("maximum", highs)):
        outward.append([reduce(lambda a, b: make(op, a, b), ends[: k + 1]) for k in range(len(ends))])
    return outward[0], outward[1]


def _of_level(lows: Sequence[Node], highs: Sequence[Node], level: float) -> tuple[Node, Node]:
    """The ends of one level between those of the coverages, as ``IntervalNetworks`` has them."""
    right, share = between_coverages(level)
    middle = (lows[0] + highs[0]) / 2.0
    inner = (middle, middle) if right == 1 else (lows[right - 2], highs[right - 2])
    outer = (lows[right - 1], highs[right - 1])
    low, high = (near + float(share) * (far - near) for near, far in zip(inner, outer, strict=True))
    # rounding must not cross the ends
    inward, outward = ("maximum", "minimum") if share <= 1 else ("minimum", "maximum")
    return make(inward, low, outer[0]), make(outward, high, outer[1])
