"""Descents that the native engine runs: many steps without returning to Python."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.engines._protocol import Arrays, Scalars, check_values, scalar_table
from downslope.engines._share import OwnRows, Share
from downslope.engines.native._exchanges import Exchanging
from downslope.engines.native._machines import put_aside, take_waiting
from downslope.engines.native._plan import native_tape
from downslope.engines.native._threads import Pace, threads_for
from downslope.engines.native.lowering import Tape, lower
from downslope.graph import Node

__all__ = ["NativeDescent", "step_tape"]


@dataclass(frozen=True)
class _Lowered:
    """A training step ready to run, whatever the data."""

    tape: Tape
    native: Any
    updated: Mapping[str, tuple[int, tuple[int, ...]]]  # value and shape of each leaf that a step changes
    scalars: tuple[str, ...]
    weights: int


@lru_cache(maxsize=64)
def step_tape(error: Node, updates: tuple[tuple[Node, Node], ...], bfloat16: bool) -> Tape:
    """The tape of a training step: what descents run and what is printed are the same."""
    return lower([error], dict(updates), bfloat16=bfloat16)


@lru_cache(maxsize=64)
def _lowered(error: Node, updates: tuple[tuple[Node, Node], ...], bfloat16: bool) -> _Lowered:
    tape = step_tape(error, updates, bfloat16)
    shapes = {leaf: tuple(map(int, leaf.shape)) for leaf, _ in updates}
    parameters = [shapes[leaf] for leaf in shapes if leaf.op.name == "parameter"]
    return _Lowered(
        tape,
        native_tape(tape, tape.outputs[0]),
        {leaf.name: (tape.leaves[leaf], shape) for leaf, shape in shapes.items()},
        tuple(leaf.name for leaf in tape.leaves if leaf.shape == ()),
        sum(int(np.prod(shape)) for shape in parameters),
    )


@lru_cache(maxsize=64)
def _pace(
    error: Node, updates: tuple[tuple[Node, Node], ...], bfloat16: bool, dtype: str, batch: int, most: int
) -> Pace:
    """What descents of the same steps have learned of threads: each alone can be too short to learn it."""
    multiplications = _lowered(error, updates, bfloat16).weights * batch
    return Pace(multiplications, most)


class NativeDescent:
    """A ``DescentEngine`` in C++.

    Its program is lowered once for all descents of the same structure.
    """

    def __init__(
        self,
        error: Node,
        updates: Mapping[Node, Node],
        data: Arrays,
        batch: int,
        *,
        bfloat16: bool = False,
        threads: int | None = None,
        share: Share | None = None,
    ) -> None:
        rules = tuple(updates.items())
        self._lowered = _lowered(error, rules, bfloat16)
        self._dtype = data["x"].dtype
        self._machine = take_waiting(self._lowered.native, self._dtype)
        self._batch, self._share = batch, share
        self._multiplications = self._lowered.weights * batch
        most = threads_for(self._multiplications, threads)
        self._last: tuple[int, NDArray[np.float64]] = 0, np.zeros(0)
        self._pace = _pace(error, rules, bfloat16, self._dtype.char, batch, most)
        self.put_data(data)

    def steps_in(self, seconds: float) -> int:
        """An estimate of how many steps fit into a time, at least one."""
        return 1 + int(seconds * 1e10 / (1000 + self._multiplications))

    def put_data(self, data: Arrays) -> None:
        """Go on with these rows, in the dtype that the descent began with."""
        self._columns = [np.ascontiguousarray(data[n.name], self._dtype) for n in self._lowered.tape.columns]

    def put(self, values: Arrays) -> None:
        """Set parameters and states."""
        check_values({name: shape for name, (_, shape) in self._lowered.updated.items()}, values)
        for name, (value, _) in self._lowered.updated.items():
            self._machine.set(value, np.ascontiguousarray(values[name], self._dtype))

    def values(self) -> dict[str, NDArray[Any]]:
        """Copies of the parameters and states."""
        found = {}
        for name, (value, shape) in self._lowered.updated.items():
            found[name] = np.empty(shape, self._dtype)
            self._machine.get(value, found[name])
        return found

    def finite(self) -> bool:
        """Whether all parameters and states are finite numbers."""
        return bool(self._machine.finite())

    def save(self) -> None:
        """Keep the parameters and states as they are now."""
        self._machine.save()

    def restore(self) -> None:
        """Go back to what was kept last."""
        self._machine.restore()

    def close(self) -> None:
        """Leave the machine to the next descent of the same program, unless it is large or a rank's."""
        machine, self._machine = self._machine, None
        if self._share is None and machine.finite():  # NaN could stay where no step writes
            put_aside(self._lowered.native, self._dtype, machine)

    @property
    def ran(self) -> tuple[int, NDArray[np.float64]]:
        """The first step of the last run, and its errors."""
        first, errors = self._last
        # a run that was interrupted before it began has left the numbers of the one before
        return first, errors[: self._machine.known if self._machine.first == first else 0]

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
        table = scalar_table(self._lowered.scalars, scalars, count)
        rows = len(self._columns[0]) if order is None else len(order)
        ends = None if own is None else own.ends
        batch = self._batch if ends is None else int(np.diff(ends, prepend=0).max())
        rounds = count // -(-rows // batch) if ends is None else 1
        errors = np.empty(count)
        self._last = first, errors
        begun = self._pace.begin()
        given: tuple[Any, ...] = (self._columns, [], order, 0, rows, batch, rounds)
        given += (table, seed, first, begun[0], errors, seconds)
        if self._share is None:
            self._machine.run(*given)
        else:
            with Exchanging(self._machine, len(self._lowered.tape.exchanges), self._share):
                self._machine.run(*given, None if own is None else own.places, ends)
        known = self._machine.known
        self._pace.end(begun, known)
        return errors[:known]
