"""Descents that the reference engine runs: the same steps, one at a time in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines import _arrays
from downslope.engines._arrays import OfRank
from downslope.engines._protocol import Arrays, Scalars, check_scalars, check_values
from downslope.engines._share import OwnRows, Share, step_rows
from downslope.engines.reference._plan import Plan
from downslope.graph import Node, topological

__all__ = ["ReferenceDescent"]

_DRAWS = ("seed", "draw")  # what dropout gets as whole numbers


class ReferenceDescent:
    """A ``DescentEngine`` in NumPy."""

    def __init__(
        self,
        error: Node,
        updates: Mapping[Node, Node],
        data: Arrays,
        batch: int,
        share: Share | None = None,
    ) -> None:
        outputs = [error, *updates.values()]
        self._share = share
        self._plan = Plan(outputs)
        self._shapes = {leaf.name: tuple(map(int, leaf.shape)) for leaf in updates}
        leaves = [n for n in topological(outputs) if n.op.name == "input" and n.shape == ()]
        self._scalars = tuple(leaf.name for leaf in leaves if leaf.name not in _DRAWS)
        self._columns, self._batch = data, batch
        self._now: Arrays = {}
        self._saved: Arrays = {}
        self._first, self._errors, self._known = 0, np.zeros(0), 0

    def steps_in(self, seconds: float) -> int:
        """An estimate of how many steps fit into a time, at least one."""
        return 1 + int(seconds * 1e3)

    def put_data(self, data: Arrays) -> None:
        """Go on with these rows."""
        self._columns = data

    def put(self, values: Arrays) -> None:
        """Set parameters and states."""
        check_values(self._shapes, values)
        self._now = {name: values[name] for name in self._shapes}

    def values(self) -> dict[str, NDArray[Any]]:
        """The parameters and states."""
        return dict(self._now)

    def finite(self) -> bool:
        """Whether all parameters and states are finite numbers."""
        return all(bool(np.all(np.isfinite(value))) for value in self._now.values())

    def save(self) -> None:
        """Keep the parameters and states as they are now."""
        self._saved = self._now

    def restore(self) -> None:
        """Go back to what was kept last."""
        self._now = self._saved

    def _namespace(self, part: slice, own: OwnRows | None) -> Any:
        """The arrays of a step: those of a rank, where several compute it."""
        if self._share is None:
            return _arrays
        return OfRank(self._share if own is None else replace(self._share, places=own.places[part]))

    def close(self) -> None:
        """There is nothing to leave."""

    @property
    def ran(self) -> tuple[int, NDArray[np.float64]]:
        """The first step of the last run, and its errors."""
        return self._first, self._errors[: self._known]

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
        check_scalars(self._scalars, scalars)
        end = perf_counter() + seconds
        self._first, self._errors, self._known = first, np.empty(count), 0
        dtype = self._columns["x"].dtype
        rows = len(self._columns["x"]) if order is None else len(order)
        parts = step_rows(rows, self._batch, own)
        for n in range(count):
            if n and perf_counter() >= end:
                break
            part = parts[n % len(parts)]
            chosen = part if order is None else order[part]
            given: dict[str, Any] = {name: column[chosen] for name, column in self._columns.items()}
            given |= {name: np.asarray(scalars[name][n], dtype) for name in self._scalars}
            with np.errstate(all="ignore"):  # the caller looks at what is not finite
                error, *new = self._plan.run(
                    {**given, "seed": seed, "draw": first + n, **self._now}, self._namespace(part, own)
                )
            self._errors[n] = error
            after = dict(zip(self._shapes, new, strict=True)) if np.isfinite(error) else self._now
            self._now, self._known = after, n + 1  # both, whenever Ctrl-C is pressed
            if not np.isfinite(error):
                break
        return self._errors[: self._known]
