"""Functions that look at more than one element at a time."""

from __future__ import annotations

from collections.abc import Sequence

from downslope._checks import Interval, flag, numbers, one_or_more, real, whole
from downslope.errors import DownslopeError
from downslope.graph._node import BATCH, Node, checked_node, make

__all__ = ["columns", "concatenate", "lines", "matmul", "mean", "softmax", "sum", "transpose"]


def sum(a: Node, axis: int | None = None, keepdims: bool = False) -> Node:
    """The sum of all numbers, or along one axis: 0 is that of the rows, 1 that of the columns.

    Raises:
        DownslopeError: if there is no such axis.

    >>> from downslope.graph import input_
    >>> z = input_("z", ("n", 3))
    >>> sum(z), sum(z, axis=1), sum(z, axis=1, keepdims=True)
    (<sum ()>, <sum (n)>, <sum (n, 1)>)
    """
    return make("sum", a, axes=_axes(a, axis, keepdims), keepdims=flag("keepdims", keepdims))


def mean(a: Node, axis: int | None = None, keepdims: bool = False) -> Node:
    """The mean of all numbers, or along one axis: 0 is that of the rows, 1 that of the columns.

    Raises:
        DownslopeError: if there is no such axis.

    >>> from downslope.graph import input_
    >>> mean(input_("z", ("n", 3)), axis=1)
    <divide (n)>
    """
    total, count = sum(a, axis, keepdims), 1
    over_rows = False
    for i in _axes(a, axis, True) or ():
        over_rows |= a.shape[i] == BATCH
        count *= 1 if a.shape[i] == BATCH else int(a.shape[i])
    total = total / float(count)
    return total / make("rows", a) if over_rows else total


def _axes(a: Node, axis: int | None, keepdims: bool) -> tuple[int, ...] | None:
    """The axes as the op has them: all of them as None, unless they are kept."""
    rank = len(checked_node("sum", a).shape)
    if axis is None:
        return tuple(range(rank)) if flag("keepdims", keepdims) else None
    return (whole("axis", axis, Interval(-rank, rank - 1)) % rank,)


def softmax(z: Node) -> Node:
    """exp(zₖ) / Σⱼ exp(zⱼ) along each row of a matrix.

    >>> from downslope.graph import input_
    >>> softmax(input_("z", ("n", 3)))
    <softmax (n, 3)>
    """
    return make("softmax", z)


def matmul(a: Node, b: Node) -> Node:
    """The matrix product, also written ``a @ b``.

    >>> from downslope.graph import input_, parameter
    >>> matmul(input_("h", ("n", 3)), parameter("weight", (3, 2)))
    <matmul (n, 2)>
    """
    return make("matmul", a, b)


def transpose(a: Node) -> Node:
    """aᵀ of a matrix, also written ``a.T``.

    >>> from downslope.graph import parameter
    >>> transpose(parameter("weight", (3, 2)))
    <transpose (2, 3)>
    """
    return make("transpose", a)


def columns(a: Node, indices: int | tuple[int, ...]) -> Node:
    """Some columns of a matrix, counted from 0; one number instead of a tuple gives a vector.

    >>> from downslope.graph import input_
    >>> z = input_("z", ("n", 4))
    >>> columns(z, (0, 2)), columns(z, 1)
    (<columns (n, 2)>, <columns (n)>)
    """
    if len(checked_node("columns", a).shape) != 2 or a.shape[1] == BATCH:
        raise DownslopeError(f"columns needs a matrix as a, not the shape {a.shape}")
    chosen = one_or_more("indices", indices, Interval(0, int(a.shape[1]) - 1))
    return make("columns", a, indices=chosen, squeeze=real(indices) is not None)


def concatenate(*parts: Node) -> Node:
    """Matrices side by side.

    >>> from downslope.graph import input_
    >>> z = input_("z", ("n", 3))
    >>> concatenate(z, z)
    <concatenate (n, 6)>
    """
    if not parts:
        raise DownslopeError("concatenate needs at least one matrix")
    return make("concatenate", *(checked_node("concatenate", part) for part in parts))


def lines(a: Node, slopes: Sequence[float], offsets: Sequence[float]) -> Node:
    """Each column of a matrix times a fixed slope of its own, plus a fixed offset of its own.

    Args:
        a: the matrix.
        slopes, offsets: a number for each column; nothing learns them.

    Raises:
        DownslopeError: if there are not as many of both as columns.

    >>> import numpy as np
    >>> from downslope.engines import evaluate
    >>> from downslope.graph import input_
    >>> z = input_("z", ("n", 2))
    >>> evaluate([lines(z, slopes=[2.0, -1.0], offsets=[0.0, 5.0])], {"z": np.array([[1.0, 3.0]])})
    [array([[2., 2.]])]
    """
    if len(checked_node("lines", a).shape) != 2 or a.shape[1] == BATCH:
        raise DownslopeError(f"lines needs a matrix as a, not the shape {a.shape}")
    found = {"slopes": numbers("slopes", slopes), "offsets": numbers("offsets", offsets)}
    for name, given in found.items():
        if len(given) != a.shape[1]:
            raise DownslopeError(
                f"{name} needs a number for each of {a.shape[1]} columns, not {len(given)} numbers"
            )
    return make("lines", a, **found)
