"""L-BFGS on all rows, with SciPy's line search (Liu and Nocedal 1989; Byrd et al. 1995)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines import Evaluator
from downslope.errors import DownslopeError
from downslope.graph import gradient
from downslope.nets import Network
from downslope.training._data import Arrays

__all__ = ["minimise"]


def minimise(
    network: Network, data: Arrays, values: Arrays, steps: int, seen: Callable[[float, Arrays], bool]
) -> str:
    """At most ``steps`` iterations from ``values``; how it ended, in words.

    ``seen`` gets the error and the parameters after each iteration and says whether to stop.

    Raises:
        DownslopeError: if the network has dropout, which makes every look at the error another one.
    """
    from scipy.optimize import OptimizeResult, minimize

    graph = network.graph()
    if network.graph(training=True).error is not graph.error:
        raise DownslopeError("L-BFGS needs an error that stays the same; leave out dropout, or take adam")
    shapes = {name: values[name].shape for name in graph.parameters}
    ends = np.cumsum([values[name].size for name in shapes])[:-1]
    dtype = data["x"].dtype
    wanted = Evaluator([graph.error, *gradient(graph.error, list(graph.parameters.values()))])

    def named(flat: NDArray[Any]) -> Arrays:
        parts = np.split(flat.astype(dtype), ends)
        return {name: p.reshape(s) for (name, s), p in zip(shapes.items(), parts, strict=True)}

    def slope(flat: NDArray[Any]) -> tuple[float, NDArray[np.float64]]:
        with np.errstate(all="ignore"):
            error, *slopes = wanted.mean({**data, **named(flat)})
        return float(error), np.concatenate([np.ravel(g) for g in slopes]).astype(np.float64)

    def after_iteration(intermediate_result: OptimizeResult) -> None:
        if seen(float(intermediate_result.fun), named(intermediate_result.x)):
            raise StopIteration

    flat = np.concatenate([np.ravel(values[name]) for name in shapes]).astype(np.float64)
    if not np.isfinite(slope(flat)[0]):
        return "the error at the start is not finite"
    if steps == 0:
        return "no iteration was asked for"
    options = {"maxiter": steps, "maxfun": 20 * steps, "ftol": 1e-15, "gtol": 1e-10, "maxcor": 20}
    result = minimize(slope, flat, method="L-BFGS-B", jac=True, callback=after_iteration, options=options)
    return str(result.message).capitalize().rstrip(".")
