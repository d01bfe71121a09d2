"""Linear networks with squared error: their error is a quadratic function of the parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope._dataclass import dataclass
from downslope._forks import cached_property
from downslope.errors import DownslopeError
from downslope.insight.linear._decomposition import Decomposition, decompose
from downslope.nets import Dense, Dropout, Network, checked_one
from downslope.training import checked_data

__all__ = ["Quadratic", "quadratic"]


@dataclass(frozen=True)
class Quadratic:
    """The error as (1/m) Σₖ ‖A uₖ − tₖ‖², with the parameters u of output k of m in one column each.

    Attributes:
        design: A, (rows + penalised weights, unknowns): inputs, a 1 for the bias, rows of the penalty.
        targets: t, (rows + penalised weights, outputs).
        bias: whether the last unknown is a bias.
    """

    design: NDArray[np.float64]
    targets: NDArray[np.float64]
    bias: bool

    @cached_property
    def decomposition(self) -> Decomposition:
        """The singular value decomposition of A."""
        return decompose(self.design)

    @property
    def names(self) -> list[str]:
        """What each unknown belongs to, (unknowns,)."""
        inputs = self.design.shape[1] - self.bias
        return [f"x{i + 1}" for i in range(inputs)] + ["the bias"] * self.bias

    def unknowns(self, parameters: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Parameters as u, (unknowns, outputs)."""
        parts = [parameters["layer1.weight"].T]
        if self.bias:
            parts.append(parameters["layer1.bias"][None, :])
        return np.concatenate(parts).astype(np.float64)

    def parameters(self, u: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """u as parameters by name."""
        weights = u[:-1] if self.bias else u
        named = {"layer1.weight": np.ascontiguousarray(weights.T)}
        return {**named, "layer1.bias": u[-1].copy()} if self.bias else named

    def error(self, u: NDArray[np.float64]) -> float:
        """The error at u, penalty included."""
        total = float(np.sum((self.design @ u - self.targets) ** 2))
        return total / int(self.targets.shape[1])

    def nearest_minimum(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """The minimum nearest to u; from 0 the shortest one. Refined once, to the last digits."""
        for _ in range(2):
            u = u + self.decomposition.shortest(self.targets - self.design @ u)
        return u


def quadratic(
    network: Network, x: ArrayLike, y: ArrayLike, row_weights: ArrayLike | None = None
) -> Quadratic:
    """The quadratic form of a linear network's error on some rows.

    Raises:
        DownslopeError: if the network is not linear or its error is not quadratic; the message says why.
    """
    layer = _only_dense(checked_one(network))
    if network.loss != "squared_error":
        raise DownslopeError(
            f"an exact solution needs the loss squared_error, not {network.loss}; use descend"
        )
    if network.l1:
        raise DownslopeError("the penalty l1 has a kink and no exact solution in one step; use descend")
    data = checked_data(network, x, y, row_weights)
    rows, inputs = data["x"].shape
    bias = layer.bias is not False
    weights = data["row_weights"].astype(np.float64)
    root = np.sqrt(weights / weights.sum())[:, None]
    penalised = inputs if network.l2 else 0
    design = np.zeros((rows + penalised, inputs + bias))
    targets = np.zeros((rows + penalised, data["y"].shape[1]))
    np.multiply(root, data["x"], out=design[:rows, :inputs])
    np.multiply(root, data["y"], out=targets[:rows])
    if bias:
        design[:rows, inputs:] = root
    if penalised:
        np.fill_diagonal(design[rows:], np.sqrt(network.l2 / 2 * targets.shape[1]))
    return Quadratic(design, targets, bias)


def _only_dense(network: Network) -> Dense:
    layers = [layer for layer in network.layers if not isinstance(layer, Dropout)]
    if len(layers) != 1 or len(layers) != len(network.layers) or not isinstance(layers[0], Dense):
        kinds = ", ".join(type(layer).__name__ for layer in network.layers)
        raise DownslopeError(
            f"an exact solution needs a single Dense layer, and this network has {kinds}; use descend"
        )
    if layers[0].activation != "identity":
        raise DownslopeError(
            f"an exact solution needs no activation, not {layers[0].activation}; use descend"
        )
    return layers[0]
