"""Descents that torch runs: on a GPU many steps without returning to Python, on the processor one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils._triton import has_triton

from downslope.engines._protocol import Arrays, Scalars, check_values, scalar_table
from downslope.engines._share import OwnRows, Share, step_rows
from downslope.engines.torch._on_gpu import StepsOnGpu
from downslope.engines.torch._program import TorchProgram, signed, torch_program
from downslope.engines.torch._recording import Recording
from downslope.engines.torch._resident import Resident, fits
from downslope.graph import Node

__all__ = ["TorchDescent"]


class TorchDescent:
    """A ``DescentEngine`` in torch."""

    def __init__(
        self,
        error: Node,
        updates: Mapping[Node, Node],
        data: Arrays,
        batch: int,
        *,
        device: str,
        bfloat16: bool = False,
        share: Share | None = None,
    ) -> None:
        self._program = torch_program((error,), tuple(updates.items()), bfloat16)
        self._shapes = {leaf.name: tuple(map(int, leaf.shape)) for leaf in updates}
        self._dtype, self._device, self._batch = data["x"].dtype, torch.device(device), batch
        self._saved: list[Any] = []
        self._steps: _OneByOne | StepsOnGpu
        if self._device.type == "cuda" and share is None:
            resident = has_triton() and fits(self._program, batch, data)
            self._steps = (Resident if resident else Recording)(self._program, batch)
        else:
            self._steps = _OneByOne(self._program, batch, share)
        self.put_data(data)

    def steps_in(self, seconds: float) -> int:
        """An estimate of how many steps fit into a time, at least one."""
        on_gpu = self._device.type == "cuda"
        work = 6 * self._batch * self._program.multiplications
        return 1 + int(seconds / (5e-5 + work / 5e13 if on_gpu else 1e-3 + work / 5e9))

    def put_data(self, data: Arrays) -> None:
        """Go on with these rows, in the dtype that the descent began with."""
        columns = {name: self._tensor(data[name]) for name in self._program.columns}
        self._steps.put_data(columns, len(data["x"]))

    def put(self, values: Arrays) -> None:
        """Set parameters and states."""
        check_values(self._shapes, values)
        arrays = [
            np.stack([values[leaf.name] for leaf in stack]) if len(stack) > 1 else values[stack[0].name]
            for stack in self._program.kept
        ]
        self._steps.put([self._tensor(array) for array in arrays])

    def values(self) -> dict[str, NDArray[Any]]:
        """Copies of the parameters and states."""
        found = {}
        for stack, value in zip(self._program.kept, self._steps.kept, strict=True):
            array = value.cpu().numpy()
            for place, leaf in enumerate(stack):
                found[leaf.name] = array[place].copy() if len(stack) > 1 else array.copy()
        return {name: found[name] for name in self._shapes}

    def finite(self) -> bool:
        """Whether all parameters and states are finite numbers."""
        kept = self._steps.kept
        return not kept or bool(torch.stack([torch.isfinite(value).all() for value in kept]).all())

    def save(self) -> None:
        """Keep the parameters and states as they are now."""
        self._saved = [value.clone() for value in self._steps.kept]

    def restore(self) -> None:
        """Go back to what was kept last."""
        self._steps.put([value.clone() for value in self._saved])

    def close(self) -> None:
        """There is nothing to leave."""

    @property
    def ran(self) -> tuple[int, NDArray[np.float64]]:
        """The first step of the last run, and its errors."""
        return self._steps.first, self._steps.errors()

    def run(
        self,
        order: NDArray[np.int64] | None,
        count: int,
        scalars: Scalars,
        first: int,
        seed: int,
        seconds: float = inf,
        own: OwnRows | None = None,
    ) -> NDArray[np.float64]:
        """The error of each step before its update, as ``DescentEngine`` has it."""
        table = scalar_table(self._program.scalars, scalars, count)
        with torch.no_grad():
            given = (order, count, table, first, signed(seed), perf_counter() + seconds)
            if own is None:
                self._steps.run(*given)
            else:
                assert isinstance(self._steps, _OneByOne)  # where ranks share the rows
                self._steps.run(*given, own)
        return self._steps.errors()

    def _tensor(self, array: NDArray[Any]) -> Any:
        """A copy on the device."""
        return torch.tensor(np.ascontiguousarray(array, self._dtype), device=self._device)


class _OneByOne:
    """Steps that Python begins one after the other.

    Attributes:
        kept: parameters and states as they are now.
        first: number of the first step of the last run.
    """

    def __init__(self, program: TorchProgram, batch: int, share: Share | None) -> None:
        self._program, self._batch, self._share = program, batch, share
        self.kept: list[Any] = []
        self.first = 0
        self._columns: Mapping[str, Any] = {}
        self._rows, self._errors, self._known = 0, np.zeros(0), 0

    def put_data(self, columns: Mapping[str, Any], rows: int) -> None:
        """Go on with these rows."""
        self._columns, self._rows = columns, rows

    def put(self, kept: list[Any]) -> None:
        """Set parameters and states."""
        self.kept = kept

    def errors(self) -> NDArray[np.float64]:
        """Those of the last run that are known."""
        return self._errors[: self._known]

    def run(
        self,
        order: NDArray[np.int64] | None,
        count: int,
        table: NDArray[np.float64],
        first: int,
        seed: int,
        end: float,
        own: OwnRows | None = None,
    ) -> None:
        """Steps up to a time, or to an error that is not finite."""
        self.first, self._errors, self._known = first, np.empty(count), 0
        rows = self._rows if order is None else len(order)
        parts = step_rows(rows, self._batch, own)
        numbers = torch.from_numpy(table).to(self.kept[0].dtype)
        for n in range(count):
            if n and perf_counter() >= end:
                break
            part = parts[n % len(parts)]
            share = self._share
            if share is not None and own is not None:
                share = replace(share, places=own.places[part])
            chosen = part if order is None else torch.from_numpy(order[part])
            given = {name: column[chosen] for name, column in self._columns.items()}
            given |= dict(zip(self._program.scalars, numbers[n], strict=True))
            error, *new = self._program.run(
                self.kept, {**given, "seed": torch.tensor(seed), "draw": torch.tensor(first + n)}, share
            )
            self._errors[n] = float(error)
            finite = np.isfinite(self._errors[n])
            self.kept, self._known = new if finite else self.kept, n + 1  # both, whenever Ctrl-C is pressed
            if not finite:
                break
