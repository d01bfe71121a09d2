"""Plans that the native engine runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import inf, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines._protocol import OutOfTime
from downslope.engines.native._machines import new_machine, put_aside, take_waiting
from downslope.engines.native._threads import Pace, threads_for
from downslope.engines.native.lowering import ELEMENTWISE_OPS, LANES, Opcode, Tape, is_flipped, lower
from downslope.engines.reference._plan import Plan
from downslope.graph import BATCH, Node

__all__ = [
    "ROWS_AT_ONCE",
    "NativePlan",
    "features_of",
    "lowered",
    "native_tape",
    "row_groups",
    "tape_arguments",
]

ROWS_AT_ONCE = 4096
"""Rows that are at work at a time where each row is on its own."""

_NUMBERS = {name: number for number, name in enumerate(ELEMENTWISE_OPS)}


def native_tape(tape: Tape, watched: int = -1) -> Any:
    """The tape as machines run it; ``watched`` is the scalar whose value at each step is returned."""
    from downslope.engines.native import _native  # type: ignore[attr-defined]

    return _native.Tape(*tape_arguments(tape, watched))


def tape_arguments(tape: Tape, watched: int = -1) -> tuple[Any, ...]:
    """The tape in numbers, as the extension takes it."""
    sums = {i.partials: n for n, i in enumerate(tape.instructions) if i.partials >= 0}
    instructions = [
        (
            int(i.opcode),
            i.level,
            i.out,
            [i.args[0], sums.get(i.args[0], -1)] if i.opcode == Opcode.TOTAL else i.args,
            i.setting,
            [
                (_NUMBERS[s.op], s.to, *(*s.sources, 0, 0, 0)[:3], s.setting, s.chained, s.kept)
                for s in i.steps
            ],
            [(value, int(view)) for value, view in i.operands],
            i.summed,
            i.partials,
            i.once,
            i.settled,
            i.part,
        )
        for i in tape.instructions
    ]
    values = [
        (int(v.kind), int(v.form), v.rows if v.stored else 0, v.columns, v.local, v.offset)
        for v in tape.values
    ]
    return (
        values,
        instructions,
        tape.levels,
        [value for leaf, value in tape.leaves.items() if leaf.shape == ()],
        tape.constants,
        tape.updated,
        tape.mirrors,
        watched,
        tape.stop_level,
        *([[(e.values, e.sent, e.wanted) for e in tape.exchanges]] if tape.exchanges else []),
    )


@lru_cache(maxsize=64)
def lowered(outputs: tuple[Node, ...], at_point: bool = False) -> tuple[Tape, Any]:
    """The tape of some nodes, and as machines run it; ``at_point`` as for ``lower``."""
    tape = lower(outputs, at_point=at_point)
    return tape, native_tape(tape)


@lru_cache(maxsize=64)
def _pace(native: Any, dtype: str, multiplications: int, most: int) -> Pace:
    """What runs of the same plan have learned of threads: each alone can be too short to learn it."""
    return Pace(multiplications, most)


class NativePlan:
    """Evaluates nodes natively, given a value for each leaf by name.

    Threads can run it at once. A call that needs more than a little memory gives it back at its end, unless
    the plan keeps it for the next one.
    """

    def __init__(self, outputs: Sequence[Node], *, keeps_memory: bool = False) -> None:
        self._nodes = list(outputs)
        self._tape, self._native = lowered(tuple(outputs))
        tape = self._tape
        self._scalars = [leaf.name for leaf in tape.leaves if leaf.shape == ()]
        self._matrices = [(leaf.name, value) for leaf, value in tape.leaves.items() if leaf.shape != ()]
        self._columns = [column.name for column in tape.columns]
        arrays = [leaf for leaf in (*tape.leaves, *tape.columns) if leaf.shape != ()]
        self._of_rows = {leaf.name: leaf.shape for leaf in arrays if BATCH in leaf.shape}
        self._shapes = {
            leaf.name: tuple(map(int, leaf.shape)) for leaf in arrays if leaf.name not in self._of_rows
        }
        self._weights = sum(prod(map(int, leaf.shape)) for leaf in tape.leaves)
        self._kept: dict[np.dtype[Any], list[Any]] | None = {} if keeps_memory else None

    def _take(self, dtype: np.dtype[Any]) -> Any:
        """A machine that no other thread uses."""
        if self._kept is None:
            return take_waiting(self._native, dtype)
        kept = self._kept.setdefault(dtype, [])
        return kept.pop() if kept else new_machine(self._native, dtype)

    def _give_back(self, machine: Any, dtype: np.dtype[Any]) -> None:
        if self._kept is None:
            put_aside(self._native, dtype, machine)
        else:
            self._kept[dtype].append(machine)

    def run(
        self, values: Mapping[str, Any], most: int | None = None, seconds: float = inf
    ) -> list[NDArray[Any]]:
        """The outputs, in float32 where all leaves are.

        Args:
            values: of each leaf by name.
            most: how many threads it runs on; None: all allowed.
            seconds: that there are for it.

        Raises:
            OutOfTime: if they are not enough.
        """
        tape = self._tape
        given = {name: np.asarray(values[name]) for name in [*(n for n, _ in self._matrices), *self._columns]}
        single = given and all(a.dtype == np.float32 for a in given.values() if a.ndim)
        dtype = np.dtype(np.float32 if single else np.float64)
        columns = [np.ascontiguousarray(given[name], dtype) for name in self._columns]
        rows = len(columns[0]) if columns else 1
        self._check(given, rows)
        if rows == 0:
            return [np.asarray(value) for value in Plan(self._nodes).run(values)]
        machine = self._take(dtype)
        for name, value in self._matrices:
            machine.set(value, np.ascontiguousarray(given[name], dtype))
        stores = _stores(tape, rows, dtype)
        each = len(stores) == len(self._nodes)  # sums over the batch want all of it at once
        batch = min(rows, ROWS_AT_ONCE) if each else rows
        scalars = np.empty((-(-rows // batch), len(self._scalars)))
        scalars[:] = [float(values[name]) for name in self._scalars]
        seed, draw = int(values.get("seed", 0)), int(values.get("draw", 0))
        worth = threads_for(self._weights * batch, most)
        worth = min(worth, row_groups(batch)) if each else worth
        pace = _pace(self._native, dtype.char, self._weights * batch, worth)
        begun = pace.begin()
        seen = np.empty(len(scalars))
        machine.run(columns, stores, None, 0, rows, batch, 1, scalars, seed, draw, begun[0], seen, seconds)
        pace.end(begun, len(scalars))
        if machine.known < len(scalars):
            raise OutOfTime
        found = self._collected(machine, dict(zip(tape.stores, stores, strict=True)), dtype)
        self._give_back(machine, dtype)
        return found

    def _check(self, given: Mapping[str, NDArray[Any]], rows: int) -> None:
        """That every array has its shape: the machine reads as much memory as the shapes say."""
        of_rows = {n: tuple(rows if d == BATCH else int(d) for d in s) for n, s in self._of_rows.items()}
        for name, wanted in (*self._shapes.items(), *of_rows.items()):
            if given[name].shape != wanted:
                raise ValueError(f"{name} needs the shape {wanted}, not {given[name].shape}")

    def _collected(
        self, machine: Any, stored: Mapping[Node, NDArray[Any]], dtype: np.dtype[Any]
    ) -> list[NDArray[Any]]:
        results = []
        for node, value in zip(self._nodes, self._tape.outputs, strict=True):
            if node in stored:
                results.append(_as_shaped(node, stored))
            elif node.shape == ():
                results.append(np.asarray(machine.scalar(value), dtype))
            else:
                out = np.empty(tuple(map(int, node.shape)), dtype)
                machine.get(value, out)
                results.append(out)
        return results


def row_groups(rows: int) -> int:
    """How many groups of rows there are, each of which one thread is at alone."""
    return -(-rows // LANES)


def _stores(tape: Tape, rows: int, dtype: np.dtype[Any]) -> list[NDArray[Any]]:
    """Where what is known of each row goes."""
    return [np.empty(_rows_first(node, rows), dtype) for node in tape.stores]


def _as_shaped(node: Node, stored: Mapping[Node, NDArray[Any]]) -> NDArray[Any]:
    """What was stored of a node, in the node's shape."""
    return stored[node].T if is_flipped(node.shape) else stored[node]


def _rows_first(node: Node, rows: int) -> tuple[int, ...]:
    """The shape of what is stored for each row of the batch."""
    return rows, *features_of(node)


def features_of(node: Node) -> tuple[int, ...]:
    """The shape of what is stored for one row."""
    shape = node.shape[::-1] if is_flipped(node.shape) else node.shape
    return tuple(map(int, shape[1:]))
