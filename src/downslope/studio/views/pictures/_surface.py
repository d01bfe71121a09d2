"""The error as a landscape over two parameters, and the path that a descent took through it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines import Evaluator
from downslope.errors import DownslopeError
from downslope.graph.notation import text
from downslope.insight import Position, dense_layers, position_of
from downslope.nets import Network
from downslope.studio.session._measures import gradients_of
from downslope.studio.session._session import Session
from downslope.studio.views.pictures._extent import LARGEST, axis_of, near_range, recent_share, whole_range
from downslope.studio.views.pictures._sampling import evenly_spaced, sample_of
from downslope.training import Arrays

__all__ = ["make", "steepest", "surface", "symbol"]

_WORK = 1e9
"""Products of a weight and a row that one picture may take: some 60 ms on a core."""

_PIECE = 0.08  # seconds at a time: a command waits no longer
_ROWS, _FEWEST_ROWS = 512, 64
_FEWEST = 12  # points along a side


def make(session: Session, options: Mapping[str, Any], parameters: Arrays) -> Iterator[dict[str, Any]]:
    """The surface over two parameters that a page chose, with the path of the run, as it grows."""
    state, network = session.state, session.state.settings.network
    chosen = options.get("first") is not None
    first, second = (
        (_position(session, options[name]) for name in ("first", "second")) if chosen else steepest(session)
    )
    saved_steps = [s for s in state.seen if first.name in s.values and second.name in s.values]
    points = [[s.values[position.name][position.index] for position in (first, second)] for s in saved_steps]
    path = np.array(points, float).reshape(-1, 2), np.array([s.error for s in saved_steps], float)
    by_hand = np.array([s.origin == "hand" for s in saved_steps], np.uint8)
    about = {
        "axes": [[one.name, list(one.index)] for one in (first, second)],
        "why": "" if chosen else "Along these two the error was steepest at the start.",
    }
    found = surface(
        network,
        parameters,
        state.shown_descent.split.training,
        first,
        second,
        path=path,
        by_hand=by_hand,
        late=_late(np.array([s.step for s in saved_steps], np.int64)),
        near=bool(options.get("near")),
        seconds=_PIECE,
    )
    return ({**picture, **about} for picture in found)


def _late(steps: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which saved steps are of the second half, from the last one before it on.

    >>> _late(np.array([0, 10, 30, 200])).tolist()
    [False, False, True, True]
    """
    first_half = steps[2 * steps <= steps[-1:]] if len(steps) else steps
    late: NDArray[np.bool_] = steps >= first_half.max(initial=0)
    return late


def steepest(session: Session) -> tuple[Position, Position]:
    """The two parameters by which the error at the start of the run changes most, frozen ones left out.

    Raises:
        DownslopeError: if the network has fewer than two.
    """
    state = session.state
    network = state.settings.network
    layers = dense_layers(network)
    names = [node.name for layer in layers for node in (layer.weight, layer.bias) if node is not None]
    alike = (saved for saved in state.run.saved_steps if saved.settings.network == network)
    values = next(alike, state.shown).values
    rows = sample_of(state.shown_descent.split.training, _FEWEST_ROWS)
    start = {name: values[name] for name in state.settings.shapes}
    found = gradients_of(network, start, rows, state.settings.seed, 1)
    sizes = [np.nan_to_num(np.abs(found[name]), nan=0.0) for name in names]
    free = [~np.broadcast_to(state.frozen.get(name, False), found[name].shape) for name in names]
    flat = np.concatenate([np.where(f, size, -1.0).ravel() for f, size in zip(free, sizes, strict=True)])
    if len(flat) < 2:
        raise DownslopeError("a surface needs two parameters, and this network has one")
    places = sorted(np.argsort(-flat, kind="stable")[:2].tolist())
    first, second = (_place(place, found, names) for place in places)
    return first, second


def _place(place: int, found: Arrays, names: Sequence[str]) -> Position:
    """The parameter at a place of all of them, one after the other."""
    for name in names:
        if place < found[name].size:
            return Position(name, tuple(map(int, np.unravel_index(place, found[name].shape))))
        place -= found[name].size
    raise IndexError(place)


