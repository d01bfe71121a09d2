"""Which engine runs: the native one where it was built, unless the environment says otherwise."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from downslope import _signals
from downslope.engines._protocol import Arrays, DescentEngine
from downslope.engines._random import random_order
from downslope.engines.reference._descent import ReferenceDescent
from downslope.engines.reference._plan import Plan
from downslope.errors import DownslopeError
from downslope.graph import Node

if TYPE_CHECKING:
    from downslope.engines.native._plan import NativePlan

__all__ = ["descent_engine", "plan", "runs_natively", "shuffled"]


@cache
def _native_is_there() -> bool:
    if find_spec("downslope.engines.native._native") is not None:
        return True
    warnings.warn(
        "Downslope was installed without its native engine; the reference engine runs instead, which is "
        "slower. Install it again where a C++ compiler is found, or set DOWNSLOPE_ENGINE=reference to hear "
        "no more of it.",
        RuntimeWarning,
        stacklevel=_level_of_the_caller(),
    )
    return False


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


def runs_natively() -> bool:
    """Whether programs run on the native engine now.

    They do unless the extension was not built, which is said once, or the environment variable
    DOWNSLOPE_ENGINE is ``reference``.

    Raises:
        DownslopeError: if DOWNSLOPE_ENGINE or DOWNSLOPE_ISA names what is not there, or the extension was
            built from other sources.
    """
    engine = os.environ.get("DOWNSLOPE_ENGINE") or "native"
    if engine not in ("native", "reference"):
        raise DownslopeError(f"DOWNSLOPE_ENGINE is {engine}; it can be native or reference")
    if engine == "reference" or not _native_is_there():
        return False
    _check_extension(os.environ.get("DOWNSLOPE_ISA"))
    return True


def plan(outputs: Sequence[Node], *, keeps_memory: bool = False) -> NativePlan | Plan:
    """A plan that evaluates nodes on the engine of the day; ``run(values)`` gives a list of arrays.

    Arrays are float32 where all that are given are, else float64. With ``keeps_memory`` the native engine's
    memory stays from one run to the next.

    >>> import numpy as np
    >>> from downslope.graph import input_
    >>> x = input_("x", ("n", 2))
    >>> plan([2.0 * x]).run({"x": np.array([[1.0, 3.0]])})
    [array([[2., 6.]])]
    """
    if not runs_natively():
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
) -> DescentEngine:
    """The engine of the day for a descent in steps of ``batch`` rows.

    Args:
        error: the number that each step reports.
        updates: the new value of each parameter and state, by its leaf.
        data: the rows by the name of the input.
        batch: rows of a step; the last of an epoch can have fewer.
        bfloat16: whether products are computed in bfloat16.
        threads: the most it runs on; None lets the engine choose.

    Raises:
        DownslopeError: if bfloat16 is asked for without the native engine.
    """
    if runs_natively():
        from downslope.engines.native._descent import NativeDescent

        return NativeDescent(error, updates, data, batch, bfloat16=bfloat16, threads=threads)
    if bfloat16:
        raise DownslopeError('precision="bfloat16" needs the native engine; leave it out to train in float32')
    return ReferenceDescent(error, updates, data, batch)


def shuffled(count: int, seed: int, stream: int, step: int) -> NDArray[np.int64]:
    """The numbers below ``count`` in an order that only (seed, stream, step) decide, whatever the engine.

    Streams of shuffles are counted from 2³¹ on, apart from those of dropout.
    """
    if not runs_natively():
        return random_order(count, seed, 2**31 + stream, step)
    from downslope.engines.native import _native  # type: ignore[attr-defined]

    order = np.empty(count, np.int64)
    _native.shuffle(order, seed, 2**31 + stream, step)
    return order
