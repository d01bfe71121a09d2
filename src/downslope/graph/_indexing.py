"""Choosing rows and columns, joining columns, and random masks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import accumulate
from operator import add
from typing import Any, ClassVar

from downslope.errors import DownslopeError
from downslope.graph._node import BATCH, Example, Node, Op, Shape, make, register
from downslope.graph.notation import Expression, Infix, Listing, Number

__all__ = ["computed_column", "source_column"]

_SHOWN = 4
"""Of the numbers of a node, so many are written."""


def computed_column(node: Node, column: int) -> tuple[Node, int]:
    """The node that computes a column of a matrix, or the leaf that has it, and its number there."""
    while node.op.name in ("columns", "concatenate"):
        if node.op.name == "columns":
            column = node.attributes["indices"][column]
            (node,) = node.inputs
            continue
        for part in node.inputs:
            if column < int(part.shape[1]):
                node = part
                break
            column -= int(part.shape[1])
    return node, column


def source_column(node: Node, column: int) -> tuple[Node, int] | None:
    """The leaf, and its column, that a column of a matrix is unchanged; None where it is computed.

    >>> from downslope.graph import input_
    >>> x = input_("x", (BATCH, 3))
    >>> source_column(make("concatenate", x * 2.0, make("columns", x, indices=(2,), squeeze=False)), 3)
    (<input x (n, 3)>, 2)
    """
    found, column = computed_column(node, column)
    return None if found.inputs else (found, column)


def _naming(xp: Any, index: Any, rows: int) -> tuple[Any, Any]:
    """Which numbers of a column name a row of a table, and the indices of these rows (0 for the others)."""
    known = (index >= 0) & (index < rows) & (index == xp.floor(index))
    return known, xp.astype(xp.where(known, index, 0), xp.int64)


@register
class Take(Op):
    """The rows of a table that the whole numbers in a column name (an embedding), NaN where there is none"""

    name: ClassVar[str] = "take"
    example = Example(((4, 2), (BATCH,)), high=4.0, whole=(1,))

    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        table, index = shapes
        if len(table) != 2 or len(index) != 1:
            raise DownslopeError(
                f"take needs a table (levels, size) and a column (n), not {table} and {index}"
            )
        if table[0] == 0:
            raise DownslopeError("take needs a table of at least one row")
        return (index[0], table[1])

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        table, index = arrays
        known, rows = _naming(xp, index, table.shape[0])
        return xp.where(known[:, None], xp.take(table, rows, axis=0), xp.nan)

    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        table, index = node.inputs
        return make("add_rows", upstream, index, table), None


@register
class AddRows(Op):
    """Each row of a matrix added to the row of a table that a column names, if any; the reverse of take.

    The third input gives the shape of the table only.
    """

    name: ClassVar[str] = "add_rows"
    example = Example(((BATCH, 2), (BATCH,), (4, 2)), high=4.0, whole=(1,))

    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        rows, index, table = shapes
        if len(table) != 2 or len(index) != 1 or rows != (index[0], table[1]):
            raise DownslopeError(
                f"add_rows needs rows (n, size), a column (n) and a table (levels, size), not {rows}, "
                f"{index} and {table}"
            )
        return table

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        rows, index, like = arrays
        known, numbers = _naming(xp, index, like.shape[0])
        return xp.add_rows(rows[known], numbers[known], like)

    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        return make("take", upstream, node.inputs[1]), None, None


def _chosen_shape(a: Shape, attributes: dict[str, Any]) -> Shape:
    """The shape of some columns of a matrix."""
    indices = attributes["indices"]
    if len(a) != 2 or not indices or (attributes["squeeze"] and len(indices) > 1):
        raise DownslopeError(f"columns {indices} of the shape {a} cannot be chosen")
    wrong = [i for i in indices if not 0 <= i < int(a[1])]
    if wrong:
        raise DownslopeError(f"there is no column {wrong[0]} among {a[1]} (they count from 0)")
    return (a[0],) if attributes["squeeze"] else (a[0], len(indices))


@register
class Columns(Op):
    """Some columns of a matrix; ``squeeze`` makes a single one a vector"""

    name: ClassVar[str] = "columns"
    example = Example(((BATCH, 4),), attributes={"indices": (2, 0), "squeeze": False})

    def simplify(self, inputs: tuple[Node, ...], attributes: dict[str, Any]) -> Node | None:
        (a,) = inputs
        indices, width = attributes["indices"], int(a.shape[1])
        whole = len(indices) == width and indices == tuple(range(width))  # which can be very wide
        return a if whole and not attributes["squeeze"] else None

    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        return _chosen_shape(shapes[0], attributes)

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        (a,) = arrays
        if attributes["squeeze"]:
            return a[:, attributes["indices"][0]]
        return xp.take(a, xp.asarray(attributes["indices"]), axis=1)

    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        chosen = {"indices": node.attributes["indices"], "squeeze": node.attributes["squeeze"]}
        return (make("place_columns", upstream, node.inputs[0], **chosen),)


@register
class PlaceColumns(Op):
    """Columns put where they came from, among zeros: the reverse of columns. The second gives the shape"""

    name: ClassVar[str] = "place_columns"
    example = Example(((BATCH, 2), (BATCH, 4)), attributes={"indices": (2, 0), "squeeze": False})

    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        part, like = shapes
        if len(set(attributes["indices"])) < len(attributes["indices"]):
            raise DownslopeError(f"columns can be put in each place once, not in {attributes['indices']}")
        if part != (wanted := _chosen_shape(like, attributes)):
            raise DownslopeError(f"place_columns needs the shape {wanted}, not {part}")
        return like

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        part, like = arrays
        whole = xp.zeros_like(like)
        target = attributes["indices"][0] if attributes["squeeze"] else list(attributes["indices"])
        whole[:, target] = part
        return whole

    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        return make("columns", upstream, **node.attributes), None


@register
class Concatenate(Op):
    """Matrices side by side"""

    name: ClassVar[str] = "concatenate"
    example = Example(((BATCH, 2), (BATCH, 3)))

    def simplify(self, inputs: tuple[Node, ...], attributes: dict[str, Any]) -> Node | None:
        return inputs[0] if len(inputs) == 1 else None

    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        if any(len(s) != 2 or s[0] != shapes[0][0] for s in shapes):
            raise DownslopeError(
                f"matrices side by side have the same rows, not {' and '.join(map(str, shapes))}"
            )
        return (shapes[0][0], sum(int(s[1]) for s in shapes))

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return xp.concat(arrays, axis=1)

    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        ends = list(accumulate(int(i.shape[1]) for i in node.inputs))
        return tuple(
            _part(upstream, tuple(range(end - int(i.shape[1]), end)))
            for i, end in zip(node.inputs, ends, strict=True)
        )


def _part(upstream: Node, indices: tuple[int, ...]) -> Node:
    """Some columns of a gradient, without terms that are 0 in them: what these need is then not computed."""
    terms, waiting = [], [upstream]
    while waiting:
        term = waiting.pop()
        if term.op.name == "add":
            waiting += reversed(term.inputs)
        else:
            terms.append(term)
    kept = [t for t in terms if t.op.name != "place_columns" or set(indices) & set(t.attributes["indices"])]
    total = upstream if len(kept) in (0, len(terms)) else reduce(add, kept)
    return make("columns", total, indices=indices, squeeze=False)


@register
class OneHot(Op):
    """1 in the column that the class number names, 0 elsewhere"""

    name: ClassVar[str] = "one_hot"
    example = Example(((BATCH,),), high=3.0, attributes={"classes": 3}, whole=(0,))

    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        (y,) = shapes
        if len(y) != 1:
            raise DownslopeError(f"one_hot needs class numbers (n), not {y}")
        return (*y, attributes["classes"])

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        (y,) = arrays
        return xp.astype(y[:, None] == xp.arange(attributes["classes"], dtype=y.dtype)[None, :], y.dtype)

    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        return (None,)


@register
class KeepMask(Op):
    """1 with probability 1 − rate, else 0, from a counter-based generator.

    Inputs: a matrix that gives the shape, the seed, the step. The mask is a function of (seed, stream,
    step, element) alone, so it is the same on every engine and after every restart.
    """

    name: ClassVar[str] = "keep_mask"
    example = Example(
        ((BATCH, 3), (), ()), low=0.0, high=9.0, attributes={"rate": 0.4, "stream": 2}, whole=(1, 2)
    )

    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        like, seed, step = shapes
        if len(like) != 2 or seed or step:
            raise DownslopeError(
                f"keep_mask needs a matrix, a seed and a step, not {like}, {seed} and {step}"
            )
        if not 0 <= attributes["rate"] < 1:
            raise DownslopeError(f"the rate of keep_mask is at least 0 and below 1, not {attributes['rate']}")
        return like

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        like, seed, step = arrays
        return xp.keep_mask(like, int(seed), attributes["stream"], int(step), attributes["rate"])

    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        return None, None, None


@register
class Lines(Op):
    """Each column of a matrix times its own fixed slope, plus its own fixed offset"""

    name: ClassVar[str] = "lines"
    example = Example(((BATCH, 3),), attributes={"slopes": (2.0, -0.5, 1.0), "offsets": (0.0, 1.0, -3.0)})

    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        (a,) = shapes
        counts = [len(attributes[name]) for name in ("slopes", "offsets")]
        if len(a) != 2 or counts != [a[1], a[1]]:
            raise DownslopeError(
                f"lines needs a slope and an offset for each column, not {counts[0]} and {counts[1]} for {a}"
            )
        return a

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        (a,) = arrays
        slopes, offsets = (xp.asarray(attributes[name], dtype=a.dtype) for name in ("slopes", "offsets"))
        return a * slopes + offsets

    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        slopes = node.attributes["slopes"]
        return (make("lines", upstream, slopes=slopes, offsets=(0.0,) * len(slopes)),)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        slopes, offsets = (attributes[name] for name in ("slopes", "offsets"))
        scaled = Infix("⊙", (operands[0], _listing(slopes)))
        return Infix("+", (scaled, _listing(offsets))) if any(offsets) else scaled


def _listing(numbers: Sequence[float]) -> Expression:
    """The numbers, or of many the largest ones."""
    if len(numbers) == 1:
        return Number(numbers[0])
    places = list(range(len(numbers)))
    if len(numbers) > _SHOWN + 1:
        places = sorted(places, key=lambda place: -abs(numbers[place]))[:_SHOWN]
    shown = tuple(Number(numbers[place]) for place in places)
    return Listing(shown, tuple(place + 1 for place in places), len(numbers) - len(places))
