"""Plans that torch runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from downslope.engines.torch._program import DRAWS, signed, torch_program
from downslope.graph import Node

__all__ = ["TorchPlan"]


class TorchPlan:
    """Evaluates nodes on a device, given a value for each leaf by name."""

    def __init__(self, outputs: Sequence[Node], device: str) -> None:
        self._program = torch_program(tuple(outputs))
        self._device = device

    def run(self, values: Mapping[str, Any]) -> list[NDArray[Any]]:
        """The outputs, in float32 where all leaves are."""
        names = self._program.given
        arrays = {name: np.asarray(values[name]) for name in names if name not in DRAWS}
        matrices = [array for array in arrays.values() if array.ndim]
        single = bool(matrices) and all(array.dtype == np.float32 for array in matrices)
        dtype = torch.float32 if single else torch.float64
        given = {
            name: torch.tensor(array, dtype=dtype, device=self._device) for name, array in arrays.items()
        }
        given |= {name: torch.tensor(signed(values.get(name, 0)), device=self._device) for name in DRAWS}
        with torch.no_grad():
            found = self._program.run([], given)
        return [torch.as_tensor(value, dtype=dtype).cpu().numpy() for value in found]
