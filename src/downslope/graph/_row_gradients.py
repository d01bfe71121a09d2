"""The size of each row's own gradient, read off the gradient of all rows together.

The chain rule writes the gradient of Σₙ Eₙ by a parameter as a sum over the rows, and each term of it is
one row's own gradient. Its size is in what the sum is made of (Goodfellow, "Efficient per-example gradient
computations", 2015), so no row's gradient is ever formed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

from downslope.errors import DownslopeError
from downslope.graph._arithmetic import value_of
from downslope.graph._chain_rule import gradient
from downslope.graph._node import BATCH, Node, make, topological

__all__ = ["joined_rows", "row_gradient_norms"]


def row_gradient_norms(errors: Node, wrt: Sequence[Node]) -> Node:
    """‖∂Eₙ/∂(all of wrt)‖ of each row n, (n,), from the errors E of the rows, (n,).

    With the gradient of Σₙ Eₙ by a parameter, what it is a sum of, and the squared size of row n in it:

        AᵀB                      Σₙ Aₙ ⊗ Bₙ     ‖Aₙ‖²·‖Bₙ‖²
        sum over the batch axis  Σₙ vₙ          ‖vₙ‖²
        rows added to a table    Σₙ rowₙ at iₙ  ‖rowₙ‖²

    Raises:
        DownslopeError: if the gradient by a parameter is none of these, or rows depend on one another.

    >>> from downslope.graph import input_, parameter
    >>> x, w = input_("x", ("n", 3)), parameter("w", (2, 3))
    >>> z = x @ w.T
    >>> norms = row_gradient_norms(make("sum", make("square", z), axes=(1,), keepdims=False), [w])
    >>> norms
    <sqrt (n)>
    >>> any(node.shape == (2, 3) for node in topological([norms]) if node is not w)  # a gradient of w
    False
    """
    if errors.shape != (BATCH,):
        raise DownslopeError(f"the errors of the rows have the shape (n,), not {errors.shape}; sum outputs")
    if (joined := joined_rows(errors)) is not None:
        raise DownslopeError(
            f"a row has a gradient of its own where no row depends on another; {joined} joins the rows"
        )
    gradients = gradient(make("sum", errors, axes=None, keepdims=False), wrt)
    squares = [_squared(g, w) for w, g in zip(wrt, gradients, strict=True)]
    known = [square for square in squares if square is not None]
    return make("sqrt", reduce(add, known)) if known else make("broadcast", 0.0, errors, axes=())


def _squared(g: Node, w: Node) -> Node | None:
    """The squared size of each row's share of a gradient, (n,); None where all of it is 0."""
    name, inputs = g.op.name, g.inputs
    if name == "broadcast" and value_of(inputs[0]) == 0:
        return None
    if name in ("transpose", "negate"):
        return _squared(inputs[0], w)
    if name in ("multiply", "divide"):
        rest, factor = inputs if inputs[1].shape == () or name == "divide" else inputs[::-1]
        if factor.shape == ():
            square = _squared(rest, w)
            return None if square is None else make(name, square, make("square", factor))
    if name == "matmul" and inputs[0].shape[1] == BATCH:
        return _lengths(inputs[0].T) * _lengths(inputs[1])
    if name == "add_rows":
        return _lengths(inputs[0])
    if name == "sum" and inputs[0].shape[:1] == (BATCH,):
        axes, (summed,) = g.attributes["axes"], inputs
        others = tuple(i for i in range(1, len(summed.shape)) if axes is None or i in axes)
        if axes is None or 0 in axes:
            return _lengths(make("sum", summed, axes=others, keepdims=False))
    raise DownslopeError(
        f"the gradient by {w.name or w} is {g}, of which a row's share cannot be seen: it has to be one "
        "matrix product over the batch, one sum over it, or rows added to a table; use the parameter once"
    )


def _lengths(shares: Node) -> Node:
    """The sum of squares of each row, (n,)."""
    return make("sum", make("square", shares), axes=tuple(range(1, len(shares.shape))), keepdims=False)


def joined_rows(output: Node) -> Node | None:
    """The first node on the way to an output that makes a row depend on others; None where there is none.

    >>> from downslope.graph import input_, ops
    >>> z = input_("z", ("n", 3))
    >>> joined_rows(ops.softmax(z)), joined_rows(z - ops.mean(z, axis=0))
    (None, <sum (3)>)
    """
    for node in topological([output]):
        if not any(BATCH in i.shape for i in node.inputs) or node.op.name == "rows":
            continue
        if node.shape[:1] != (BATCH,) or BATCH in node.shape[1:]:
            return node
    return None
