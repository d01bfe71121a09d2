"""The gradient's measure over the spectrum of the Hessian, by Lanczos' method."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines import Evaluator
from downslope.insight.diagnosis import Call
from downslope.insight.extrapolation._spectrum import Spectrum, plain_descent, velocities_of
from downslope.insight.gradients import gradient, hessian_vector_product, lanczos
from downslope.nets import Network
from downslope.training import Run

__all__ = ["krylov_spectrum"]

_ITERATIONS = 30
_FLAT = 1e-10  # of the largest curvature: what is less counts as this much


def krylov_spectrum(run: Run, call: Call) -> Spectrum | None:
    """The quadratic that the error is where a run is, along the directions in which it goes on.

    Lanczos' method from the gradient gives the quadrature of the gradient's
    measure over the spectrum (Golub and Meurant 2010): of a quadratic, descent from rest is exact for as many
    steps as there are directions, and close for many more. None where steps are no plain ones on all rows.
    """
    plain, rows = plain_descent(run, call), call.rows
    if plain is None:
        return None
    network, at = call.network, {name: run.state[name] for name in call.network.graph().parameters}
    names = list(at)
    here: dict[str, Any] = {"network": network, "parameters": at, **rows}

    def flat(values: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        return np.concatenate([np.asarray(values[name], np.float64).ravel() for name in names])

    slope = flat(gradient(**here))
    error = float(_error(network).mean({**at, **rows})[0])
    q, small = lanczos(lambda v: flat(hessian_vector_product(**here, vector=v)), slope, _ITERATIONS)
    curvatures, turn = np.linalg.eigh(small)
    least = _FLAT * float(np.abs(curvatures).max(initial=0.0)) or 1.0
    curvatures = np.where(np.abs(curvatures) < least, least, curvatures)
    slopes = turn.T @ (q @ slope)
    floor = error - float(np.sum(slopes**2 / (2 * curvatures)))
    return Spectrum(
        curvatures,
        slopes / curvatures,
        turn.T @ (q @ flat(velocities_of(run))),
        floor,
        plain.rate,
        plain.momentum,
    )


@lru_cache(maxsize=16)
def _error(network: Network) -> Evaluator:
    return Evaluator([network.graph().error])
