"""Descents that the native engine runs: many steps without returning to Python."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines._lowering import lower
from downslope.engines._native_plan import machine
from downslope.graph import Node

__all__ = ["NativeDescent", "threads_allowed"]

Arrays = Mapping[str, NDArray[Any]]

_WORTH_A_THREAD = 1 << 20
"""Multiplications in a step below which a second thread costs more than it gives."""


def threads_allowed() -> int:
    """As many as OMP_NUM_THREADS says, else one for each processor this process may use."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class NativeDescent:
    """The machine of one descent: it holds the parameters and states from step to step."""

    def __init__(self, error: Node, updates: Mapping[Node, Node], data: Arrays) -> None:
        self._tape = lower([error], updates)
        self._leaves = {leaf.name: (leaf, value) for leaf, value in self._tape.leaves.items()}
        self._scalars = [leaf for leaf in self._tape.leaves if leaf.shape == ()]
        self._dtype = data["x"].dtype
        self._machine = machine(
            self._tape,
            self._dtype,
            [self._tape.leaves[leaf] for leaf in self._scalars],
            self._tape.outputs[0],
            self._tape.update_level,
        )
        self._columns = [np.ascontiguousarray(data[n.name]) for n in self._tape.columns]
        self._updated = [leaf.name for leaf in updates]
        self._weights = sum(int(np.prod([int(d) for d in leaf.shape])) for leaf in updates)

    def put(self, values: Arrays) -> None:
        """Set parameters and states."""
        for name in self._updated:
            self._machine.set(self._leaves[name][1], np.ascontiguousarray(values[name], self._dtype))

    def values(self) -> dict[str, NDArray[Any]]:
        """Parameters and states as they are now."""
        found = {}
        for name in self._updated:
            leaf, value = self._leaves[name]
            found[name] = np.empty(tuple(map(int, leaf.shape)), self._dtype)
            self._machine.get(value, found[name], 0)
        return found

    def run(
        self,
        order: NDArray[np.int64] | None,
        batch: int,
        rounds: int,
        rates: NDArray[np.float64],
        first_step: int,
        seed: int,
    ) -> NDArray[np.float64]:
        """The error of each step, the last of them not finite where the run had to stop.

        Steps go over the rows of ``order`` (None: all) in batches, ``rounds`` times.
        """
        rows = len(self._columns[0]) if order is None else len(order)
        steps = len(rates)
        given = {"learning_rate": rates, "step": np.arange(first_step, first_step + steps, dtype=np.float64)}
        scalars = np.ascontiguousarray(np.stack([given[leaf.name] for leaf in self._scalars], axis=1))
        errors = np.empty(steps)
        threads = threads_allowed() if self._weights * batch >= _WORTH_A_THREAD else 1
        done = self._machine.run(
            self._columns, order, 0, rows, batch, rounds, scalars, seed, first_step, threads, errors
        )
        return errors[: min(done + 1, steps)]
