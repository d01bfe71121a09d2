"""Features of bins in front of a product: found in the graph, so that lookups can take the place of products.

Of the bins of a column a value lies in one. Where bins are ramps, those below it are full, so that what a
value adds to a product is a sum of columns of the weights: the same for all values of a bin but for the
share of its own. A table of these sums, one for each end of a bin, is made once in a step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from itertools import pairwise

from downslope._dataclass import dataclass
from downslope.engines.native.lowering._views import Factor
from downslope.graph import BATCH, Node, computed_column

__all__ = ["BinnedColumn", "BinnedFeatures", "Bins", "binned_features", "left_out"]

_FEWEST = 4
"""Bins of a column, on average, from which on lookups are faster."""

_ROUNDING = 1e-6
"""Of a bin: how far its end may lie from the beginning of the next."""


@dataclass(frozen=True)
class BinnedColumn:
    """The bins of a column, in rising order.

    Attributes:
        source, feature: the node that has the column, and which of its features it is.
        starts: where segments begin, in each of which two neighbouring rows of the table count.
        slopes, offsets: of the line of each bin.
        row: the first of the table.
    """

    source: Node
    feature: int
    starts: tuple[float, ...]
    slopes: tuple[float, ...]
    offsets: tuple[float, ...]
    row: int


@dataclass(frozen=True, eq=False)
class Bins:
    """Ramps or peaks of some columns.

    Attributes:
        peaks: whether a bin is 0 from the next one on; a ramp stays at its height.
        height: of each.
        columns: with their bins.
        rows: for each row of the table the column of the weights that it adds to the row before, or for peaks
            is; -1 begins a column of ramps.
        node: of the bins side by side.
    """

    peaks: bool
    height: float
    columns: Sequence[BinnedColumn]
    rows: Sequence[int]
    node: Node


@dataclass(frozen=True, eq=False)
class BinnedFeatures:
    """Features side by side, of which bins are the last.

    Attributes:
        dense: the nodes of the others.
        bins: the rest.
    """

    dense: Sequence[Node]
    bins: Sequence[Bins]


def binned_features(
    order: Sequence[Node], users: Mapping[Node, Sequence[Node]], wanted: Set[Node]
) -> dict[Node, BinnedFeatures]:
    """Features that end with fixed bins and are read by products with weights alone."""
    found = {}
    for node in order:
        if node.op.name != "concatenate" or node in wanted:
            continue
        if all(_is_product(user, node) for user in users[node]) and (split := _split(node)):
            found[node] = split
    return found


def left_out(
    binned: Mapping[Node, BinnedFeatures],
    order: Sequence[Node],
    users: Mapping[Node, Sequence[Node]],
    wanted: Set[Node],
) -> Set[Node]:
    """The nodes that nobody reads once lookups take the place of products."""
    found = set(binned)
    needed = {node for features in binned.values() for node in features.dense}
    needed |= {c.source for features in binned.values() for bins in features.bins for c in bins.columns}
    for node in reversed(order):
        of_batch = bool(node.inputs) and BATCH in node.shape
        readers = users.get(node, ()) if of_batch and node not in needed and node not in wanted else ()
        if readers and all(reader in found for reader in readers):
            found.add(node)
    return found


def _is_product(user: Node, features: Node) -> bool:
    """Whether a node is XWᵀ of weights W, or a gradient by them, AᵀX."""
    if user.op.name != "matmul":
        return False
    if user.inputs[1] is features:
        return user.inputs[0].shape[1] == BATCH
    weights = Factor(user.inputs[1])
    return weights.transposed and weights.base.op.name == "parameter"


def _split(node: Node) -> BinnedFeatures | None:
    parts = _flat(node)
    bins: list[Bins] = []
    end = int(node.shape[1])
    while len(parts) > 1 and (found := _bins(parts[-1], end - int(parts[-1].shape[1]))):
        bins.insert(0, found)
        end -= int(parts.pop().shape[1])
    return BinnedFeatures(parts, bins) if bins else None


def _flat(node: Node) -> list[Node]:
    """The parts that lie side by side."""
    if node.op.name != "concatenate":
        return [node]
    return [part for each in node.inputs for part in _flat(each)]


def _bins(node: Node, first: int) -> Bins | None:
    """The bins that a node is, whose weights begin at this column; None where it is none, or has few."""
    found = _ramps(node) or _peaks(node)
    if found is None:
        return None
    lines, peaks, height = found
    by_column: dict[tuple[Node, int], list[int]] = {}
    for place in range(int(lines.shape[1])):
        by_column.setdefault(computed_column(lines.inputs[0], place), []).append(place)
    if int(lines.shape[1]) < _FEWEST * len(by_column):
        return None
    columns: list[BinnedColumn] = []
    rows: list[int] = []
    for (source, feature), places in by_column.items():
        slopes, offsets = (tuple(lines.attributes[name][k] for k in places) for name in ("slopes", "offsets"))
        starts = _starts(slopes, offsets, peaks)
        if starts is None:
            return None
        columns.append(BinnedColumn(source, feature, starts, slopes, offsets, len(rows)))
        rows += [*([] if peaks else [-1]), *(first + k for k in places)]
    return Bins(peaks, height, columns, rows, node)


def _ramps(node: Node) -> tuple[Node, bool, float] | None:
    """height · min(max(lines, 0), 1)"""
    scaled = _with_number(node, "multiply")
    top = scaled and _with_number(scaled[0], "minimum", 1.0)
    bottom = top and _with_number(top[0], "maximum", 0.0)
    if not scaled or not bottom or bottom[0].op.name != "lines":
        return None
    return bottom[0], False, scaled[1]


def _peaks(node: Node) -> tuple[Node, bool, float] | None:
    """max(1 − |lines|, 0)"""
    near = _with_number(node, "maximum", 0.0)
    away = near and _with_number(near[0], "subtract", 1.0)
    if not away or away[0].op.name != "absolute" or away[0].inputs[0].op.name != "lines":
        return None
    return away[0].inputs[0], True, 1.0


def _with_number(node: Node, op: str, number: float | None = None) -> tuple[Node, float] | None:
    """The other operand of an op on a number, and the number."""
    if node.op.name != op:
        return None
    for place in (0, 1) if op != "subtract" else (0,):
        given = node.inputs[place]
        if given.op.name == "constant" and number in (None, given.attributes["value"]):
            return node.inputs[1 - place], given.attributes["value"]
    return None


def _starts(slopes: Sequence[float], offsets: Sequence[float], peaks: bool) -> tuple[float, ...] | None:
    """Where segments begin; None where bins do not follow each other, or peaks reach beyond the next."""
    if not all(slope > 0 for slope in slopes) or len(slopes) < 2:
        return None
    zeros = [-offset / slope for slope, offset in zip(slopes, offsets, strict=True)]
    gaps = [high - low for low, high in pairwise(zeros)]
    if min(gaps) <= 0:
        return None
    if peaks:
        widths = [1 / slope for slope in slopes]
        near = [max(pair) <= gap * (1 + _ROUNDING) for pair, gap in zip(pairwise(widths), gaps, strict=True)]
        return tuple(zeros[:-1]) if all(near) else None
    ends = [zero + 1 / slope for zero, slope in zip(zeros, slopes, strict=True)]
    apart = [abs(end - zero) * slope for end, zero, slope in zip(ends, zeros[1:], slopes, strict=False)]
    return tuple(zeros) if max(apart) <= _ROUNDING else None
