"""Matrix products, reductions and their inverses."""

from __future__ import annotations

from typing import Any, ClassVar

from downslope.errors import DownslopeError
from downslope.graph._node import BATCH, Example, Node, Op, Shape, make, register
from downslope.graph.notation import Expression, Infix, Power, SumOver, Symbol, Words

__all__: list[str] = []


_PART = 1024
"""Terms that are added in float32, as in the native engine."""


@register
class Matmul(Op):
    """a @ b for two matrices"""

    name: ClassVar[str] = "matmul"
    example = Example(((BATCH, 3), (3, 2)))

    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        a, b = shapes
        if len(a) != 2 or len(b) != 2 or a[1] != b[0]:
            raise DownslopeError(f"a matrix product needs (p, q) and (q, r), not {a} and {b}")
        return (a[0], b[1])

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        a, b = arrays
        if a.dtype == xp.float64 or a.shape[1] <= _PART:
            return a @ b
        firsts = range(
            0, a.shape[1], _PART
        )  # long sums lose digits in float32: parts of them, added in float64
        total = sum(xp.astype(a[:, k : k + _PART] @ b[k : k + _PART], xp.float64) for k in firsts)
        return xp.astype(total, a.dtype)

    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        a, b = node.inputs
        return upstream @ b.T, a.T @ upstream

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Infix("·", operands)


@register
class Transpose(Op):
    """aᵀ"""

    name: ClassVar[str] = "transpose"
    example = Example(((BATCH, 3),))

    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        (a,) = shapes
        if len(a) != 2:
            raise DownslopeError(f"only a matrix can be transposed, not the shape {a}")
        return (a[1], a[0])

    def simplify(self, inputs: tuple[Node, ...], attributes: dict[str, Any]) -> Node | None:
        (a,) = inputs
        if a.op.name == "transpose":
            return a.inputs[0]
        if a.op.name == "matmul":
            left, right = a.inputs
            return right.T @ left.T
        return None

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return arrays[0].T

    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        return (upstream.T,)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Power(operands[0], Words("ᵀ"))


@register
class Sum(Op):
    """Sum over ``axes`` (all of them for None), which are kept with length 1 where ``keepdims``"""

    name: ClassVar[str] = "sum"
    example = Example(((BATCH, 3),), attributes={"axes": (1,), "keepdims": False})

    def simplify(self, inputs: tuple[Node, ...], attributes: dict[str, Any]) -> Node | None:
        return inputs[0] if attributes["axes"] == () or inputs[0].shape == () else None

    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        (a,) = shapes
        axes = attributes["axes"]
        if axes is None:
            return ()
        if len(set(axes)) < len(axes) or not set(axes) <= set(range(len(a))):
            raise DownslopeError(f"a sum needs axes of {a}, each once and counted from 0, not {axes}")
        if attributes["keepdims"]:
            return tuple(1 if i in axes else d for i, d in enumerate(a))
        return tuple(d for i, d in enumerate(a) if i not in axes)

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        (a,) = arrays  # NumPy adds the rows of a matrix one by one, which in float32 loses digits over many
        total = xp.sum(a, axis=attributes["axes"], keepdims=attributes["keepdims"], dtype=xp.float64)
        return xp.astype(total, a.dtype)

    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        lost = (
            () if node.attributes["keepdims"] or node.attributes["axes"] is None else node.attributes["axes"]
        )
        return (make("broadcast", upstream, node.inputs[0], axes=lost),)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return SumOver("", operands[0])


@register
class Broadcast(Op):
    """a repeated to the shape of the second input, with new axes at ``axes``; the reverse of a sum"""

    name: ClassVar[str] = "broadcast"
    example = Example(((BATCH,), (BATCH, 3)), attributes={"axes": (1,)})

    def simplify(self, inputs: tuple[Node, ...], attributes: dict[str, Any]) -> Node | None:
        return inputs[0] if inputs[0].shape == inputs[1].shape else None

    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        a, like = shapes
        expanded = list(a)
        for axis in attributes["axes"]:
            expanded.insert(axis, 1)
        pairs = zip(reversed(expanded), reversed(like), strict=False)
        if len(expanded) > len(like) or any(have not in (1, want) for have, want in pairs):
            raise DownslopeError(f"{a} with axes at {attributes['axes']} cannot be repeated to {like}")
        return like

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        a, like = arrays
        a = xp.asarray(a, dtype=like.dtype)
        for axis in attributes["axes"]:
            a = xp.expand_dims(a, axis=axis)
        return xp.broadcast_to(a, like.shape)

    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        a, like = node.inputs
        new = node.attributes["axes"]
        summed = make("sum", upstream, axes=new, keepdims=False)
        left = [d for i, d in enumerate(like.shape) if i not in new]
        extra = len(left) - len(a.shape)
        summed = make("sum", summed, axes=tuple(range(extra)), keepdims=False)
        ones = tuple(
            i for i, (have, want) in enumerate(zip(left[extra:], a.shape, strict=True)) if have != want
        )
        return make("sum", summed, axes=ones, keepdims=True), None

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return operands[0]


@register
class RowCount(Op):
    """The number of rows of the batch"""

    name: ClassVar[str] = "rows"
    example = Example(((BATCH, 3),))

    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        if not shapes[0]:
            raise DownslopeError("one number has no rows to count")
        return ()

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return float(arrays[0].shape[0])

    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        return (None,)

    def notation(self, *operands: Expression, **attributes: Any) -> Expression:
        return Symbol("n")


@register
class Softmax(Op):
    """exp(zₖ) / Σⱼ exp(zⱼ) along each row"""

    name: ClassVar[str] = "softmax"
    example = Example(((BATCH, 4),))

    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        (z,) = shapes
        if len(z) != 2:
            raise DownslopeError(f"softmax needs scores (n, classes), not {z}")
        return z

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        (z,) = arrays
        e = xp.exp(z - xp.max(z, axis=1, keepdims=True))
        return e / xp.sum(e, axis=1, keepdims=True)

    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        product = upstream * node
        return (product - node * make("sum", product, axes=(1,), keepdims=True),)
