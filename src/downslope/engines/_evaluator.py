"""Nodes evaluated for any number of rows, a bounded number of them at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf, prod
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines._choice import engine_of_the_day, plan
from downslope.engines._protocol import OutOfTime
from downslope.engines.reference._plan import Plan
from downslope.graph import BATCH, Node, topological

__all__ = ["Evaluator"]

_NUMBERS = 1 << 22  # that the nodes of one part of the rows may hold
_FEWEST = 1024  # rows in a part, however wide the network


class Evaluator:
    """Evaluates nodes on the engine of the day.

    Threads can share it, and it can be kept: each engine's plan is built once, and what memory a call needs
    goes with the call. No row may depend on another but through a weighted mean.

    Args:
        outputs: what is evaluated.
        keeps_memory: whether the memory of a call stays for the next one: where an evaluator is used many
            times and goes with its user, such as a descent.
    """

    def __init__(self, outputs: Sequence[Node], *, keeps_memory: bool = False) -> None:
        self._outputs = list(outputs)
        batch = [node for node in topological(self._outputs) if BATCH in node.shape]
        self._columns = [node.name for node in batch if not node.inputs]
        width = sum(prod(int(d) for d in node.shape if d != BATCH) for node in batch)
        self.rows_at_once = max(_FEWEST, _NUMBERS // max(width, 1))
        self._plans: dict[str, Any] = {}
        self._keeps_memory = keeps_memory

    def rows(self, values: Mapping[str, Any], threads: int | None = None) -> list[NDArray[Any]]:
        """The outputs, which hold something for each row, given a value for each leaf by name.

        At most so many threads work on them; None lets the engine choose.
        """
        found = [self._run(part, threads) for part in self._parts(values)]
        return found[0] if len(found) == 1 else [np.concatenate(parts) for parts in zip(*found, strict=True)]

    def at_point(self, values: Mapping[str, Any]) -> Callable[..., list[NDArray[Any]]]:
        """``rows`` of its one column alone, the values of all other leaves being these from now on."""
        (column,) = self._columns
        found: list[Any] = []

        def rows(x: NDArray[Any], threads: int | None = None) -> list[NDArray[Any]]:
            if engine_of_the_day() == "native" and len(x):
                if not found:
                    from downslope.engines.native._point import plan_at_point

                    found.append(plan_at_point(self._outputs, values))
                if found[0] is not None and found[0].dtype == x.dtype:
                    outputs: list[NDArray[Any]] = found[0].run(x, threads)
                    return outputs
            return self.rows({**values, column: x}, threads)

        return rows

    def mean(
        self,
        values: Mapping[str, Any],
        weights: str = "row_weights",
        threads: int | None = None,
        end: float = inf,
    ) -> list[NDArray[Any]]:
        """The outputs, which are means over the rows, weighted by a column, plus what no row changes.

        The mean over all rows is the mean of the means over their parts, each weighted by its rows. Where
        members have weights of their own, (n, members), their shares of a part differ: it is taken as one.

        Raises:
            OutOfTime: if they are not known at the time ``end``, by ``time.monotonic``.
        """
        parts = self._parts(values) if np.ndim(values[weights]) == 1 else [values]
        if len(parts) == 1:
            return self._run(parts[0], threads, end)
        sums = np.array([np.sum(part[weights], dtype=np.float64) for part in parts])
        total: list[Any] = [0.0] * len(self._outputs)
        for part, share in zip(parts, (sums / sums.sum()).tolist(), strict=True):
            if share:  # rows without weight have no mean
                means = self._run(part, threads, end)
                total = [t + share * np.asarray(m, np.float64) for t, m in zip(total, means, strict=True)]
        return [t.astype(mean.dtype) for t, mean in zip(total, means, strict=True)]

    def _parts(self, values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        count = self._count(values)
        if (
            count <= self.rows_at_once or engine_of_the_day() == "native"
        ):  # which needs no memory for each row
            return [values]
        firsts = range(0, count, self.rows_at_once)
        slices = [slice(first, first + self.rows_at_once) for first in firsts]
        return [{**values, **{name: values[name][rows] for name in self._columns}} for rows in slices]

    def _count(self, values: Mapping[str, Any]) -> int:
        return len(values[self._columns[0]]) if self._columns else 1

    def _run(self, values: Mapping[str, Any], threads: int | None, end: float = inf) -> list[NDArray[Any]]:
        if monotonic() >= end:
            raise OutOfTime
        kind = engine_of_the_day() if self._count(values) else "reference"  # which takes a batch of no rows
        most = (threads, end - monotonic()) if kind == "native" else ()
        found: list[NDArray[Any]] = self._plan(kind).run(values, *most)
        return found

    def _plan(self, kind: str) -> Any:
        """The plan of an engine, built when it is first asked for."""
        if kind not in self._plans:
            self._plans[kind] = (
                Plan(self._outputs)
                if kind == "reference"
                else plan(self._outputs, keeps_memory=self._keeps_memory)
            )
        return self._plans[kind]
