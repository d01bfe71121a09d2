"""The run of L-BFGS: an epoch is an iteration."""

from __future__ import annotations

from time import monotonic

import numpy as np

from downslope.engines import OutOfTime
from downslope.nets import AnyNetwork
from downslope.training._epochs import Ending
from downslope.training._report import Report
from downslope.training._run import Run
from downslope.training.arguments import Arrays
from downslope.training.optimizers import minimise

__all__ = ["search"]


def search(
    network: AnyNetwork,
    data: Arrays,
    values: Arrays,
    steps: int,
    report: Report,
    end: float,
    threads: int | None,
) -> Run:
    """At most so many iterations from some values, until the time ``end`` by ``time.monotonic``."""
    losses: list[float] = []
    reached = dict(values)
    ending: Ending | None = None

    def after_iteration(error: float, parameters: Arrays) -> bool:
        nonlocal ending
        losses.append(error)
        reached.update(parameters)
        ending = report.after_epoch(parameters, np.array([error]), len(losses), steps)
        if ending is None and monotonic() >= end:
            ending = Ending("time", f"the time was up after {len(losses)} of {steps} iterations")
        return ending is not None

    try:
        message = minimise(network, data, values, steps, after_iteration, threads, end)
    except KeyboardInterrupt:
        ending = Ending("interrupted", f"interrupted after {len(losses)} iterations")
    except OutOfTime:
        ending = Ending("time", f"the time was up after {len(losses)} of {steps} iterations")
    if ending is None:
        ending = Ending("not finite" if "not finite" in message else "finished", message)
    watch = report.watch
    return Run(
        network,
        reached if watch.best is None else watch.best,
        np.array(losses),
        ending.stopped,
        ending.message,
        np.array(watch.errors),
        watch.best_epoch or None,
    )
