"""The networks that are measured, and their random rows: only speed is meant, never accuracy.

| name | network | activation | batch | update | rows |
| --- | --- | --- | --- | --- | --- |
| neuron | 3-1, no bias, float64 | identity | 5 | SGD | 5, 1000 steps |
| small | 20-32-32-32-1 | relu | 128 | Adam | 12800 |
| medium | 20-128-128-128-1 | relu | 128 | Adam | 12800 |
| wide | 20-512-512-512-1 | relu | 128 | Adam | 12800 |
| deep | 1024-6×1024-1 | sigmoid | 256 | SGD | 2048 |
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from downslope import Network

Floats = NDArray[np.float32]
RATE = 1e-3

NEURON_X = np.array([[3, 4, 7], [6, 2, 9], [8, 10, 12], [9, 7, 4], [7, 6, 3]], np.float64)
NEURON_Y = np.array([13.5, 15.6, 27.4, 15.6, 12.5])
NEURON_START = (200.0, -14.0, 3456.0)
NEURON_STEPS = 1000


@dataclass(frozen=True)
class Workload:
    """A network of dense layers and how it is trained, on the squared error in float32."""

    widths: tuple[int, ...]
    activation: str
    batch: int
    optimizer: str
    rows: int

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return -(-self.rows // self.batch)

    @property
    def forward_adds(self) -> int:
        """Multiply-adds of one row's way through the network; the products alone are counted."""
        return sum(a * b for a, b in pairwise(self.widths))

    @property
    def step_adds(self) -> int:
        """The same with one row's gradients: of all weights, and of all layers' inputs but the first's."""
        return 3 * self.forward_adds - self.widths[0] * self.widths[1]

    @property
    def step_flops(self) -> int:
        """Operations of one step: a multiply-add counts two."""
        return 2 * self.batch * self.step_adds


WORKLOADS = {
    "small": Workload((20, 32, 32, 32, 1), "relu", 128, "adam", 12800),
    "medium": Workload((20, 128, 128, 128, 1), "relu", 128, "adam", 12800),
    "wide": Workload((20, 512, 512, 512, 1), "relu", 128, "adam", 12800),
    "deep": Workload((*[1024] * 7, 1), "sigmoid", 256, "sgd", 2048),
}


def data(workload: Workload) -> tuple[Floats, Floats]:
    """x (rows, inputs) and y (rows, 1)."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((workload.rows, workload.widths[0]), dtype=np.float32)
    return x, rng.standard_normal((workload.rows, 1), dtype=np.float32)


def parameters(workload: Workload) -> list[tuple[Floats, Floats]]:
    """For each layer W (outputs, inputs) and b (outputs,): the starting values that all libraries share."""
    rng = np.random.default_rng(1)
    return [
        (rng.standard_normal((b, a), dtype=np.float32) / np.float32(a**0.5), np.zeros(b, np.float32))
        for a, b in pairwise(workload.widths)
    ]


def named(layers: list[tuple[Floats, Floats]]) -> dict[str, Floats]:
    """The same by Downslope's names."""
    weights = {f"layer{i}.weight": weight for i, (weight, _) in enumerate(layers, 1)}
    return weights | {f"layer{i}.bias": bias for i, (_, bias) in enumerate(layers, 1)}


def network(workload: Workload) -> Network:
    """The network as Downslope describes it."""
    from downslope import Dense, Network

    *hidden, outputs = workload.widths[1:]
    layers = [*(Dense(width, workload.activation) for width in hidden), Dense(outputs)]
    return Network(inputs=workload.widths[0], layers=layers)


def neuron() -> Network:
    """One linear neuron of three inputs without a bias."""
    from downslope import Dense, Network

    return Network(inputs=3, layers=[Dense(1, bias=False)])
