"""Linear networks with squared error: their error is a quadratic function of the parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope.errors import DownslopeError
from downslope.nets import Dense, Dropout, Network
from downslope.training import checked_data

__all__ = ["Quadratic", "quadratic"]


@dataclass(frozen=True)
class Quadratic:
    """The error as (1/m) Σₖ ‖A uₖ − tₖ‖², with the parameters u of output k of m in one column each.

    Attributes:
        design: A, (rows + penalised weights, unknowns): inputs, a 1 for the bias, rows of the penalty.
        targets: t, (rows + penalised weights, outputs).
        bias: whether the last unknown is a bias.
        data: the checked x, y and row weights.
    """

    design: NDArray[np.float64]
    targets: NDArray[np.float64]
    bias: bool
    data: Mapping[str, NDArray[np.float64]]

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
            u = u + np.linalg.lstsq(self.design, self.targets - self.design @ u, rcond=self.cutoff)[0]
        return u

    @property
    def cutoff(self) -> float:
        """Singular values below this share of the largest are 0 within rounding."""
        return int(max(self.design.shape)) * float(np.finfo(np.float64).eps)


def quadratic(network: Network, x: ArrayLike, y: ArrayLike, row_weights: ArrayLike | None) -> Quadratic:
    """The quadratic form of a linear network's error on some rows.

    Raises:
        DownslopeError: if the network is not linear or its error is not quadratic; the message says why.
    """
    layer = _only_dense(network)
    if network.loss != "squared_error":
        raise DownslopeError(f"an exact answer needs the loss squared_error, not {network.loss}; use descend")
    if network.l1:
        raise DownslopeError("the penalty l1 has a kink and no exact answer in one step; use descend")
    data = {
        name: values.astype(np.float64) for name, values in checked_data(network, x, y, row_weights).items()
    }
    root = np.sqrt(data["row_weights"] / data["row_weights"].sum())[:, None]
    columns = [data["x"], np.ones((len(root), 1))] if layer.bias is not False else [data["x"]]
    design, targets = root * np.concatenate(columns, axis=1), root * data["y"]
    if network.l2:
        outputs = targets.shape[1]
        ridge = np.sqrt(network.l2 / 2 * outputs) * np.eye(network.inputs, design.shape[1])
        design = np.concatenate([design, ridge])
        targets = np.concatenate([targets, np.zeros((network.inputs, outputs))])
    return Quadratic(design, targets, layer.bias is not False, data)


def _only_dense(network: Network) -> Dense:
    layers = [layer for layer in network.layers if not isinstance(layer, Dropout)]
    if len(layers) != 1 or len(layers) != len(network.layers) or not isinstance(layers[0], Dense):
        kinds = ", ".join(type(layer).__name__ for layer in network.layers)
        raise DownslopeError(
            f"an exact answer needs a single Dense layer, and this network has {kinds}; use descend"
        )
    if layers[0].activation != "identity":
        raise DownslopeError(f"an exact answer needs no activation, not {layers[0].activation}; use descend")
    return layers[0]
