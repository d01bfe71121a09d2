"""The run of L-BFGS: an epoch is an iteration."""

from __future__ import annotations

from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines import OutOfTime
from downslope.nets import AnyNetwork
from downslope.training._epochs import Ending
from downslope.training._kept_run import KeptRun
from downslope.training._report import Report
from downslope.training._run import Run
from downslope.training.arguments import Arrays
from downslope.training.optimizers import Search, minimise

__all__ = ["search"]


def search(
    network: AnyNetwork,
    data: Arrays,
    values: Arrays,
    steps: int,
    report: Report,
    end: float,
    threads: int | None,
    kept: KeptRun | None = None,
) -> Run:
    """At most so many iterations from some values, until the time ``end`` by ``time.monotonic``.

    If it is kept, it goes on from where it stood, and is saved between iterations.
    """
    record = _Record(network, values, steps, report, end, kept)
    try:
        message = minimise(
            *(network, data, values, steps, record.after_iteration, threads, end),
            before=record.latest,
            standing=record.standing,
        )
        ending = Ending("not finite" if "not finite" in message else "finished", message)
    except KeyboardInterrupt:
        ending = Ending("interrupted", f"interrupted after {len(record.losses)} iterations")
    except OutOfTime:
        ending = Ending("time", f"the time was up after {len(record.losses)} of {steps} iterations")
    return record.run(record.ending or ending)


class _Record:
    """What was seen of the iterations so far.

    Attributes:
        losses: the error after each of them.
        ending: what ended them, if it was not the search itself.
        latest: where the search stood before the last of them.
    """

    def __init__(
        self,
        network: AnyNetwork,
        values: Arrays,
        steps: int,
        report: Report,
        end: float,
        kept: KeptRun | None,
    ) -> None:
        self._network, self._steps, self._report, self._end, self._kept = network, steps, report, end, kept
        self.losses: list[float] = []
        self.ending: Ending | None = None
        self.latest: Search | None = None
        self._reached: dict[str, NDArray[Any]] = dict(values)
        if kept is None:
            return
        if kept.before is not None:
            self.losses, self.latest = kept.before.losses.tolist(), Search.of(kept.before.state)
            self._reached = {name: kept.before.state[name] for name in values}
            report.watch.resume(kept.before, len(self.losses))
        kept.begin(len(self.losses), steps, 1, self._standing_run)

    def standing(self, search: Search) -> None:
        """Note where the search stands, and save it when it is due."""
        self.latest = search
        if self._kept is not None and self._kept.part.is_due(search.iterations):
            self._kept.save()

    def after_iteration(self, error: float, parameters: Arrays) -> bool:
        """Note an iteration; whether it is time to stop."""
        self.losses.append(error)
        self._reached.update(parameters)
        count = len(self.losses)
        self.ending = self._report.after_epoch(parameters, np.array([error]), count, self._steps)
        if self.ending is None and monotonic() >= self._end:
            self.ending = Ending("time", f"the time was up after {count} of {self._steps} iterations")
        return self.ending is not None

    def run(self, ending: Ending, state: Arrays | None = None) -> Run:
        """The run up to here."""
        watch = self._report.watch
        return Run(
            self._network,
            dict(self._reached) if watch.best is None else watch.best,
            np.array(self.losses, np.float64),
            ending.stopped,
            ending.message,
            np.array(watch.errors, np.float64),
            watch.best_epoch or None,
            state or {},
            1,
            watch.average,
        )

    def _standing_run(self) -> Run | None:
        """The run with what the search remembers; None in the middle of an iteration."""
        if self.latest is None or self.latest.iterations != len(self.losses):
            return None
        saved = Ending("interrupted", f"saved on the way to {self._steps} iterations")
        return self.run(saved, {**self._reached, **self.latest.arrays()})
