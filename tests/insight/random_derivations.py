"""Networks of every kind of layer, activation and loss, functions of one's own among them, with data."""

from dataclasses import dataclass

import numpy as np

import downslope as ds
from downslope.nets import ACTIVATIONS, LOSSES

LEVELS = 3
SETTINGS = {"leaky_relu": ds.LeakyRelu(slope=0.2), "elu": ds.Elu(alpha=0.7)}


def cubed(z):
    return ds.ops.tanh(z) ** 3


def hinge(z):
    return ds.ops.where(z > 0, z, 0.3 * z)


def fourth_power(output, target):
    return (target - output) ** 4


def steep_sum(output, target):
    return ds.ops.sum(3 * (target - output) ** 2, axis=1)


def mixed(output, target):
    return ds.ops.sum(target - output, axis=1) ** 2


OWN = [lambda z: z * ds.ops.sigmoid(2 * z), cubed, hinge, ds.ops.softmax]
OWN_LOSSES = [fourth_power, steep_sum, mixed]


def dense(draw: np.random.Generator, units: int, *, plain: float = 0.3) -> ds.Dense:
    name = str(draw.choice(list(ACTIVATIONS))) if draw.random() > plain else "identity"
    function = SETTINGS.get(name, name) if draw.random() < 0.5 else name
    if draw.random() < 0.1:
        function = OWN[int(draw.integers(len(OWN)))]
    return ds.Dense(units, function, bias=bool(draw.random() < 0.7))


FIRST = [
    lambda n: [ds.PiecewiseLinear((0, 1), ((-1.0, 0.0, 0.5, 2.0), (-2.0, 1.0)))],
    lambda n: [ds.Periodic((0, 1), frequencies=2, sigma=0.3)],
    lambda n: [ds.Sinh((0, 1), 2.0, 0.5)],
    lambda n: [ds.Products((0, 1), (1, 0))],
    lambda n: [ds.Peaks((1, 0), ((-1.0, 0.0, 0.5), (-2.0, 1.0)))],
    lambda n: [ds.Embedding((n - 1,), (LEVELS,), (2,))],
    lambda n: [ds.Embedding((n - 2, n - 1), (LEVELS, LEVELS), (2, 1))],
    lambda n: [ds.PiecewiseLinear((0,), ((-1.0, 0.0, 0.5),)), ds.Embedding((n - 1,), (LEVELS,), (2,))],
    lambda n: [ds.Periodic((0,), 2), ds.PiecewiseLinear((0,), ((-1.0, 1.0),))],
    lambda n: [
        ds.Periodic((1,), 2),
        ds.Peaks((1, 0), ((-1.1, 0.2, 0.7), (-2.1, 0.9)), learned=False),
        ds.PiecewiseLinear((n, 0), ((-0.5, 0.1, 0.5), (-1.1, 0.9)), learned=False),
    ],
    lambda n: [],
    lambda n: [],
]
"""Layers on n inputs, of which the last two hold level numbers."""


def residual(draw: np.random.Generator, width: int) -> ds.Residual:
    if draw.random() < 0.1:
        return ds.Residual((ds.Dropout(0.2),))  # at rest: h + h
    norm = [ds.LayerNorm()] if draw.random() < 0.2 else []
    return ds.Residual((dense(draw, int(draw.integers(1, 5))), *norm, dense(draw, width)))


def random_network(draw: np.random.Generator) -> ds.Network:
    inputs = int(draw.integers(2, 5))
    layers = FIRST[int(draw.integers(len(FIRST)))](inputs)
    width = int(ds.Network(inputs, layers).graph().output.shape[1]) if layers else inputs
    for _ in range(draw.integers(0, 4)):
        kind = draw.choice(["dense", "dense", "norm", "residual", "dropout"])
        if kind == "norm" and width > 2:
            layers.append(ds.LayerNorm())
        elif kind == "residual":
            layers.append(residual(draw, width))
        elif kind == "dropout":
            layers.append(ds.Dropout(0.4))
        else:
            width = int(draw.integers(1, 13))
            layers.append(dense(draw, width))
    loss = str(draw.choice([*LOSSES, "own"]))
    outputs = int(draw.integers(2, 14)) if loss == "cross_entropy" else int(draw.integers(1, 4))
    layers.append(dense(draw, outputs, plain=0.6))
    if draw.random() < 0.15 and outputs > 2:
        layers.append(ds.LayerNorm())
    chosen = {
        "huber": ds.Huber(delta=0.4),
        "quantile": ds.Quantile(tuple(draw.uniform(0.1, 0.9, outputs)) if draw.random() < 0.5 else 0.3),
        "own": OWN_LOSSES[int(draw.integers(len(OWN_LOSSES)))],
    }
    l1, l2 = (float(size) for size in draw.choice([0.0, 0.1], 2))
    return ds.Network(inputs, layers, chosen.get(loss, loss), l1=l1, l2=l2)


@dataclass
class Case:
    """A network at some parameters, and rows with weights or without."""

    network: ds.Network
    parameters: dict[str, np.ndarray]
    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray | None


def random_case(seed: int) -> Case:
    draw = np.random.default_rng(seed)
    network = random_network(draw)
    rows, outputs = int(draw.integers(1, 14)), int(network.graph().output.shape[1])
    x = draw.normal(size=(rows, network.inputs))
    x[:, -2:] = draw.integers(0, LEVELS, (rows, 2))
    y = draw.choice([0.1, 0.9], (rows, outputs))  # what no output is: at 0 a loss may have no derivative
    if network.loss == "cross_entropy":
        y = draw.integers(0, outputs, rows)
    parameters = {n: v + draw.normal(size=v.shape) / 3 for n, v in network.initial_parameters(seed).items()}
    return Case(network, parameters, x, y, draw.integers(1, 5, rows) / 2 if draw.random() < 0.5 else None)
