"""What ranks that compute a step together do with a value: each has a copy, or all add up their parts."""

from __future__ import annotations

from typing import Any, ClassVar

from downslope.errors import DownslopeError
from downslope.graph._node import BATCH, Node, Op, Shape, make, register

__all__: list[str] = []


@register
class CopyToRanks(Op):
    """A value that every rank has"""

    name: ClassVar[str] = "copy_to_ranks"

    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        return shapes[0]

    def simplify(self, inputs: tuple[Node, ...], attributes: dict[str, Any]) -> Node | None:
        return inputs[0] if inputs[0].op.name == "constant" else None

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return arrays[0]

    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        return (make("sum_over_ranks", upstream),)


@register
class SumOverRanks(Op):
    """Σ over all ranks of what each of them computed from its rows; of one process, the value itself"""

    name: ClassVar[str] = "sum_over_ranks"

    def shape(self, shapes: tuple[Shape, ...], attributes: dict[str, Any]) -> Shape:
        if BATCH in shapes[0]:
            raise DownslopeError(f"each rank has rows of its own: there is no sum of {shapes[0]} over ranks")
        return shapes[0]

    def evaluate(self, xp: Any, *arrays: Any, **attributes: Any) -> Any:
        return xp.sum_over_ranks(arrays[0])

    def backward(self, node: Node, upstream: Node) -> tuple[Node | None, ...]:
        return (make("copy_to_ranks", upstream),)
