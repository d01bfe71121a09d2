"""Measurements in processes of their own, taken in turns.

What is measured is a function that gets everything ready, warms up, and returns a function of no arguments;
each call of that is a round and gives the round's figures, mostly seconds. Each has a process of its own, so
that no library's threads and memory disturb another's. The rounds go by turns, so that a slow minute of the
machine meets everyone alike.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

Round = Callable[[], list[Any]]

# what would choose kernels or threads behind a library's back; each setting says its own
_FORCING = ("OPENBLAS_", "NVPL_", "MKL_", "OMP_", "GOMP_", "KMP_", "XLA_", "JAX_")
_ALWAYS = {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": "", "PYTHONWARNINGS": "ignore"}

_PAUSE = 0.05  # between turns, for threads that still spin for work


class Unavailable(Exception):
    """This cannot be measured here; the message says why."""


@dataclass(frozen=True)
class Setting:
    """One library under one set of conditions.

    Attributes:
        label: what the table calls it.
        prepare: gets ready and returns the function whose calls are timed.
        options: keyword arguments of ``prepare``.
        environment: variables of its process, set before any library is loaded.
        fresh: a new process for every round.
        precision: of its products: the peak and the run of Downslope it is held against.
    """

    label: str
    prepare: Callable[..., Round]
    options: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    fresh: bool = False
    precision: str = "float32"


@dataclass
class Result:
    """The figures of all rounds of a setting, or a note why there are none."""

    setting: Setting
    figures: list[Any] = field(default_factory=list)
    note: str = ""

    @property
    def median(self) -> float | None:
        return median(self.figures) if self.figures else None


def cores() -> int:
    """The processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def timed(call: Callable[[], object], seconds: float, divisor: int = 1, warm_up: int = 2) -> Round:
    """Rounds of as many calls as begin within so many seconds, at least one; figures are over ``divisor``."""
    for _ in range(warm_up):
        call()

    def one_round() -> list[float]:
        times: list[float] = []
        first = time.perf_counter()
        while not times or time.perf_counter() - first < seconds:
            start = time.perf_counter()
            call()
            times.append((time.perf_counter() - start) / divisor)
        return times

    return one_round


def interleaved(settings: Sequence[Setting], repeats: int) -> dict[str, Result]:
    """Get everyone ready one after another, then go round so many times; results by label."""
    results = {setting.label: Result(setting) for setting in settings}
    with ExitStack() as stack:
        workers = {}
        for setting in settings:
            if not setting.fresh:
                print(f"{setting.label} …", file=sys.stderr, flush=True)
                workers[setting.label] = stack.enter_context(_Worker(setting))
        for _ in range(repeats):
            for label, result in results.items():
                if not result.note:
                    time.sleep(_PAUSE)
                    _take(result, workers.get(label))
    return results


def _take(result: Result, worker: _Worker | None) -> None:
    """One round of a setting, in its process or in a new one."""
    if worker is None:
        with _Worker(result.setting) as fresh:
            return _take(result, fresh)
    answer = worker.round()
    if isinstance(answer, str):
        result.note, result.figures = answer, []
    else:
        result.figures += answer
    return None


class _Worker:
    """The process of one setting, up until it is left."""

    def __init__(self, setting: Setting) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        arguments = (theirs, setting.prepare, dict(setting.options))
        self._process = context.Process(target=_serve, args=arguments)
        with _environment(setting.environment):
            self._process.start()
        theirs.close()
        self._ready = self._answer()

    def round(self) -> list[Any] | str:
        """The figures of a round, or why there are none."""
        if isinstance(self._ready, str):
            return self._ready
        try:
            self._pipe.send(True)
        except OSError:
            return self._ended()
        return self._answer()

    def _answer(self) -> list[Any] | str:
        try:
            answer: list[Any] | str = self._pipe.recv()
        except (EOFError, OSError):
            return self._ended()
        return answer

    def _ended(self) -> str:
        self._process.join(timeout=5)
        return f"its process ended with {self._process.exitcode}"

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()
        self._process.join(timeout=10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _serve(pipe: Connection, prepare: Callable[..., Round], options: dict[str, Any]) -> None:
    """In the process of a setting: a round whenever one is asked for, until the pipe closes."""
    try:
        one_round = prepare(**options)
        pipe.send([])
        while pipe.recv():
            pipe.send(one_round())
    except (EOFError, KeyboardInterrupt):
        return
    except Exception as error:
        pipe.send(_reason(error))


def _reason(error: Exception) -> str:
    if isinstance(error, Unavailable):
        return str(error)
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"{error.name} is not installed"
    return f"{type(error).__name__}: {(str(error).strip() or '-').splitlines()[0]}"


def fresh_peak() -> int:
    """Bytes resident now, the peak brought down to it where the system can do so."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return peak_resident()


def peak_resident() -> int:
    """Bytes resident at most so far."""
    with suppress(OSError):
        found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
        if found:
            return int(found[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def plain_environment() -> dict[str, str]:
    """The environment without what would choose kernels or threads behind a library's back."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_FORCING)} | _ALWAYS


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    """What a process started meanwhile finds in its environment."""
    before = dict(os.environ)
    wanted = plain_environment() | dict(changes)
    os.environ.clear()
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
