"""L-BFGS on all rows (Liu and Nocedal, "On the limited memory BFGS method", 1989)."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope import _signals
from downslope._dataclass import dataclass
from downslope.engines import Evaluator
from downslope.errors import DownslopeError
from downslope.graph import gradient
from downslope.nets import AnyNetwork
from downslope.training.arguments import Arrays
from downslope.training.optimizers._kinks import downhill, gradient_downhill, step_on_this_side
from downslope.training.optimizers._line_search import LinePoint, line_search

__all__ = ["Search", "minimise"]

_PAIRS = 20  # of steps and changes of the gradient that are remembered
_FLAT = 1e-10  # the largest element of a gradient that counts as 0
_STILL = 1e-15  # a relative decrease of the error that counts as none

Vector = NDArray[np.float64]

_PREFIX = "search."  # before the names of arrays in a checkpoint
_ARRAYS = ("about", "x", "gradient", "steps", "changes")


@dataclass(frozen=True, eq=False)
class Search:
    """Where L-BFGS stands between two iterations.

    Attributes:
        iterations: those that were done.
        x, error, gradient: the point, (numbers,), the error there, and its gradient, (numbers,), to which
            absolute values add nothing.
        pairs: the latest steps and the changes of the gradient along them.
    """

    iterations: int
    x: Vector
    error: float
    gradient: Vector
    pairs: tuple[tuple[Vector, Vector], ...] = ()

    def arrays(self) -> dict[str, Vector]:
        """All that it is, by name."""
        steps, changes = (np.stack([self.x * 0, *(pair[i] for pair in self.pairs)])[1:] for i in (0, 1))
        about = np.array([self.iterations, self.error])
        found = (about, self.x, self.gradient, steps, changes)
        return {f"{_PREFIX}{name}": value for name, value in zip(_ARRAYS, found, strict=True)}

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Search:
        """What ``arrays`` gave, among others."""
        about, x, gradient, steps, changes = (arrays[f"{_PREFIX}{name}"] for name in _ARRAYS)
        return cls(int(about[0]), x, float(about[1]), gradient, tuple(zip(steps, changes, strict=True)))


def minimise(
    network: AnyNetwork,
    data: Arrays,
    values: Arrays,
    steps: int,
    seen: Callable[[float, Arrays], bool],
    threads: int | None = None,
    end: float = math.inf,
    *,
    before: Search | None = None,
    standing: Callable[[Search], None] | None = None,
) -> str:
    """At most ``steps`` iterations from ``values``; how it ended, in words.

    Args:
        network: what to train.
        data: all rows.
        values: of the parameters, to begin with.
        steps: the most iterations.
        seen: gets the error and the parameters after each iteration and says whether to stop.
        threads: the most that work on it; None lets the engine choose.
        end: the time, by ``time.monotonic``, at which it is given up.
        before: where another search stood that this one goes on from.
        standing: gets where it stands before each iteration.

    Raises:
        OutOfTime: at the time ``end``.
        DownslopeError: if the network has dropout, which makes every look at the error another one.
    """
    graph = network.graph()
    if network.graph(training=True).output is not graph.output:
        raise DownslopeError("L-BFGS needs an error that stays the same; leave out dropout, or take adam")
    shapes = {name: values[name].shape for name in graph.parameters}
    ends = np.cumsum([values[name].size for name in shapes])[:-1]
    dtype = data["x"].dtype
    outputs = [graph.error, *gradient(graph.error, list(graph.parameters.values()))]
    wanted = Evaluator(outputs, keeps_memory=True)
    each = [np.full(values[name].size, graph.l1.get(name, 0.0)) for name in shapes]
    kinks = np.concatenate(each) if graph.l1 else None

    def named(flat: NDArray[Any]) -> Arrays:
        parts = np.split(flat.astype(dtype), ends)
        return {name: p.reshape(s) for (name, s), p in zip(shapes.items(), parts, strict=True)}

    def objective(flat: NDArray[Any]) -> tuple[float, NDArray[np.float64]]:
        with np.errstate(all="ignore"), _signals.at_once():
            error, *gradients = wanted.mean({**data, **named(flat)}, threads=threads, end=end)
        found = np.concatenate([np.ravel(g) for g in gradients]).astype(np.float64)
        return float(error), found if kinks is None else found - kinks * np.sign(flat)

    if before is None:
        flat = np.concatenate([np.ravel(values[name]) for name in shapes]).astype(np.float64)
        before = Search(0, flat, *objective(flat))
    return _descend(objective, before, steps, lambda error, now: seen(error, named(now)), standing, kinks)


def _descend(
    objective: Callable[[Vector], tuple[float, Vector]],
    now: Search,
    steps: int,
    seen: Callable[[float, Vector], bool],
    standing: Callable[[Search], None] | None = None,
    kinks: Vector | None = None,
) -> str:
    """The iterations; how they ended, in words. Absolute values may be part of the error, see ``_kinks``."""
    if not np.isfinite(now.error):
        return "the error at the start is not finite"
    pairs: deque[tuple[Vector, Vector]] = deque(now.pairs, maxlen=_PAIRS)
    while now.iterations < steps:
        if standing is not None:
            standing(now)
        x, error = now.x, now.error
        g = now.gradient if kinks is None else gradient_downhill(x, now.gradient, kinks)
        if np.max(np.abs(g)) <= _FLAT:
            return f"converged: no element of the gradient is above {_FLAT:g}"
        direction = _direction(g, pairs)
        if kinks is not None:
            direction = downhill(direction, g, kinks)
        if direction @ g >= 0:  # rounding has spoilt what was remembered
            pairs.clear()
            direction = -g
        found = _along(objective, now, g, direction, bool(pairs), kinks)
        if found is None and pairs:
            pairs.clear()
            found = _along(objective, now, g, -g, False, kinks)
        if found is None:
            return "converged: no step along the gradient makes the error smaller"
        before, (step, now) = now, found
        change = now.gradient - before.gradient
        if step @ change > 1e-10 * float(np.linalg.norm(step) * np.linalg.norm(change)):
            pairs.append((step, change))
        now = replace(now, pairs=tuple(pairs))
        if seen(now.error, now.x):
            return "stopped early"
        if error - now.error <= _STILL * max(abs(error), abs(now.error), 1.0):
            return "converged: the error no longer falls"
    return f"{steps} iterations done"


def _along(
    objective: Callable[[Vector], tuple[float, Vector]],
    now: Search,
    g: Vector,
    direction: Vector,
    known: bool,
    kinks: Vector | None,
) -> tuple[Vector, Search] | None:
    """A step along a direction and where it leads, still without pairs; None if nothing is lower there."""
    # a direction of the memory has its length already; the gradient alone has none
    first = 1.0 if known else min(1.0, 1.0 / float(np.linalg.norm(direction)))
    if kinks is not None:
        found = step_on_this_side(objective, now.x, now.error, g, direction, kinks, first)
        return found and (found[0] - now.x, Search(now.iterations + 1, *found))

    def at(step: float) -> LinePoint:
        error, there = objective(now.x + step * direction)
        return LinePoint(step, error if np.isfinite(error) else np.inf, float(there @ direction), there)

    point = line_search(at, LinePoint(0.0, now.error, float(direction @ g), g), first)
    if point is None:
        return None
    step = point.step * direction
    return step, Search(now.iterations + 1, now.x + step, point.error, point.gradient)


def _direction(g: Vector, pairs: Iterable[tuple[Vector, Vector]]) -> Vector:
    """−H g with the inverse Hessian H that the pairs stand for (the two-loop recursion)."""
    known = list(pairs)
    q, shares = g.copy(), []
    for s, y in reversed(known):
        shares.append(s @ q / (s @ y))
        q -= shares[-1] * y
    if known:
        s, y = known[-1]
        q *= (s @ y) / (y @ y)
    for (s, y), share in zip(known, reversed(shares), strict=True):
        q += (share - y @ q / (s @ y)) * s
    return -q