def _position(session: Session, given: Any) -> Position:
    name, index = str(given[0]), tuple(int(i) for i in given[1])
    return position_of(session.state.settings.network, (name, *(i + 1 for i in index)))


def surface(
    network: Network,
    parameters: Mapping[str, NDArray[Any]],
    data: Mapping[str, NDArray[Any]],
    first: Position,
    second: Position,
    *,
    path: tuple[NDArray[Any], NDArray[Any]] | None = None,
    by_hand: NDArray[Any] | None = None,
    late: NDArray[np.bool_] | None = None,
    near: bool = False,
    size: int = 24,
    stops: int = 400,
    seconds: float = math.inf,
) -> Iterator[dict[str, Any]]:
    """The error, penalties included, over a grid of two parameters, with all others as they are.

    It is given every so many seconds as far as it is computed, and in the end whole. The ranges hold the
    path, the present point and what looks lowest from it, with a margin, or only where the path was of late;
    they end at round numbers, so that they stay while a descent moves a little. A picture that would take too
    long is drawn from 512 rows or fewer, evenly spaced, and for a wide network from a coarser grid.

    Args:
        network: whose error.
        parameters: the present point, all of them by name.
        data: x (n, inputs), y as the graph takes it, row_weights (n,).
        first, second: the parameters along x and along y.
        path: earlier values of both, (k, 2), and the errors there, (k,).
        by_hand: for each point of the path whether a hand led there, (k,).
        late: for each point of the path whether it is of the later part, (k,).
        near: whether to draw only where the path was of late.
        size: points along each side, at most.
        stops: points of the path that are kept, at most, evenly spaced; those by hand stay.
        seconds: after which what is known is given.

    Yields:
        ``x`` (a,), ``y`` (a,), ``errors`` (a, a) [y, x], ``path`` (k, 2), ``path_errors`` (k,) and, where
        given, ``by_hand`` (k,); ``at`` and ``minimum`` as x, y and error, the latter of the grid and None
        where no error on it is finite; ``labels``; ``slice``: whether there are other parameters; ``rows``
        and whether they are ``sampled``; ``near``, and ``recent``: how large the later part of the path is
        beside the whole, at most 1. In one that is not whole, ``errors`` are NaN where they are not known
        yet, the minimum is None, and ``progress`` is the share that is known.

    Raises:
        DownslopeError: if both parameters are the same.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=2, layers=[Dense(1, bias=False)])
    >>> rows = {"x": np.eye(2), "y": np.array([[1.0], [3.0]]), "row_weights": np.ones(2)}
    >>> w = [Position("layer1.weight", (0, 0)), Position("layer1.weight", (0, 1))]
    >>> *_, found = surface(net, {"layer1.weight": np.array([[1.0, 2.0]])}, rows, *w)
    >>> found["at"], found["labels"], found["errors"].shape, found["slice"]
    ([1.0, 2.0, 0.5], ['w₁', 'w₂'], (24, 24), False)
    """
    if first == second:
        raise DownslopeError(f"a surface needs two parameters, not {symbol(network, first)} twice")
    soon = perf_counter() + seconds
    weights = sum(map(np.size, parameters.values()))
    rows, side = _effort(weights, size)
    chosen = sample_of(data, rows)
    here = [float(parameters[one.name][one.index]) for one in (first, second)]
    points, errors = (np.empty((0, 2)), np.empty(0)) if path is None else map(np.asarray, path)
    error_at = _error_at(network, {**parameters, **chosen}, (first, second))

    def errors_at(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.array([error_at(point) for point in points])

    late = np.ones(len(points), bool) if late is None else late
    if near:
        ends = np.array([near_range(points[late, i], here[i]) for i in range(2)])
        seen = ends.T
    else:
        ends = np.array([whole_range(np.append(points[:, i], here[i]), here[i]) for i in range(2)])
        seen = np.vstack([ends.T, *_lower(errors_at, np.array(here), np.ptp(ends, axis=1))])
    x, y = (axis_of(seen[:, i], side) for i in range(2))
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    kept = _stops(len(points), stops, by_hand)
    marks = {} if by_hand is None else {"by_hand": np.asarray(by_hand, np.uint8)[kept]}
    picture = {
        "x": x,
        "y": y,
        "path": np.asarray(points, np.float64)[kept],
        "path_errors": np.asarray(errors, np.float64)[kept],
        **marks,
        "at": [*here, error_at(here)],
        "labels": [symbol(network, first), symbol(network, second)],
        "slice": weights > 2,
        "rows": len(chosen["x"]),
        "sampled": len(chosen["x"]) < len(data["x"]),
        "near": near,
        "recent": recent_share(np.asarray(points, np.float64), late),
    }
    found = np.full(len(grid), np.nan)
    for k, point in enumerate(grid):
        if perf_counter() >= soon:
            known = {"errors": found.copy().reshape(side, side), "minimum": None}
            yield {**picture, **known, "progress": k / len(grid)}
            soon = perf_counter() + seconds
        found[k] = error_at(point)
    yield {**picture, "errors": found.reshape(side, side), "minimum": _lowest(grid, found)}


def symbol(network: Network, position: Position) -> str:
    """What a parameter is called, as the drawing and the derivations call it: counted from 1.

    >>> from downslope.nets import Dense
    >>> symbol(Network(2, [Dense(3), Dense(1)]), Position("layer1.weight", (1, 0)))
    'W⁽¹⁾₂,₁'
    """
    return text(network.graph().symbols.of(position.name, position.index))


@lru_cache(maxsize=2)
def _error(network: Network) -> Evaluator:
    return Evaluator([network.graph().error])


def _error_at(
    network: Network, values: dict[str, Any], positions: tuple[Position, Position]
) -> Callable[[Sequence[float] | NDArray[np.float64]], float]:
    """The error at a point: two numbers are changed in place, the rest is bound once."""
    evaluator = _error(network)
    for position in positions:
        values[position.name] = np.array(values[position.name])
    (a, i), (b, j) = ((values[position.name], position.index) for position in positions)

    def error_at(point: Sequence[float] | NDArray[np.float64]) -> float:
        a[i], b[j] = point
        with np.errstate(all="ignore"):  # far out an error may overflow: it is drawn as unknown
            return float(evaluator.mean(values)[0])

    return error_at


def _effort(weights: int, size: int) -> tuple[int, int]:
    """How many rows to take at most, and how many points along a side."""
    rows = min(max(int(_WORK / (_FEWEST**2 * weights)), _FEWEST_ROWS), _ROWS)
    return rows, min(max(math.isqrt(int(_WORK / (weights * rows))), _FEWEST), size)


def _stops(count: int, most: int, by_hand: NDArray[Any] | None) -> NDArray[np.int64]:
    """The points of a path that are kept: a move by hand with both of its ends."""
    kept = evenly_spaced(count, most)
    if by_hand is None or len(kept) == count:
        return kept
    moves = np.flatnonzero(by_hand)
    return np.unique(np.concatenate([kept, moves, np.maximum(moves - 1, 0)]))


def _lower(
    errors_at: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    here: NDArray[np.float64],
    spans: NDArray[np.float64],
) -> list[NDArray[np.float64]]:
    """Where the parabola through the errors around a point is lowest: there a descent that begins is going.

    It is not known, and the list is empty, where the parabola has no lowest point, or is another one there.
    """
    offsets = np.array([(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1)])
    around = errors_at(here + 0.1 * spans * offsets)
    if not np.all(np.abs(around) < LARGEST):
        return []
    e, right, left, up, down, both, neither = around
    gradient = np.array([right - left, up - down]) / 2
    twist = (both + neither - right - left - up - down + 2 * e) / 2
    hessian = np.array([[right - 2 * e + left, twist], [twist, up - 2 * e + down]])
    if np.linalg.eigvalsh(hessian)[0] <= 1e-9 * np.abs(hessian).max():
        return []
    step = -np.linalg.solve(hessian, gradient)
    lowest = here + 0.1 * spans * step
    predicted, found = gradient @ step / 2, errors_at(lowest[None])[0] - e
    return [lowest] if abs(predicted - found) <= 0.1 * abs(predicted) else []


def _lowest(grid: NDArray[np.float64], errors: NDArray[np.float64]) -> list[float] | None:
    if not np.any(np.isfinite(errors)):
        return None
    k = int(np.nanargmin(errors))
    return [*grid[k].tolist(), float(errors[k])]
