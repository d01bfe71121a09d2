"""The steps of a descent, on the native engine or on the reference engine, and what is said if one fails."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from downslope.engines import Plan, ReferenceDescent, native_descent
from downslope.errors import DownslopeError
from downslope.graph.notation import text
from downslope.nets import Stage
from downslope.training._data import Arrays, Batches
from downslope.training._program import Program
from downslope.training._schedules import Schedule, rates

__all__ = ["Steps", "steps_of"]

_CHUNK_SECONDS = 0.05  # so that Ctrl-C is heard
_CHECK_SECONDS = 1.0


class Steps(Protocol):
    """Parameters and optimizer states that go from step to step."""

    def advance(self, step: int, until: int, last: int) -> tuple[NDArray[np.float64], str | None]:
        """The errors of some steps from ``step`` on, at most to ``until``, and what is no longer finite.

        ``last`` is the last step of all, which schedules look at. A step that fails changes nothing.
        """

    def values(self) -> Arrays:
        """Parameters and states as they are now."""


def steps_of(
    program: Program,
    data: Arrays,
    batches: Batches,
    schedule: Schedule,
    seed: int,
    values: Arrays,
    *,
    bfloat16: bool = False,
    threads: int | None = None,
) -> Steps:
    """The steps of a descent from some values on, on the engine that is there, on at most so many threads.

    Raises:
        DownslopeError: if bfloat16 is asked for without the native engine.
    """
    updates = program.assignments
    reference = _ReferenceSteps(program, data, batches, schedule, seed, values)
    native = native_descent(
        program.graph.error, updates, data, batches.size, bfloat16=bfloat16, threads=threads
    )
    if native is not None:
        return _NativeSteps(native, reference)
    if bfloat16:
        raise DownslopeError('precision="bfloat16" needs the native engine; leave it out to train in float32')
    return reference


class _ReferenceSteps:
    """One step at a time on the reference engine, looked at after each."""

    def __init__(
        self,
        program: Program,
        data: Arrays,
        batches: Batches,
        schedule: Schedule,
        seed: int,
        values: Arrays,
    ) -> None:
        self.program, self.data, self.batches = program, data, batches
        self.schedule, self.seed, self.now = schedule, seed, values
        self._engine: ReferenceDescent | None = (
            None  # made when needed: beside the native engine it rarely is
        )

    def values(self) -> Arrays:
        return self.now

    def advance(self, step: int, until: int, last: int) -> tuple[NDArray[np.float64], str | None]:
        program = self.program
        if self._engine is None:
            updates = program.assignments
            self._engine = ReferenceDescent(program.graph.error, updates, self.data, self.batches.size)
        order = self.batches.rows(step, step)
        self._engine.put(self.now)
        errors = self._engine.run(order, 1, rates(self.schedule, step, 1, last), step, self.seed)
        updated = self._engine.values()
        fault: str | None
        if not np.isfinite(errors[0]):
            rows = slice(None) if order is None else order
            batch = {name: column[rows] for name, column in self.data.items()}
            fault = _lost(program, float(errors[0]), {**batch, **self.now, "draw": step, "seed": self.seed})
        else:
            fault = _not_finite(updated)
        if fault is None:
            self.now = updated
        return errors, fault and _advice(step, fault)


class _NativeSteps:
    """Many steps at a time. Of a step that fails, the reference engine tells where and why.

    A step whose error is not finite stops by itself before its update. A step whose update is not finite is
    found by a look at all parameters now and then, and by going once more from the last such look to it.
    """

    def __init__(self, native: Any, reference: _ReferenceSteps) -> None:
        self._native, self._reference = native, reference
        self._batches = reference.batches
        self._chunk = native.steps_in(1e-3)
        self._saved = 0  # the step after which everything was finite and kept
        self._looked = 0.0  # when
        native.put(reference.now)

    def values(self) -> Arrays:
        return self._native.values()  # type: ignore[no-any-return]

    def advance(self, step: int, until: int, last: int) -> tuple[NDArray[np.float64], str | None]:
        started = perf_counter()
        if not self._looked:
            self._native.save()
            self._saved, self._looked = step - 1, started
        errors = self._run(step, min(until, step + self._chunk - 1), last)
        now = perf_counter()
        if now - started < _CHUNK_SECONDS:
            self._chunk = min(2 * self._chunk, 1 << 20)
        elif now - started > 4 * _CHUNK_SECONDS:
            self._chunk = max(self._chunk // 2, 1)
        reached = step + len(errors) - 1
        if not np.isfinite(errors[-1]):
            return self._failed(errors, step, last)
        if reached >= last or now - self._looked > _CHECK_SECONDS:
            if not self._native.finite():
                return self._failed(errors, step, last)
            if reached < last:
                self._native.save()
            self._saved, self._looked = reached, now
        return errors, None

    def _run(self, step: int, until: int, last: int) -> NDArray[np.float64]:
        """The errors from ``step`` to ``until``, or to the end of the epoch, or to a step that fails."""
        order = self._batches.rows(step, until)
        count = until - step + 1 if order is None else -(-len(order) // self._batches.size)
        learning = rates(self._reference.schedule, step, count, last)
        rounds = count if order is None else 1
        return self._native.run(order, rounds, learning, step, self._reference.seed)  # type: ignore[no-any-return]

    def _failed(
        self, errors: NDArray[np.float64], step: int, last: int
    ) -> tuple[NDArray[np.float64], str | None]:
        """The errors up to the first step that fails, what is said of it, and the values before it."""
        failing = step + len(errors) - 1
        if not self._native.finite():  # some step before did it, by its update
            self._native.restore()
            for again in range(self._saved + 1, failing + 1):
                self._native.save()
                self._run(again, again, last)
                if not self._native.finite():
                    self._native.restore()
                    failing = again
                    break
        self._reference.now = self._native.values()
        error, fault = self._reference.advance(failing, failing, last)
        kept = errors[: max(failing - step, 0)]
        unseen = "the error is no longer finite in the precision of this run"
        return np.append(kept, error), fault or _advice(failing, unseen)


def _advice(step: int, fault: str) -> str:
    kept = "the parameters before this step are kept"
    return f"step {step}: {fault}; {kept}. Try a smaller learning rate, or scale the inputs."


def _lost(program: Program, error: float, values: Mapping[str, Any]) -> str:
    """Where an error that is not finite began."""
    stages = program.graph.stages
    with np.errstate(all="ignore"):
        reached = Plan([s.node for s in stages]).run(values)
    lost = f"the error is no longer finite ({error})"
    for stage, value in zip(stages, reached, strict=True):
        if not np.all(np.isfinite(value)):
            grown = _largest(program, stage, values)
            return f"{lost}, first in the values {text(stage.symbol)} of {stage.layer}{grown}"
    size, last = np.max(np.abs(reached[-1])), stages[-1]
    grown = _largest(program, last, values)
    return f"{lost}: the loss of the values up to {size:.3g} of {last.layer}{grown}"


def _not_finite(updated: Arrays) -> str | None:
    """What an update has made not finite, or None."""
    bad = [name for name, value in updated.items() if not np.all(np.isfinite(value))]
    return f"the update of {bad[0]} is not finite" if bad else None


def _largest(program: Program, stage: Stage, values: Mapping[str, Any]) -> str:
    """The largest parameter of the layer of a stage, or of all where the layer has none."""
    layer = [s for s in program.graph.stages if s.layer == stage.layer]
    names = [node.name for s in layer for node in s.parameters.values()] or list(program.graph.parameters)
    sizes = {name: float(np.max(np.abs(values[name]))) for name in names}
    name = max(sizes, key=lambda n: sizes[n])
    return f", where {name} has grown to {sizes[name]:.3g}"
