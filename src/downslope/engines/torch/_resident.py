"""Steps of small networks: one kernel takes many of them, with all parameters in registers.

What a GPU needs for a step of a small network is mostly the time to begin its operations, one after the
other. Here a step begins none: each member of an ensemble has a multiprocessor of its own.
"""

from __future__ import annotations

import linecache
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from downslope.engines.torch._on_gpu import MOST_STEPS, StepsOnGpu
from downslope.engines.torch._program import TorchProgram
from downslope.engines.torch._terms import Unsuited
from downslope.engines.torch._tiles import kernel_source
from downslope.graph import BATCH, Node

__all__ = ["Resident", "fits"]

_WARPS = {True: 8, False: 4}
"""By whether a tile of the batch holds many numbers."""

_MANY = 1 << 13


@lru_cache(maxsize=64)
def _kernel(program: TorchProgram, rows: int, ordered: bool) -> tuple[Any, Sequence[Node]]:
    """A kernel, and the numbers it reports; Triton reads the source by the name of its file."""
    import triton
    import triton.language as tl
    from triton.language.extra import libdevice

    source, reported = kernel_source(program, rows, ordered)
    name = f"<downslope {hash(source):x}>"
    linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
    names: dict[str, Any] = {"tl": tl, "triton": triton, "libdevice": libdevice}
    exec(compile(source, name, "exec"), names)
    return names["steps"], reported


def fits(program: TorchProgram, batch: int, data: Mapping[str, Any]) -> bool:
    """Whether there is such a kernel for the steps of a descent.

    Its products are those of TF32: in float32 it would take longer than operations one after the other.
    """
    if data["x"].dtype != np.float32 or torch.get_float32_matmul_precision() == "highest":
        return False
    rows = len(data["x"])
    try:
        for size in {min(batch, rows), rows % batch or batch}:
            kernel_source(program, size, rows > batch)
    except Unsuited:
        return False
    return True


class Resident(StepsOnGpu):
    """One launch for all steps of as many rows."""

    def __init__(self, program: TorchProgram, batch: int) -> None:
        super().__init__(program, batch)
        sides = [int(s) for stack in program.stacks for s in stack[0].shape[1:] if stack[0].shape[0] == BATCH]
        self._widest = max(sides, default=1)

    def forget(self) -> None:
        """Tensors are in other places from now on."""
        self._values: Any = None

    def take(self, steps: int, rows: int | None) -> None:
        """Begin steps, which use so many rows of the order, or None for all rows at each step."""
        size = self.count if rows is None else self.batch
        last = size if rows is None else rows - (steps - 1) * size
        whole = steps if last == size else steps - 1
        if whole:
            self._launch(size, 0, whole, rows is not None)
        if whole < steps:
            self._launch(last, whole, 1, True)

    def _launch(self, size: int, begin: int, steps: int, ordered: bool) -> None:
        kernel, reported = _kernel(self.program, size, ordered)
        members = max(len(stack) for stack in self.program.kept)
        if self._values is None:
            self._values = self.kept[0].new_empty((MOST_STEPS, len(reported), members))
        self._reported = reported
        kernel[(members,)](
            *(self.whole, self.table, self._values, begin, begin + steps),
            *(self.columns[name] for name in self.program.columns),
            *self.kept,
            BATCH=self.batch,
            num_warps=_WARPS[size * self._widest > _MANY],
        )

    def taken(self, steps: int) -> NDArray[np.float64]:
        """The errors of the steps, once they are done."""
        values = self._values[:steps]
        if values.shape[2] == 1:
            errors = values[:, 0, 0]
        else:
            home = {stack[0]: stack for stack in self.program.stacks}
            known = {
                node: values[:, place, member]
                for place, first in enumerate(self._reported)
                for member, node in enumerate(home[first])
            }
            scalars = [node for node in home if node.name in self.program.scalars]
            known |= {n: self.table[:steps, self.program.scalars.index(n.name)] for n in scalars}
            (errors,) = self.program.outputs_from(known)
        found: NDArray[np.float64] = errors.cpu().numpy().astype(np.float64)
        return found
