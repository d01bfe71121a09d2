"""Which engine runs: the native one where it was built, unless a call or the environment says otherwise."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from downslope import _signals
from downslope._checks import choice
from downslope._extras import needed
from downslope.engines._protocol import Arrays, DescentEngine
from downslope.engines._random import random_order
from downslope.engines._share import Share
from downslope.engines.reference._descent import ReferenceDescent
from downslope.engines.reference._plan import Plan
from downslope.errors import DownslopeError
from downslope.graph import Node

if TYPE_CHECKING:
    from downslope.engines.native._plan import NativePlan
    from downslope.engines.torch._plan import TorchPlan

__all__ = [
    "DEVICES",
    "ENGINES",
    "checked_engine",
    "computed_as_asked",
    "computed_by",
    "descent_engine",
    "engine_of_the_day",
    "plan",
    "shuffled",
]

ENGINES = ("native", "reference", "torch")
DEVICES = ("cpu", "cuda")


C = TypeVar("C", bound=Callable[..., Any])


_asked: ContextVar[tuple[str | None, str | None]] = ContextVar("asked", default=(None, None))
"""The engine that a call asks for, and the device of torch; None leaves the choice."""


def checked_engine(engine: str | None, device: str | None) -> None:
    """Refuse what is no engine, or an engine or a device that is not there.

    Raises:
        DownslopeError: which says what to do.
    """
    if engine is not None:
        choice("engine", engine, ENGINES)
    if device is not None:
        choice("device", device, DEVICES)
        if engine != "torch":
            raise DownslopeError(f'device is for engine="torch"; the engine is {engine or "not given"}')
    if engine == "torch":
        _device_of_torch(device)
    if engine == "native" and not _native_is_built():
        raise DownslopeError(
            'engine="native" is not there: Downslope was installed without it. Install it again where a C++ '
            "compiler is found"
        )


@contextmanager
def computed_by(engine: str | None, device: str | None = None) -> Iterator[None]:
    """What is computed inside runs on this engine and device; where none is given, on that of the day.

    Raises:
        DownslopeError: if there is no such engine or device.
    """
    checked_engine(engine, device)
    if engine is None:
        yield
        return
    before = _asked.set((engine, device))
    try:
        yield
    finally:
        _asked.reset(before)


def computed_as_asked(function: C) -> C:
    """A function with the parameters ``engine`` and ``device`` that computes all it does as they say."""

    @wraps(function)
    def computed(*args: Any, engine: str | None = None, device: str | None = None, **settings: Any) -> Any:
        if engine is None and device is None:
            return function(*args, engine=None, device=None, **settings)
        with computed_by(engine, device):
            return function(*args, engine=engine, device=device, **settings)

    return computed  # type: ignore[return-value]


def engine_of_the_day() -> str:
    """What a call asked for, or else the environment, or else the native engine where it was built.

    ``native``, ``reference``, or ``torch`` with its device, such as ``torch cpu``. That the native engine was
    not built is said once.

    Raises:
        DownslopeError: if DOWNSLOPE_ENGINE or DOWNSLOPE_ISA names what is not there, or the extension was
            built from other sources.
    """
    engine, device = _asked.get()
    engine = engine or os.environ.get("DOWNSLOPE_ENGINE") or "native"
    if engine not in ENGINES:
        raise DownslopeError(f"DOWNSLOPE_ENGINE is {engine}; it can be {', '.join(ENGINES[:-1])} or torch")
    if engine == "torch":
        return f"torch {_device_of_torch(device)}"
    if engine == "reference" or not _native_is_there():
        return "reference"
    _check_extension(os.environ.get("DOWNSLOPE_ISA"))
    return "native"


def _device_of_torch(device: str | None) -> str:
    """Where torch computes: on a GPU if there is one, unless a device is asked for."""
    torch = needed("torch")
    there = torch.cuda.is_available()
    if device == "cuda" and not there:
        raise DownslopeError(
            'device="cuda" needs a GPU that PyTorch can use; there is none. Try device="cpu"'
        )
    return device or ("cuda" if there else "cpu")


@cache
def _native_is_built() -> bool:
    return find_spec("downslope.engines.native._native") is not None


@cache
def _native_is_there() -> bool:
    if not _native_is_built():
        warnings.warn(
            "Downslope was installed without its native engine; the reference engine runs instead, which is "
            "slower. Install it again where a C++ compiler is found, or set DOWNSLOPE_ENGINE=reference to "
            "hear no more of it.",
            RuntimeWarning,
            stacklevel=_level_of_the_caller(),
        )
    return _native_is_built()


def _level_of_the_caller() -> int:
    """How many calls up from the function that asks the code is that called Downslope.

    Methods of estimators are called by scikit-learn's decorators.
    """
    level, frame = 1, sys._getframe(1)
    inner = ("downslope", "sklearn")
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in inner:
        level, frame = level + 1, frame.f_back
    return level


@cache
def _check_extension(asked: str | None) -> None:
    """That the extension knows these opcodes, and the processor the instruction set of DOWNSLOPE_ISA."""
    with _signals.Deferred():  # a KeyboardInterrupt while an extension begins becomes an ImportError
        from downslope.engines.native import _native  # type: ignore[attr-defined]
    from downslope.engines.native.lowering import names

    if names() != getattr(_native, "NAMES", None):  # which the first extensions did not have
        raise DownslopeError(
            "the native engine was built from other sources than this package: install the package again, or "
            "set DOWNSLOPE_ENGINE=reference"
        )
    try:
        _native.instruction_set()
    except ValueError as error:
        raise DownslopeError(str(error)) from None


def plan(outputs: Sequence[Node], *, keeps_memory: bool = False) -> NativePlan | TorchPlan | Plan:
    """A plan that evaluates nodes on the engine of the day; ``run(values)`` gives a list of arrays.

    Arrays are float32 where all that are given are, else float64. With ``keeps_memory`` the native engine's
    memory stays from one run to the next.

    >>> import numpy as np
    >>> from downslope.graph import input_
    >>> x = input_("x", ("n", 2))
    >>> plan([2.0 * x]).run({"x": np.array([[1.0, 3.0]])})
    [array([[2., 6.]])]
    """
    engine, _, device = engine_of_the_day().partition(" ")
    if engine == "torch":
        from downslope.engines.torch._plan import TorchPlan

        return TorchPlan(outputs, device)
    if engine == "reference":
        return Plan(outputs)
    from downslope.engines.native._plan import NativePlan

    return NativePlan(outputs, keeps_memory=keeps_memory)


def descent_engine(
    error: Node,
    updates: Mapping[Node, Node],
    data: Arrays,
    batch: int,
    *,
    bfloat16: bool = False,
    threads: int | None = None,
    share: Share | None = None,
) -> DescentEngine:
    """The engine of the day for a descent in steps of ``batch`` rows.

    Args:
        error: the number that each step reports.
        updates: the new value of each parameter and state, by its leaf.
        data: the rows by the name of the input.
        batch: rows of a step; the last of an epoch can have fewer.
        bfloat16: whether products are computed in bfloat16.
        threads: the most that the native engine runs on; None lets it choose.
        share: of a rank, where several compute each step together; ``batch`` and ``data`` are then its own.

    Raises:
        DownslopeError: if bfloat16 is asked of the reference engine.
    """
    engine, _, device = engine_of_the_day().partition(" ")
    if engine == "torch":
        from downslope.engines.torch._descent import TorchDescent

        return TorchDescent(error, updates, data, batch, device=device, bfloat16=bfloat16, share=share)
    if engine == "native":
        from downslope.engines.native._descent import NativeDescent

        return NativeDescent(error, updates, data, batch, bfloat16=bfloat16, threads=threads, share=share)
    if bfloat16:
        raise DownslopeError(
            'precision="bfloat16" needs the native engine or torch; leave it out to train in float32'
        )
    return ReferenceDescent(error, updates, data, batch, share)


def shuffled(count: int, seed: int, stream: int, step: int) -> NDArray[np.int64]:
    """The numbers below ``count`` in an order that only (seed, stream, step) decide, whatever the engine.

    Streams of shuffles are counted from 2³¹ on, apart from those of dropout.
    """
    if not _native_is_built() or engine_of_the_day() == "reference":
        return random_order(count, seed, 2**31 + stream, step)
    from downslope.engines.native import _native  # type: ignore[attr-defined]

    order = np.empty(count, np.int64)
    _native.shuffle(order, seed, 2**31 + stream, step)
    return order
