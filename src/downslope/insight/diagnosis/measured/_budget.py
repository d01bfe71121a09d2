"""How long an examination may take, and the runs that are made in that time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from time import monotonic, process_time
from typing import Any

from downslope._dataclass import dataclass
from downslope.engines import OutOfTime
from downslope.insight.diagnosis.measured._call import Call
from downslope.training import Run

__all__ = ["Budget"]

_MEASURABLE = 0.02  # seconds


@dataclass
class Budget:
    """The time of an examination.

    What was asked for is a promise: runs end when it is up. What nobody asked for is the processor's time, so
    that a busy machine finds the same: runs that would take longer are not begun.

    Attributes:
        seconds: that are left from now on.
        promised: whether they were asked for.
        step: of the processor, of a step of the call that is examined; 0 before it is measured.
        setup: of the processor, before the first step of each run.
        batch: rows of that step.
        makes_runs: whether runs are made.
    """

    seconds: float
    promised: bool
    step: float = 0.0
    setup: float = 0.0
    batch: int = 1
    makes_runs: bool = True

    def __post_init__(self) -> None:
        self._end = self._now() + self.seconds
        self._begin = monotonic(), process_time()
        self._stopped = False

    def _now(self) -> float:
        return monotonic() if self.promised else process_time()

    @property
    def left(self) -> float:
        """Seconds until it is up, at least 0."""
        return 0.0 if self._stopped else max(self._end - self._now(), 0.0)

    @property
    def slowness(self) -> float:
        """Seconds that pass for one of the processor's, where those count: others are at work too."""
        if not self.promised:
            return 1.0
        passed, worked = monotonic() - self._begin[0], process_time() - self._begin[1]
        return max(passed / max(worked, 1e-3), 1.0)

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return not self.left

    def stop(self) -> None:
        """There is no more time, as Ctrl-C asks for."""
        self._stopped = True

    def extend(self, seconds: float) -> None:
        """There are more seconds, if there are."""
        self._end += max(seconds, 0.0)

    @property
    def limit(self) -> float | None:
        """The time limit of a run that is made now; None for none."""
        return max(self.left, 1e-3) if self.promised else None

    @contextmanager
    def part(self, share: float) -> Iterator[None]:
        """A share of what is left is all there is within it."""
        end, self._end = self._end, self._now() + share * self.left
        try:
            yield
        finally:
            self._end = end

    @contextmanager
    def without_runs(self) -> Iterator[None]:
        """No run is made within it: what asks for one is out of time."""
        self.makes_runs = False
        try:
            yield
        finally:
            self.makes_runs = True

    def run(self, call: Call, **settings: Any) -> Run:
        """What comes of a call, with some settings changed.

        Raises:
            OutOfTime: if it would take, or took, longer than there is time.
        """
        call = call.with_settings(**settings)
        rows = len(call.x)
        size = min(call.settings.get("batch_size") or rows, rows)
        seconds = self.setup + call.steps_asked * self.step * size / self.batch
        if not self.makes_runs or seconds * self.slowness > self.left:
            raise OutOfTime
        run = call.run(time_limit=self.limit)
        if run.stopped == "interrupted":
            self.stop()
        if run.stopped in ("time", "interrupted"):
            raise OutOfTime
        return run

    def measure(self, call: Call) -> None:
        """Time a call: its first step twice, and more steps until they can be measured or are all."""
        size = call.settings.get("batch_size") or len(call.x)
        self.batch, steps = min(size, len(call.x)), call.steps_asked
        self._seconds_of(call, 1)  # with what is built once
        first = self._seconds_of(call, 1)
        count, seconds = 1, first
        while seconds < first + _MEASURABLE and count < steps and first < _MEASURABLE * 10:
            count = min(steps, 8 * count)
            seconds = self._seconds_of(call, count)
        self.step = (seconds - first) / (count - 1) if count > 1 and seconds < inf else first
        self.step = max(self.step, 1e-9)
        self.setup = max(first - self.step, 0.0)

    def _seconds_of(self, call: Call, steps: int) -> float:
        """Of the processor, for so many steps on one thread; infinity where the time was up before."""
        begin = process_time()
        run = call.run(steps=steps, epochs=None, time_limit=self.limit, threads=1)
        return inf if run.stopped == "time" else process_time() - begin
