"""The loop of every descent: steps of a program on an engine."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from time import monotonic, perf_counter
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from downslope import _signals
from downslope._dataclass import dataclass
from downslope.engines import DescentEngine, Scalars, Share, descent_engine
from downslope.training._batches import Batches, StepBlock
from downslope.training._failure import Failure, error_failure, update_failure
from downslope.training._program import Program
from downslope.training.ranks import RankRows, Ranks, RankSteps

__all__ = ["Advance", "Loop", "Rates", "State", "joined"]

_CHUNK_SECONDS = 0.05  # in the engine at a time: Ctrl-C and the clock are looked at in between
_RANKS_SECONDS = 0.25  # of ranks, which have to hear from each other in between
_CHECK_SECONDS = 1.0

Arrays = Mapping[str, NDArray[Any]]

T = TypeVar("T")

Rates = Callable[[int, int], NDArray[np.float64]]
"""The learning rates of so many steps from one on, counted from 1: ``rates(first, count)``."""


@dataclass(frozen=True, eq=False)
class State:
    """Where a descent stands.

    Attributes:
        step: number of updates done.
        values: parameters and what the optimizer remembers, by name.
    """

    step: int
    values: Arrays


@dataclass(frozen=True, eq=False)
class Advance:
    """What came of some steps.

    Attributes:
        errors: the error of the batch of each step before its update, (steps,).
        interrupted: whether Ctrl-C ended them.
        failure: what is not finite, if anything is. The loop has then gone back to before that step; steps
            after it count for nothing.
    """

    errors: NDArray[np.float64]
    failure: Failure | None = None
    interrupted: bool = False


def joined(parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Errors of consecutive steps as one array."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else np.zeros(0)


class Loop:
    """Steps of a program, as many at a time as asked for; between them its state can be read and changed.

    An error that is not finite stops the loop before that step's update. An update that is not finite is
    found by looking at all values about once a second, and by repeating the steps since the last look.

    Args:
        program: what a step computes.
        batches: the rows of each step.
        rates: the learning rate of each step.
        state: where to begin.
        seed: of dropout.
        bfloat16: whether products are computed in bfloat16, which needs the native engine.
        threads: the most it runs on; None lets the engine choose. The bits do not depend on it.
        repeatable: whether ``batches`` and ``rates`` give the same when asked again about an earlier step;
            otherwise only errors are looked at.
        ranks: which take the steps together, if several do, by a program that is ``over_ranks``: each calls
            its loop as the others call theirs, and the first decides when to stop.

    Attributes:
        step: number of updates done.
    """

    def __init__(
        self,
        program: Program,
        batches: Batches,
        rates: Rates,
        state: State,
        *,
        seed: int = 0,
        bfloat16: bool = False,
        threads: int | None = None,
        repeatable: bool = True,
        ranks: Ranks | None = None,
    ) -> None:
        self.program, self.batches, self.seed = program, batches, seed
        self._rates, self._repeatable = rates, repeatable
        self._bfloat16, self._threads = bfloat16, threads
        self._ranks = ranks
        self._rows = None if ranks is None else RankRows(ranks.rank, ranks.count, batches.size)
        self._running: DescentEngine | None = None  # made when the first rows are there
        self._data: Arrays = {}
        self._all_have_weight = False
        self._speed = 0.0  # steps in a second, of late; unknown before the first
        self.put(state)

    @property
    def state(self) -> State:
        """Where the descent stands, as a copy."""
        return State(self.step, self.values())

    def values(self) -> dict[str, NDArray[Any]]:
        """Copies of the parameters and states by name."""
        if self._given is not None:
            return dict(self._given)
        assert self._running is not None
        return self._running.values()

    def put(self, state: State) -> None:
        """Go on from another state of the same program."""
        self.step = state.step
        self._given: Arrays | None = state.values  # until the engine has them
        self._saved, self._looked = -1, 0.0

    def close(self) -> None:
        """Leave the engine's memory to the next loop of the same program; this one would take another."""
        if self._running is not None:
            self.put(self.state)
            self._running.close()
            self._running, self._data = None, {}

    def next_batch(self) -> Arrays:
        """The rows of the next step, by the name of the input, of all ranks."""
        return self._rows_of(self.batches.block(self.step + 1, self.step + 1))

    def advance(self, until: int, seconds: float = math.inf, *, end: float = math.inf) -> Advance:
        """The steps up to number ``until``, or as many as there is time for, at least one.

        Args:
            until: number of the last step, counted from 1.
            seconds: after which no further steps are begun.
            end: the time, by ``time.monotonic``, at which a step at work is given up, be it the first.
        """
        before = self.step
        errors: list[NDArray[np.float64]] = []
        try:
            if self._ranks is None:
                with _signals.at_once():
                    failed = self._steps(until, seconds, end, errors)
            else:
                failed = self._steps_together(self._ranks, until, seconds, end, errors)
        except KeyboardInterrupt:
            return self._interrupted(before, errors)
        return Advance(joined(errors), None if failed is None else self._failure(failed))

    def _steps(
        self, until: int, seconds: float, end: float, errors: list[NDArray[np.float64]]
    ) -> float | None:
        """Add the errors of steps to a list; the error at which they failed, NaN where only values did."""
        now = perf_counter()
        soon = now + seconds
        while self.step < until and (not errors or (now < soon and monotonic() < end)):
            started, left = now, end - monotonic()
            _signals.check()  # what a finalizer kept for itself
            errors.append(self._chunk(until, self._count(min(_CHUNK_SECONDS, soon - now, left)), left))
            now = perf_counter()
            if not len(errors[-1]):
                return None
            if not math.isfinite(errors[-1][-1]):
                return float(errors[-1][-1])
            self._speed = len(errors[-1]) / max(now - started, 1e-9)
            if self._repeatable and now - self._looked > _CHECK_SECONDS:
                assert self._running is not None
                if not self._running.finite():
                    return math.nan
                self._save(self._running)
        return None

    def _steps_together(
        self, ranks: Ranks, until: int, seconds: float, end: float, errors: list[NDArray[np.float64]]
    ) -> float | None:
        """As ``_steps``, where the first rank decides for all; what ends them waits until they meet."""
        soon = perf_counter() + seconds
        while self.step < until:
            now = perf_counter()
            left = min(soon - now, end - monotonic())
            looks = self._repeatable and bool(errors) and now - self._looked > _CHECK_SECONDS
            count, over, asked, looks_now = ranks.numbers(
                self._count(min(_RANKS_SECONDS, left)), bool(errors) and left <= 0, _signals.pending(), looks
            )
            if asked:
                raise KeyboardInterrupt
            if over:
                return None
            if looks_now:
                assert self._running is not None
                if not self._finite(self._running):
                    return math.nan
                self._save(self._running)
            started = perf_counter()
            errors.append(self._chunk(until, int(count), math.inf))
            if not math.isfinite(errors[-1][-1]):
                return float(errors[-1][-1])
            self._speed = len(errors[-1]) / max(perf_counter() - started, 1e-9)
        return None

    def _finite(self, engine: DescentEngine) -> bool:
        """Whether all parameters and states are finite, as the first rank has them."""
        finite = engine.finite()
        return finite if self._ranks is None else bool(self._ranks.numbers(finite)[0])

    def agree(self, value: T) -> T:
        """What the first rank says, where several take the steps together; else the value."""
        return value if self._ranks is None else self._ranks.agree(value)

    def _interrupted(self, before: int, errors: list[NDArray[np.float64]]) -> Advance:
        """What came of the steps after number ``before``, some of which are counted, though not all."""
        counted = before + sum(map(len, errors))
        if self._running is not None and self._given is None:
            first, found = self._running.ran
            if first == counted + 1:
                errors.append(found[np.isfinite(found)])
                counted += len(errors[-1])
        self.step = counted
        return Advance(joined(errors), interrupted=True)

    def check(self) -> Failure | None:
        """Look whether all parameters and states are finite; if not, what failed.

        The loop has then gone back to before that step.
        """
        if self._given is not None or self._running is None:
            return None
        if not self._finite(self._running):
            return self._failure(math.nan)
        self._save(self._running)
        return None

    def _save(self, engine: DescentEngine) -> None:
        engine.save()
        self._saved, self._looked = self.step, perf_counter()

    def _count(self, seconds: float) -> int:
        """How many steps there are in so many seconds, judged by the speed of the last ones; at least one."""
        if self._running is None and self._repeatable:
            self._ready(self.batches.block(self.step + 1, self.step + 1))
        if self._speed or self._running is None:
            return max(1, int(self._speed * min(max(seconds, 0.0), 1.0)))
        return max(1, self._running.steps_in(max(seconds, 0.0)))

    def _chunk(self, until: int, count: int, most_seconds: float) -> NDArray[np.float64]:
        """The errors of so many steps, or fewer, up to the end of the data that they go over."""
        block = self.batches.block(self.step + 1, min(until, self.step + count))
        engine = self._ready(block)
        if self._repeatable and self._saved < 0:
            self._save(engine)
        return self._run(engine, block, most_seconds)

    def _ready(self, block: StepBlock) -> DescentEngine:
        """The engine, with the values to go on from and the rows of these steps."""
        program, ranks = self.program, self._ranks
        own = None if self._rows is None else self._rows.steps(block)
        data = block.data if own is None else own.data
        if self._running is None:
            self._running = descent_engine(
                program.graph.error,
                program.assignments,
                data,
                self.batches.size if own is None else own.size,
                bfloat16=self._bfloat16,
                threads=self._threads,
                share=None if ranks is None else Share(ranks.add_up),
            )
        elif data is not self._data:
            self._running.put_data(data)
        if data is not self._data:
            self._data = data
            self._all_have_weight = (
                bool(self.program.rows) and block.own is None and bool(np.all(block.data["row_weights"] > 0))
            )
        if self._given is not None:
            self._running.put(self._given)
            self._given = None
        return self._running

    def _run(self, engine: DescentEngine, block: StepBlock, seconds: float = math.inf) -> NDArray[np.float64]:
        first = self.step + 1
        numbers = np.arange(first, first + block.steps, dtype=np.float64)
        own = None if self._rows is None else self._rows.steps(block)
        counts = self._counts(block, own)
        scalars = {"learning_rate": self._rates(first, block.steps), "step": numbers, **counts}
        if own is None:
            errors = engine.run(block.order, block.steps, scalars, first, self.seed, seconds)
        else:
            errors = engine.run(own.order, block.steps, scalars, first, self.seed, seconds, own.own)
        self.step += len(errors) - (len(errors) > 0 and not math.isfinite(errors[-1]))
        return errors

    def _counts(self, block: StepBlock, own: RankSteps | None) -> Scalars:
        """The number of rows of each step that have a weight, by the name of the input; as a rank has it."""
        names = [node.name for node in self.program.rows]
        if not names:
            return {}
        rows, ranks = self._rows, self._ranks
        if self._all_have_weight:
            counts = np.repeat(block.sizes(self.batches.size)[:, None], len(names), axis=1)
        elif rows is None or ranks is None or own is None:
            counts = block.rows_with_weight(self.batches.size).reshape(block.steps, -1)
        else:
            counts = rows.counts(block, own, ranks.add_up).reshape(block.steps, -1)
        if rows is not None and own is not None:
            counts = rows.divisors(own, counts)
        return dict(zip(names, counts.T, strict=True))

    def _rows_of(self, block: StepBlock) -> Arrays:
        """The rows of one step, by the name of the input, also where ranks have read some each."""
        if block.own is None or self._rows is None or self._ranks is None:
            return block.rows()
        own = self._rows.steps(block)
        mine = None if own.idle[0] else (own.own.places, own.rows())
        parts = [part for part in self._ranks.gather(mine) if part is not None]
        order = np.argsort(np.concatenate([places for places, _ in parts]))
        return {name: np.concatenate([rows[name] for _, rows in parts])[order] for name in parts[0][1]}

    def _counts_of(self, rows: Arrays) -> Scalars:
        """The number of rows of a step that have a weight, by the name of the input."""
        return self._counts(StepBlock(rows, None, 1), None)

    def _failure(self, error: float) -> Failure:
        """What failed, where the error of the next step or the values are not finite."""
        assert self._running is not None
        engine = self._running
        if self._finite(engine):
            step, block = self.step + 1, self.batches.block(self.step + 1, self.step + 1)
            rows = self._rows_of(block)
            counts = {name: value[0] for name, value in self._counts_of(rows).items()}
            leaves = {**rows, **engine.values(), **counts, "seed": self.seed, "draw": step}
            return error_failure(self.program, step, error, leaves)
        if not self._repeatable:
            return update_failure(self.program, self.step, error, {}, engine.values())
        engine.restore()
        self.step = self._saved
        while True:
            failing = self.step + 1
            engine.save()
            block = self.batches.block(failing, failing)
            error = float(self._run(self._ready(block), block)[-1])
            if not self._finite(engine):
                after = engine.values()
                engine.restore()
                self.step = failing - 1
                return update_failure(self.program, failing, error, engine.values(), after)
