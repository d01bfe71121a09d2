"""A network as a module of PyTorch: the nodes of its graph, one by one, on tensors.

It is imported where a module is asked for, as torch takes a while.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from downslope.graph import Node, topological
from downslope.nets._built import Built

__all__ = ["TorchNetwork"]


class _Tensors:
    """Torch as the array namespace of the ops: NumPy's names, and numbers where it wants tensors.

    Args:
        device: where new tensors are.
    """

    float64, nan = torch.float64, torch.nan

    def __init__(self, device: Any) -> None:
        self._device = device

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)

    def asarray(self, value: Any, dtype: Any = None) -> Any:
        return torch.as_tensor(value, dtype=dtype, device=self._device)

    def astype(self, a: Any, dtype: Any) -> Any:
        return a.to(dtype)

    def broadcast_to(self, a: Any, shape: Any) -> Any:
        return a.expand(shape)

    def concat(self, arrays: Any, axis: int) -> Any:
        return torch.cat(list(arrays), dim=axis)

    def expand_dims(self, a: Any, axis: int) -> Any:
        return a.unsqueeze(axis)

    def keep_mask(self, like: Any, seed: int, stream: int, step: int, rate: float) -> Any:
        """Drawn by torch, as ``torch.manual_seed`` says."""
        return (torch.rand_like(like) >= rate).to(like.dtype)

    def max(self, a: Any, axis: int, keepdims: bool) -> Any:
        return a.amax(dim=axis, keepdim=keepdims)

    def maximum(self, a: Any, b: Any) -> Any:
        return torch.maximum(*_both(a, b))

    def minimum(self, a: Any, b: Any) -> Any:
        return torch.minimum(*_both(a, b))

    def ndtr(self, z: Any) -> Any:
        return torch.special.ndtr(z)

    def sum(self, a: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
        axes = tuple(range(a.ndim)) if axis is None else axis
        return a.sum(dim=axes, keepdim=keepdims, dtype=dtype)

    def take(self, a: Any, index: Any, axis: int) -> Any:
        return a.index_select(axis, index)


def _both(a: Any, b: Any) -> tuple[Any, Any]:
    like = a if isinstance(a, torch.Tensor) else b
    return tuple(v if isinstance(v, torch.Tensor) else like.new_full((), v) for v in (a, b))


class TorchNetwork(torch.nn.Module):  # type: ignore[misc]
    """A network in PyTorch, which trains there too; ``network.to_torch`` makes it.

    Called with inputs, (rows, inputs), it predicts; ``output`` gives what stands before the link of the loss,
    such as logits. Dropout acts after ``train()`` and rests after ``eval()``.
    """

    def __init__(self, network: Built, values: Mapping[str, NDArray[Any]]) -> None:
        super().__init__()
        self.network = network
        for name, value in values.items():
            *path, role = name.split(".")
            place: torch.nn.Module = self
            for part in path:
                if part not in dict(place.named_children()):
                    place.add_module(part, torch.nn.Module())
                place = place.get_submodule(part)
            place.register_parameter(role, torch.nn.Parameter(torch.tensor(np.ascontiguousarray(value))))

    def forward(self, x: Any) -> Any:
        """The prediction, (rows, outputs), as ``ds.predict`` gives it."""
        return self._evaluated(self.network.graph(training=self.training).prediction, x)

    def output(self, x: Any) -> Any:
        """z of the last layer, (rows, outputs), such as logits, which the losses of torch take."""
        return self._evaluated(self.network.graph(training=self.training).output, x)

    def _evaluated(self, wanted: Node, x: Any) -> Any:
        leaves: dict[str, Any] = {"seed": 0, "draw": 0, **dict(self.named_parameters())}
        first = next(self.parameters())
        leaves["x"] = torch.as_tensor(x).to(first.dtype).to(first.device)
        tensors = _Tensors(first.device)
        found: dict[Node, Any] = {}
        for node in topological([wanted]):
            if node.inputs:
                given = [found[each] for each in node.inputs]
                found[node] = node.op.evaluate(tensors, *given, **node.attributes)
            else:
                found[node] = leaves[node.name] if node.name else node.attributes["value"]
        return found[wanted]
