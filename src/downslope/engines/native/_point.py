"""Plans at a point: parameters are set once, and rows come one or many at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines.native._machines import is_small, new_machine
from downslope.engines.native._plan import ROWS_AT_ONCE, features_of, lowered, row_groups
from downslope.engines.native._threads import threads_for
from downslope.engines.native.lowering import Tape, is_flipped
from downslope.graph import Node

__all__ = ["PlanAtPoint", "plan_at_point"]


def plan_at_point(outputs: Sequence[Node], values: Mapping[str, Any]) -> PlanAtPoint | None:
    """A plan for nodes that have a value for each row of one column, given a value for each other leaf.

    None where an output has none for each row, or rows are given in several columns.
    """
    tape, native = lowered(tuple(outputs), at_point=True)
    if (
        len(tape.stores) < len(outputs)
        or len(tape.columns) != 1
        or any(leaf.shape == () for leaf in tape.leaves)
    ):
        return None
    return PlanAtPoint(outputs, tape, native, values)


class PlanAtPoint:
    """A plan whose parameters are set once, so that a single row costs little more than its arithmetic.

    Threads can run it at once. Small machines stay with it.

    Attributes:
        dtype: of the rows that it takes.
    """

    def __init__(self, nodes: Sequence[Node], tape: Tape, native: Any, values: Mapping[str, Any]) -> None:
        given = {value: np.asarray(values[leaf.name]) for leaf, value in tape.leaves.items()}
        single = all(array.dtype == np.float32 for array in given.values())
        self.dtype = np.dtype(np.float32 if single else np.float64)
        for leaf, value in tape.leaves.items():
            if given[value].shape != tuple(map(int, leaf.shape)):
                raise ValueError(f"{leaf.name} needs the shape {leaf.shape}, not {given[value].shape}")
        self._given = {value: np.ascontiguousarray(array, self.dtype) for value, array in given.items()}
        self._native = native
        self._weights = sum(array.size for array in given.values())
        self._shapes = [features_of(node) for node in tape.stores]
        self._outputs = [(tape.stores.index(node), is_flipped(node.shape)) for node in nodes]
        (column,) = tape.columns
        self._width = tuple(map(int, column.shape[1:]))
        self._machines: list[Any] = []

    def run(self, x: NDArray[Any], most: int | None = None) -> list[NDArray[Any]]:
        """The outputs of rows, in the order of the plan's nodes.

        Raises:
            ValueError: if the rows have another width or dtype.
        """
        rows = len(x)
        if x.shape[1:] != self._width or x.dtype != self.dtype or not rows:
            raise ValueError(f"rows need the shape (rows, *{self._width}) in {self.dtype}, not {x.shape}")
        try:
            machine = self._machines.pop()
        except IndexError:
            machine = self._made()
        stores = [np.empty((rows, *shape), self.dtype) for shape in self._shapes]
        batch = min(rows, ROWS_AT_ONCE)
        groups = row_groups(batch)
        threads = min(threads_for(self._weights * batch, most), groups) if groups > 1 else 1
        machine.run([np.ascontiguousarray(x)], stores, None, 0, rows, batch, 1, None, 0, 0, threads, None)
        if is_small(machine):
            self._machines.append(machine)
        return [stores[place].T if flipped else stores[place] for place, flipped in self._outputs]

    def _made(self) -> Any:
        machine = new_machine(self._native, self.dtype)
        for value, array in self._given.items():
            machine.set(value, array)
        return machine
