"""Descents that the reference engine runs: the same steps, one at a time in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines.reference._plan import Plan
from downslope.graph import Node

__all__ = ["ReferenceDescent"]

Arrays = Mapping[str, NDArray[Any]]


class ReferenceDescent:
    """Parameters and states that go from step to step, as ``NativeDescent`` has them."""

    def __init__(self, error: Node, updates: Mapping[Node, Node], data: Arrays, batch: int) -> None:
        self._plan = Plan([error, *updates.values()])
        self._names = [leaf.name for leaf in updates]
        self._columns, self._batch = data, batch
        self._now: dict[str, NDArray[Any]] = {}

    def steps_in(self, seconds: float) -> int:
        """About how many steps a run may take, at least one."""
        return 1 + int(seconds * 1e3)

    def put_data(self, data: Arrays) -> None:
        """Go on with these rows."""
        self._columns = data

    def put(self, values: Arrays) -> None:
        """Set parameters and states."""
        self._now = {name: values[name] for name in self._names}

    def values(self) -> dict[str, NDArray[Any]]:
        """Parameters and states as they are now."""
        return dict(self._now)

    def run(
        self,
        order: NDArray[np.int64] | None,
        rounds: int,
        rates: NDArray[np.float64],
        first_step: int,
        seed: int,
    ) -> NDArray[np.float64]:
        """The error of each step; the last is not finite where the run stopped, before that step's update.

        Steps go over the rows of ``order`` (None: all) in batches, ``rounds`` times.
        """
        dtype = self._columns["x"].dtype
        count = len(self._columns["x"]) if order is None else len(order)
        starts = list(range(0, count, self._batch)) * rounds
        errors = []
        for n, (start, rate) in enumerate(zip(starts, rates, strict=True)):
            part = slice(start, start + self._batch)
            chosen = part if order is None else order[part]
            step = first_step + n
            given: dict[str, Any] = {name: column[chosen] for name, column in self._columns.items()}
            given |= {"learning_rate": np.asarray(rate, dtype), "step": np.asarray(step, dtype)}
            with np.errstate(all="ignore"):  # what is not finite is told by the error
                error, *new = self._plan.run({**given, "seed": seed, "draw": step, **self._now})
            errors.append(float(error))
            if not np.isfinite(errors[-1]):
                break
            self._now = dict(zip(self._names, new, strict=True))
        return np.array(errors)
