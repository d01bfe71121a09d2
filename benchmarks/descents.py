"""Downslope's own runs, through its public API, and the peak of the processor."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import math
import pkgutil
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from measure import Result, Round, Setting, Unavailable, cores, interleaved, timed
from workloads import (
    NEURON_START,
    NEURON_STEPS,
    NEURON_X,
    NEURON_Y,
    RATE,
    Workload,
    data,
    named,
    network,
    neuron,
    parameters,
)

if TYPE_CHECKING:
    from downslope import Network

PRECISIONS = ("float32", "bfloat16")


def descent(
    workload: Workload, epochs: int, precision: str = "float32"
) -> tuple[dict[str, np.ndarray[Any, Any]], list[float]]:
    """The parameters after so many epochs, and the seconds of each epoch but the first."""
    import downslope as ds

    # everything but float32 asks for a keyword
    keywords: dict[str, Any] = {} if precision == "float32" else {"precision": precision}
    if missing := set(keywords) - set(inspect.signature(ds.descend).parameters):
        raise Unavailable(f"ds.descend of this version has no {missing.pop()}")
    x, y = data(workload)
    stamps: list[float] = []
    run = ds.descend(
        network(workload),
        x,
        y,
        start=named(parameters(workload)),
        learning_rate=RATE,
        epochs=epochs,
        batch_size=workload.batch,
        optimizer=workload.optimizer,
        progress=lambda _: stamps.append(time.perf_counter()),
        **keywords,
    )
    return dict(run.parameters), np.diff(stamps).tolist()


def steps(workload: Workload, seconds: float, precision: str = "float32") -> Round:
    """Seconds of a step: a descent's epochs, as its progress tells of them; the first is left out."""
    _, warm = descent(workload, 3, precision)
    epochs = max(3, math.ceil(seconds / warm[-1]))
    return lambda: [s / workload.steps for s in descent(workload, epochs + 1, precision)[1]]


def digest(workload: Workload, epochs: int) -> Round:
    """The hash of all bits of the parameters after so many epochs."""

    def one_round() -> list[str]:
        hashed = hashlib.sha256()
        for name, value in sorted(descent(workload, epochs)[0].items()):
            hashed.update(name.encode() + value.tobytes())
        return [hashed.hexdigest()]

    return one_round


def _descend_neuron(net: Network) -> None:
    import downslope as ds

    ds.descend(net, NEURON_X, NEURON_Y, start=NEURON_START, learning_rate=RATE, steps=NEURON_STEPS)


def neuron_again(seconds: float) -> Round:
    """Seconds of a whole call of 1000 steps, Python included, from the third call on."""
    net = neuron()
    return timed(lambda: _descend_neuron(net), seconds)


def neuron_first() -> Round:
    """Seconds of the first network and the first call in this process: only modules have been imported."""
    import downslope

    for package in ("graph", "nets", "engines", "training"):
        room = importlib.import_module(f"{downslope.__name__}.{package}")
        for module in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
            importlib.import_module(module.name)
    return timed(lambda: _descend_neuron(neuron()), 0, warm_up=0)


def peak(precision: str = "float32", threads: int | None = None) -> Round:
    """Fused multiply-adds that the processor does while nothing else holds it up, in GFLOP/s."""
    native = importlib.import_module("downslope.engines.native._native")
    if not hasattr(native, "peak"):
        raise Unavailable("the native engine of this version does not measure it")
    return lambda: [float(native.peak(threads or cores(), precision))]


def peak_settings() -> list[Setting]:
    """The peak of all processors together, for each precision."""
    return [Setting(peak_label(p), peak, {"precision": p}, precision=p) for p in PRECISIONS]


def peak_label(precision: str) -> str:
    return f"peak, {precision}"


def peak_of(results: dict[str, Result], precision: str) -> float | None:
    """Operations in a second, where the peak was measured."""
    found = results.get(peak_label(precision))
    return None if found is None or found.median is None else found.median * 1e9


def measured_peaks(repeats: int) -> dict[str, Result]:
    """The peaks alone."""
    return interleaved(peak_settings(), repeats)


def told(peaks: dict[str, Result]) -> str:
    """The peaks in words."""
    found = [(p, peak_of(peaks, p)) for p in PRECISIONS]
    said = ", ".join(f"{p} {'–' if v is None else f'{v / 1e9:,.0f}'}" for p, v in found)
    return f"Peak of fused multiply-adds on {cores()} threads, in GFLOP/s: {said}."
