"""Descents that the native engine runs: many steps without returning to Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
from downslope.engines.native._members import Members, members_of, tape_of_member, weights_of
from downslope.engines.native._plan import native_tape
from downslope.engines.native._threads import Pace, threads_for
from downslope.engines.native.lowering import Tape, lower
from downslope.graph import Node

__all__ = ["NativeDescent", "step_tape"]


@dataclass(frozen=True)
class _Part:
    """What one machine runs.

    Attributes:
        native: its tape.
        updated: the value and the shape of each leaf that a step changes, by name.
        scalars: the names of its scalar inputs, in the order of the machine.
    """

    native: Any
    updated: Mapping[str, tuple[int, tuple[int, ...]]]
    scalars: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Lowered:
    """A training step ready to run, whatever the data.

    Attributes:
        tape: of the step, or of the first of its members.
        parts: one for each machine.
        factor: what the sum of the errors of several machines is multiplied by.
    """

    tape: Tape
    parts: Sequence[_Part]
    factor: float

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of all leaves that a step changes, by name."""
        return {name: shape for part in self.parts for name, (_, shape) in part.updated.items()}


Rules = tuple[tuple[Node, Node], ...]


@lru_cache(maxsize=64)
def step_tape(error: Node, updates: Rules, bfloat16: bool) -> Tape:
    """The tape of a training step: what descents run and what is printed are the same."""
    return lower([error], dict(updates), bfloat16=bfloat16)


@lru_cache(maxsize=64)
def _lowered(error: Node, updates: Rules, bfloat16: bool) -> _Lowered:
    tape = step_tape(error, updates, bfloat16)
    return _Lowered(tape, [_part(tape, dict(updates))], 1.0)


@lru_cache(maxsize=64)
def _members_lowered(members: Members, bfloat16: bool) -> _Lowered:
    """A step of several networks, each on a machine of its own."""
    tape = step_tape(members.error, tuple(members.updates.items()), bfloat16)
    parts = [_part(tape_of_member(tape, n), [n[leaf] for leaf in members.updates]) for n in members.nodes]
    return _Lowered(tape, parts, members.factor)


def _part(tape: Tape, updated: Iterable[Node]) -> _Part:
    return _Part(
        native_tape(tape, tape.outputs[0]),
        {leaf.name: (tape.leaves[leaf], tuple(map(int, leaf.shape))) for leaf in updated},
        tuple(leaf.name for leaf in tape.leaves if leaf.shape == ()),
    )


@lru_cache(maxsize=64)
def _pace(lowered: _Lowered, dtype: str, multiplications: int, most: int) -> Pace:
    """What descents of the same steps have learned of threads: each alone can be too short to learn it."""
    return Pace(multiplications, most)


class NativeDescent:
    """A ``DescentEngine`` in C++.

    Its program is lowered once for all descents of the same structure. Networks side by side, of which none
    feels the others, have a machine each, and one tape if they are alike.
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
        self._multiplications = weights_of(updates) * batch
        most = threads_for(self._multiplications, threads)
        members = None if share is not None else members_of(error, rules, batch)
        if members is not None and members.keep_busy(most):
            self._lowered = _members_lowered(members, bfloat16)
        else:
            self._lowered = _lowered(error, rules, bfloat16)
        self._dtype = data["x"].dtype
        self._machines = [take_waiting(part.native, self._dtype) for part in self._lowered.parts]
        self._batch, self._share = batch, share
        self._last: tuple[int, NDArray[np.float64]] = 0, np.zeros(0)
        self._pace = _pace(self._lowered, self._dtype.char, self._multiplications, most)
        self.put_data(data)

    def steps_in(self, seconds: float) -> int:
        """An estimate of how many steps fit into a time, at least one."""
        return 1 + int(seconds * 1e10 / (1000 + self._multiplications))

    def put_data(self, data: Arrays) -> None:
        """Go on with these rows, in the dtype that the descent began with."""
        self._columns = [np.ascontiguousarray(data[n.name], self._dtype) for n in self._lowered.tape.columns]

    def put(self, values: Arrays) -> None:
        """Set parameters and states."""
        check_values(self._lowered.shapes, values)
        for machine, part in self._running():
            for name, (value, _) in part.updated.items():
                machine.set(value, np.ascontiguousarray(values[name], self._dtype))

    def values(self) -> dict[str, NDArray[Any]]:
        """Copies of the parameters and states."""
        found = {}
        for machine, part in self._running():
            for name, (value, shape) in part.updated.items():
                found[name] = np.empty(shape, self._dtype)
                machine.get(value, found[name])
        return found

    def finite(self) -> bool:
        """Whether all parameters and states are finite numbers."""
        return all(machine.finite() for machine in self._machines)

    def save(self) -> None:
        """Keep the parameters and states as they are now."""
        for machine in self._machines:
            machine.save()

    def restore(self) -> None:
        """Go back to what was kept last."""
        for machine in self._machines:
            machine.restore()

    def close(self) -> None:
        """Leave the machines to the next descent of the same program, unless they are large or a rank's."""
        running, self._machines = self._running(), []
        for machine, part in running:
            if self._share is None and machine.finite():  # NaN could stay where no step writes
                put_aside(part.native, self._dtype, machine)

    def _running(self) -> list[tuple[Any, _Part]]:
        return list(zip(self._machines, self._lowered.parts, strict=True))

    @property
    def ran(self) -> tuple[int, NDArray[np.float64]]:
        """The first step of the last run, and its errors."""
        first, errors = self._last
        machine = self._machines[0]
        # a run that was interrupted before it began has left the numbers of the one before
        return first, errors[: machine.known if machine.first == first else 0]

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
        tables = [scalar_table(part.scalars, scalars, count) for part in self._lowered.parts]
        rows = len(self._columns[0]) if order is None else len(order)
        ends = None if own is None else own.ends
        batch = self._batch if ends is None else int(np.diff(ends, prepend=0).max())
        rounds = count // -(-rows // batch) if ends is None else 1
        errors = np.empty(count)
        self._last = first, errors
        begun = self._pace.begin()
        machine, steps = self._machines[0], (rows, batch, rounds)
        end = (seed, first, begun[0], errors, seconds)
        alone: tuple[Any, ...] = (self._columns, [], order, 0, *steps, tables[0], *end)
        if len(self._machines) > 1:
            together = (self._columns, order, *steps, tables, self._lowered.factor, *end)
            machine.run_together(self._machines, *together)
        elif self._share is None:
            machine.run(*alone)
        else:
            with Exchanging(machine, len(self._lowered.tape.exchanges), self._share):
                machine.run(*alone, None if own is None else own.places, ends)
        known = machine.known
        self._pace.end(begun, known)
        return errors[:known]
