"""Steps of any program: operations that are joined to few kernels, and recorded as CUDA graphs."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._triton import has_triton

from downslope.engines.torch._on_gpu import MOST_STEPS, StepsOnGpu
from downslope.engines.torch._program import TorchProgram

__all__ = ["Recording"]

_RECORDED = 16
"""Steps of a graph: launching one costs the processor some microseconds, whatever it holds."""

_Shapes = tuple[tuple[tuple[int, ...], Any, Any], ...]


class Recording(StepsOnGpu):
    """A step is traced to torch's own operations, compiled where Triton is there, and recorded."""

    def __init__(self, program: TorchProgram, batch: int) -> None:
        super().__init__(program, batch)
        self._graphs: dict[tuple[int, bool, int], Any] = {}

    def forget(self) -> None:
        """Tensors are in other places from now on."""
        self._graphs.clear()
        if self.whole is not None:
            self._at = torch.zeros(1, dtype=torch.int64, device=self.whole.device)
            self._errors = torch.zeros(MOST_STEPS, dtype=torch.float64, device=self.whole.device)

    def take(self, steps: int, rows: int | None) -> None:
        """Begin steps, which use so many rows of the order, or None for all rows at each step."""
        parts = list(self._parts(steps, rows))
        graphs = [self._graph(size, rows is not None, count) for size, count in parts]
        self._at.zero_()
        for graph in graphs:
            graph.replay()

    def taken(self, steps: int) -> NDArray[np.float64]:
        """The errors of the steps, once they are done."""
        found: NDArray[np.float64] = self._errors[:steps].cpu().numpy()
        return found

    def _parts(self, steps: int, rows: int | None) -> Iterator[tuple[int, int]]:
        """The graphs that make so many steps: rows of a step, and the steps of the graph."""
        size = self.count if rows is None else self.batch
        last = size if rows is None else rows - (steps - 1) * size
        whole = steps if last == size else steps - 1
        for _ in range(whole // _RECORDED):
            yield size, _RECORDED
        for _ in range(whole % _RECORDED):
            yield size, 1
        if whole < steps:
            yield last, 1

    def _graph(self, size: int, ordered: bool, steps: int) -> Any:
        """A graph of steps of so many rows."""
        key = size, ordered, steps
        if key not in self._graphs:
            columns = [self.columns[name] for name in self.program.columns]
            tensors = [self._at, self.whole, self.table, self._errors, *columns, *self.kept]
            shapes = tuple((tuple(t.shape), t.dtype, t.device) for t in tensors)
            precision = torch.get_float32_matmul_precision()
            step = _step(self.program, self.batch, size if ordered else None, shapes, precision)
            self._graphs[key] = self._recorded(step, tensors, steps)
        return self._graphs[key]

    def _recorded(self, step: Callable[..., Any], tensors: list[Any], steps: int) -> Any:
        """Steps as a CUDA graph; the first ones, which get kernels ready, leave no trace."""
        changed = [self._at, self._errors, *self.kept]
        before = [tensor.clone() for tensor in changed]
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(2):
                self._at.zero_()  # no step may look beyond the end of the order
                step(*tensors)
        torch.cuda.current_stream().wait_stream(side)
        torch._foreach_copy_(changed, before)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            for _ in range(steps):
                step(*tensors)
        return graph


@lru_cache(maxsize=32)
def _step(
    program: TorchProgram, batch: int, size: int | None, shapes: _Shapes, precision: str
) -> Callable[..., Any]:
    """A step in place on all that it reads and writes, made once for descents of the same structure.

    Args:
        program: of which it is a step.
        batch: the rows from the beginning of one step to that of the next.
        size: rows of the step, looked up in the order; None for all rows as they are.
        shapes: of the tensors, with their dtypes and devices.
        precision: of products in float32, as torch has it now.
    """

    def step(*tensors: Any) -> tuple[Any]:
        at, whole, table, errors, *others = tensors
        columns, kept = others[: len(program.columns)], others[len(program.columns) :]
        if size is not None:
            rows = whole[2 + at * batch + torch.arange(size, device=at.device)]
            columns = [column[rows] for column in columns]
        numbers = table.index_select(0, at).squeeze(0)
        given = {**dict(zip(program.columns, columns, strict=True)), "seed": whole[0]}
        given |= dict(zip(program.scalars, numbers.unbind(), strict=True))
        given["draw"] = whole[1] + at.squeeze(0)
        error, *new = program.run(list(kept), given)
        errors.index_copy_(0, at, error.double().reshape(1))
        places = {now.untyped_storage().data_ptr() for now in kept}
        new = [value.clone() if value.untyped_storage().data_ptr() in places else value for value in new]
        for now, value in zip(kept, new, strict=True):
            now.copy_(value)
        at.add_(1)
        return (error,)

    # whole numbers are 0 here: a step is traced on tensors of zeros, which are as good as any others
    examples = [torch.zeros(shape, dtype=dtype, device=device) for shape, dtype, device in shapes]
    traced = make_fx(step)(*examples)
    if not _compiles(examples[0].device):
        return traced  # type: ignore[no-any-return]
    from torch._inductor import compile as compiled

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as the advice to take TF32
        return compiled(traced, examples)  # type: ignore[no-any-return]


def _compiles(device: Any) -> bool:
    """Whether operations are joined to kernels: where Triton is there, unless torch is told not to."""
    return device.type == "cuda" and has_triton() and os.environ.get("TORCH_COMPILE_DISABLE") != "1"
