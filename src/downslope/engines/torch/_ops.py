"""Each op on tensors of one network, or on stacks of them: axes are counted from the last.

A stack has one axis more, the first, along which the members of an ensemble lie. Operands of stacks and of
single values meet by broadcasting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import torch

from downslope.engines._share import Share
from downslope.engines.torch import _namespace
from downslope.engines.torch._random import keep_mask
from downslope.graph import Elementwise, Node

__all__ = ["Operand", "compute"]

Operand = tuple[Any, int]
"""A tensor, or a number, and its rank without the axis of a stack."""

_OPERATORS = ("add", "subtract", "multiply", "divide")  # Python's, which take numbers beside tensors

_TERMS = {"cpu": 1 << 10, "cuda": 1 << 13}
"""Terms of a product that are added in float32: a GPU adds many short sums side by side."""

_Compute = Callable[[Sequence[Node], list[Operand], bool], Any]


def compute(
    nodes: Sequence[Node], operands: list[Operand], bfloat16: bool = False, share: Share | None = None
) -> Any:
    """The value of a node, or the stack of the values of several, alike in all but their places.

    Args:
        nodes: one, or one for each member.
        operands: of its inputs; those of ranks above that hold stacks.
        bfloat16: whether factors of products are rounded.
        share: of a rank, where several compute a step together.
    """
    op = nodes[0].op
    if share is not None and op.name in _OF_RANKS:
        return _OF_RANKS[op.name](nodes, operands, share)
    if isinstance(op, Elementwise):
        return _elementwise(nodes[0], operands)
    return _OTHERS[op.name](nodes, operands, bfloat16)


def _elementwise(node: Node, operands: list[Operand]) -> Any:
    rank = len(node.shape)
    aligned = [_with_rank(value, own, rank) for value, own in operands]
    if node.op.name not in _OPERATORS:
        like = next(value for value in aligned if isinstance(value, torch.Tensor))
        aligned = [v if isinstance(v, torch.Tensor) else like.new_full((), v) for v in aligned]
    return node.op.evaluate(_namespace, *aligned, **node.attributes)


def _with_rank(value: Any, own: int, rank: int) -> Any:
    """A stack with axes of length 1 after the first, so that its values broadcast like single ones."""
    if not isinstance(value, torch.Tensor) or value.ndim == own or own == rank:
        return value
    return value.reshape(value.shape[0], *[1] * (rank - own), *value.shape[1:])


def _matmul(nodes: Sequence[Node], operands: list[Operand], bfloat16: bool) -> Any:
    (a, _), (b, _) = operands
    if not bfloat16:
        return _product(a, b)
    a, b = a.to(torch.bfloat16), b.to(torch.bfloat16)
    if a.device.type == "cpu":  # which has no product of bfloat16 with sums in float32
        return a.to(torch.float32) @ b.to(torch.float32)
    if a.ndim == b.ndim == 2:
        return torch.mm(a, b, out_dtype=torch.float32)
    count = max(a.shape[0] if a.ndim == 3 else 1, b.shape[0] if b.ndim == 3 else 1)
    return torch.bmm(*(f.expand(count, *f.shape[-2:]) for f in (a, b)), out_dtype=torch.float32)


def _product(a: Any, b: Any) -> Any:
    """Long sums lose digits in float32; they are made in float64."""
    if a.dtype == torch.float32 and a.shape[-1] > _TERMS[a.device.type]:
        return (a.double() @ b.double()).to(a.dtype)
    turned = b.is_cuda and b.ndim == 2 and b.is_contiguous() and a.shape[-2] >= max(4 * b.shape[-2], 2048)
    if turned and torch.get_float32_matmul_precision() != "highest":
        # the units for TF32 want the terms of each sum side by side; to turn a few weights costs little
        b = b.mT.contiguous().mT
    return a @ b


def _sum(nodes: Sequence[Node], operands: list[Operand], bfloat16: bool) -> Any:
    (a, rank), attributes = operands[0], nodes[0].attributes
    axes = range(rank) if attributes["axes"] is None else attributes["axes"]
    return a.sum(dim=[axis - rank for axis in axes], keepdim=attributes["keepdims"])


def _broadcast(nodes: Sequence[Node], operands: list[Operand], bfloat16: bool) -> Any:
    (a, own), (like, rank) = operands
    shape = like.shape[like.ndim - rank :]
    if not isinstance(a, torch.Tensor):
        return like.new_full((), a).expand(shape)
    stacked = a.ndim > own
    for axis in nodes[0].attributes["axes"]:
        a = a.unsqueeze(axis + stacked)
    a = _with_rank(a, own + len(nodes[0].attributes["axes"]), rank)
    return a.expand((*a.shape[:stacked], *shape))


def _softmax(nodes: Sequence[Node], operands: list[Operand], bfloat16: bool) -> Any:
    return torch.softmax(operands[0][0], -1)


def _cross_entropy(nodes: Sequence[Node], operands: list[Operand], bfloat16: bool) -> Any:
    """As the op has it: ln(1 + the others) keeps its digits where one score is by far the largest."""
    (z, _), (y, _) = operands
    top = z.argmax(-1, keepdim=True)
    shifted = z - z.gather(-1, top)
    chosen = shifted.gather(-1, y.long().expand(z.shape[:-1]).unsqueeze(-1)).squeeze(-1)
    classes = torch.arange(z.shape[-1], device=z.device)
    return torch.log1p(torch.where(classes == top, 0, shifted.exp()).sum(-1)) - chosen


def _naming(index: Any, rows: int) -> tuple[Any, Any]:
    """Which numbers of a column name a row of a table, and the indices of these rows (0 for the others)."""
    known = (index >= 0) & (index < rows) & (index == index.floor())
    return known, torch.where(known, index, 0).long()


def _take(nodes: Sequence[Node], operands: list[Operand], bfloat16: bool) -> Any:
    (table, _), (index, _) = operands
    known, rows = _naming(index, table.shape[-2])
    if index.ndim == 1:
        found = table.index_select(-2, rows)
    else:
        wide = rows.unsqueeze(-1).expand(*rows.shape, table.shape[-1])
        found = table.expand(len(rows), *table.shape[-2:]).gather(-2, wide)
    return torch.where(known.unsqueeze(-1), found, torch.nan)


def _add_rows(nodes: Sequence[Node], operands: list[Operand], bfloat16: bool) -> Any:
    (rows, _), (index, _), (like, _) = operands
    known, numbers = _naming(index, like.shape[-2])
    rows = torch.where(known.unsqueeze(-1), rows, 0)
    stacked = max(rows.ndim - 2, index.ndim - 1)
    table = rows.new_zeros((len(nodes),) * stacked + tuple(like.shape[-2:]))
    if index.ndim == 1:
        return table.index_add(-2, numbers, rows)
    wide = numbers.unsqueeze(-1).expand(*numbers.shape, rows.shape[-1])
    return table.scatter_add(-2, wide, rows.expand(wide.shape))


def _columns(nodes: Sequence[Node], operands: list[Operand], bfloat16: bool) -> Any:
    a, squeeze = operands[0][0], nodes[0].attributes["squeeze"]
    every = [node.attributes["indices"] for node in nodes]
    if len(set(every)) > 1:  # of one matrix a column for each member
        return a.index_select(-1, torch.tensor([i for (i,) in every], device=a.device)).mT
    return a[..., every[0][0]] if squeeze else _some(a, every[0])


def _some(a: Any, indices: tuple[int, ...]) -> Any:
    first, count = indices[0], len(indices)
    if indices == tuple(range(first, first + count)):
        return a.narrow(-1, first, count)
    return a.index_select(-1, torch.tensor(indices, device=a.device))


def _place_columns(nodes: Sequence[Node], operands: list[Operand], bfloat16: bool) -> Any:
    (part, own), (like, _) = operands
    indices, squeeze = nodes[0].attributes["indices"], nodes[0].attributes["squeeze"]
    stack = part.shape[: part.ndim - own]
    whole = part.new_zeros((*stack, *like.shape[-2:]))
    part = part.unsqueeze(-1) if squeeze else part
    return whole.index_copy(-1, torch.tensor(indices, device=part.device), part)


def _concatenate(nodes: Sequence[Node], operands: list[Operand], bfloat16: bool) -> Any:
    parts = [value for value, _ in operands]
    stack = max((tuple(p.shape[:-2]) for p in parts), key=len)
    return torch.cat([p.expand(*stack, *p.shape[-2:]) for p in parts], dim=-1)


def _one_hot(nodes: Sequence[Node], operands: list[Operand], bfloat16: bool) -> Any:
    y = operands[0][0]
    classes = torch.arange(nodes[0].attributes["classes"], device=y.device, dtype=y.dtype)
    return (y.unsqueeze(-1) == classes).to(y.dtype)


def _keep_mask(nodes: Sequence[Node], operands: list[Operand], bfloat16: bool) -> Any:
    like, seed, draw = (value for value, _ in operands)
    streams = [node.attributes["stream"] for node in nodes]
    return keep_mask(like, seed, draw, streams, nodes[0].attributes["rate"])


def _summed(nodes: Sequence[Node], operands: list[Operand], share: Share) -> Any:
    total = operands[0][0].clone()
    share.add_up(total)
    return total


def _mask_of_rank(nodes: Sequence[Node], operands: list[Operand], share: Share) -> Any:
    like, seed, draw = (value for value, _ in operands)
    streams = [node.attributes["stream"] for node in nodes]
    places = None if share.places is None else torch.from_numpy(share.places).to(like.device)
    return keep_mask(like, seed, draw, streams, nodes[0].attributes["rate"], places)


def _lines(nodes: Sequence[Node], operands: list[Operand], bfloat16: bool) -> Any:
    ((a, _),) = operands
    slopes, offsets = (
        _row(nodes[0].attributes[name], a.dtype, str(a.device)) for name in ("slopes", "offsets")
    )
    return a * slopes + offsets


@lru_cache(maxsize=64)
def _row(numbers: tuple[float, ...], dtype: Any, device: str) -> Any:
    return torch.tensor(numbers, dtype=dtype, device=device)


_OF_RANKS = {"sum_over_ranks": _summed, "keep_mask": _mask_of_rank}
"""The ops that are something else on one rank of several."""

_OTHERS: dict[str, _Compute] = {
    "matmul": _matmul,
    "transpose": lambda nodes, operands, bfloat16: operands[0][0].mT,
    "sum": _sum,
    "broadcast": _broadcast,
    "rows": lambda nodes, operands, bfloat16: float(operands[0][0].shape[-operands[0][1]]),
    "softmax": _softmax,
    "cross_entropy": _cross_entropy,
    "take": _take,
    "add_rows": _add_rows,
    "columns": _columns,
    "place_columns": _place_columns,
    "concatenate": _concatenate,
    "lines": _lines,
    "one_hot": _one_hot,
    "keep_mask": _keep_mask,
    "copy_to_ranks": lambda nodes, operands, bfloat16: operands[0][0],
    "sum_over_ranks": lambda nodes, operands, bfloat16: operands[0][0],
}
