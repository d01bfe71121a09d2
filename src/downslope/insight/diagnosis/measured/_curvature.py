"""The largest and the least curvature of the error, by Hessian-vector products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.insight.gradients import hessian_vector_product, lanczos
from downslope.nets import Network
from downslope.training import Arrays

__all__ = ["largest_curvature", "least_curvature"]

_ITERATIONS = 20
_LANCZOS = 30
_CLOSE = 1e-3  # change of λ between two iterations, as a share, at which it is known well enough


def largest_curvature(
    network: Network,
    parameters: Mapping[str, NDArray[Any]],
    rows: Arrays,
    scales: Mapping[str, NDArray[Any]] | None = None,
) -> float:
    """|λ|max of the Hessian of the mean error, or of D⁻½ H D⁻½ with a positive diagonal D.

    The power method (von Mises and Pollaczek-Geiringer 1929); 0 where the error is flat, NaN where it is not
    finite.

    Args:
        network: of one member.
        parameters: the point.
        rows: x, y and row_weights.
        scales: the diagonal of D by name; None is 1 everywhere.
    """
    names = list(parameters)
    roots = {name: 1.0 if scales is None else 1 / np.sqrt(scales[name]) for name in names}
    random = np.random.default_rng(0)
    vector = {name: random.standard_normal(parameters[name].shape) for name in names}
    found = 0.0
    for _ in range(_ITERATIONS):
        norm = np.sqrt(sum(float(np.sum(np.square(part))) for part in vector.values()))
        if not np.isfinite(norm):
            return float("nan")
        if norm == 0:
            return 0.0
        unit = {name: roots[name] * part / norm for name, part in vector.items()}
        with np.errstate(all="ignore"):
            product = hessian_vector_product(
                network, rows["x"], rows["y"], parameters=parameters, vector=unit
            )
        vector = {name: roots[name] * np.asarray(part, np.float64) for name, part in product.items()}
        before, found = found, float(np.sqrt(sum(float(np.sum(np.square(v))) for v in vector.values())))
        if abs(found - before) <= _CLOSE * found:
            break
    return found


def least_curvature(network: Network, parameters: Mapping[str, NDArray[Any]], rows: Arrays) -> float:
    """The least eigenvalue of the Hessian of the mean error, from above, by 30 steps of Lanczos' method.

    Below 0 the error curves down along some direction; NaN where it is not finite.

    Args:
        network: of one member.
        parameters: the point.
        rows: x, y and row_weights.
    """

    def product(flat: NDArray[np.float64]) -> NDArray[np.float64]:
        vector, begin = dict[str, NDArray[Any]](), 0
        for name, value in parameters.items():
            vector[name] = flat[begin : begin + value.size].reshape(value.shape)
            begin += value.size
        with np.errstate(all="ignore"):
            found = hessian_vector_product(
                network, rows["x"], rows["y"], parameters=parameters, vector=vector
            )
        return np.concatenate([np.asarray(found[name], np.float64).ravel() for name in parameters])

    size = sum(value.size for value in parameters.values())
    _, small = lanczos(product, np.random.default_rng(0).standard_normal(size), _LANCZOS)
    return float(np.linalg.eigvalsh(small)[0]) if np.all(np.isfinite(small)) else float("nan")
