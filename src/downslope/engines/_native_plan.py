"""Plans that the native engine runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines._lowering import Lowered, lower
from downslope.engines._tape import CODES
from downslope.graph import BATCH, Node

__all__ = ["NativePlan"]


def machine(
    tape: Lowered, dtype: Any, scalar_inputs: Sequence[int], watched: int = -1, stop_level: int = 0
) -> Any:
    """A machine for a tape, in float32 or float64."""
    from downslope.engines import _native  # type: ignore[attr-defined]

    kind = _native.FloatMachine if dtype == np.float32 else _native.DoubleMachine
    instructions = [
        (
            int(i.act),
            i.level,
            i.out,
            i.args,
            i.setting,
            [(CODES[s.op], s.to, *(*s.sources, 0, 0, 0)[:3], s.setting) for s in i.steps],
            [(max(value, -1), int(view)) for value, view in i.operands],
        )
        for i in tape.instructions
    ]
    values = [(int(v.kind), v.rows, v.columns) for v in tape.values]
    return kind(values, instructions, tape.levels, list(scalar_inputs), tape.constants, watched, stop_level)


class NativePlan:
    """Evaluates nodes natively, given a value for each leaf by name."""

    def __init__(self, outputs: Sequence[Node]) -> None:
        self._nodes = list(outputs)
        self._tape = lower(outputs)
        self._scalars = [leaf for leaf in self._tape.leaves if leaf.shape == ()]
        self._machines: dict[Any, Any] = {}

    def run(self, values: Mapping[str, Any]) -> list[NDArray[Any]]:
        """The outputs, in float32 where all leaves are."""
        tape = self._tape
        given = [np.asarray(values[n.name]) for n in [*tape.leaves, *tape.columns]]
        arrays = [a.dtype for a in given if a.ndim]
        dtype = np.dtype(np.float32 if arrays and all(d == np.float32 for d in arrays) else np.float64)
        if dtype not in self._machines:
            self._machines[dtype] = machine(tape, dtype, [tape.leaves[n] for n in self._scalars])
        m = self._machines[dtype]
        for leaf, value in tape.leaves.items():
            if leaf.shape != ():
                m.set(value, np.ascontiguousarray(values[leaf.name], dtype))
        columns = [np.ascontiguousarray(values[n.name], dtype) for n in tape.columns]
        rows = len(columns[0]) if columns else 1
        scalars = np.array([float(values[n.name]) for n in self._scalars])
        seed, draw = int(values.get("seed", 0)), int(values.get("draw", 0))
        m.run(columns, None, 0, rows, rows, 1, scalars, seed, draw, 1, np.zeros(1))
        results = []
        for node, value, flipped in zip(self._nodes, tape.outputs, tape.flipped, strict=True):
            if node.shape == ():
                results.append(np.asarray(m.scalar(value), dtype))
                continue
            shape = tuple(
                rows if d == BATCH else int(d) for d in (node.shape[::-1] if flipped else node.shape)
            )
            out = np.empty(shape, dtype)
            m.get(value, out, rows)
            results.append(out.T if flipped else out)
        return results
