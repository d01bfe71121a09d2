"""A network of every kind, of five inputs."""

import numpy as np

import downslope as ds
from downslope.nets import Peaks, Periodic, PiecewiseLinear, Products, Sinh

NETWORKS = {
    "plain": ds.Network(5, [ds.Dense(40, "relu"), ds.Dense(33, "tanh"), ds.Dense(1)]),
    "dropout": ds.Network(
        5,
        [ds.Dense(41, "silu"), ds.Dropout(0.3), ds.Dense(6, "gelu"), ds.Dropout(0.2), ds.Dense(2)],
        loss="huber",
        l2=0.1,
        l1=0.01,
    ),
    "residual": ds.Network(
        5,
        [
            ds.Dense(8, "elu"),
            ds.Residual((ds.Dense(16, "mish"), ds.LayerNorm(), ds.Dense(8))),
            ds.LayerNorm(),
            ds.Dense(3),
        ],
        loss="cross_entropy",
    ),
    "embedding": ds.Network(
        5,
        [ds.Embedding((1, 3), (4, 3), (2, 3)), ds.Dense(8, "sigmoid"), ds.Dense(1)],
        loss="binary_cross_entropy",
    ),
    "numeric": ds.Network(
        5,
        [
            PiecewiseLinear((0, 2), ((-1.0, 0.0, 1.0), (-2.0, -0.5, 0.5, 2.0))),
            Periodic((1, 4), 3),
            Sinh((3, 0), 3.0, 0.25),
            Peaks((1, 0), ((-1.0, 0.2, 0.5), (0.0, 1.5))),
            ds.Dense(8, "silu"),
            ds.Dense(1),
        ],
    ),
    "fixed": ds.Network(
        5,
        [
            Periodic((1, 4), 2),
            Products((5, 0), (2, 0)),
            PiecewiseLinear(
                (5, 0, 2), ((-0.5, 0.5), (-1.0, 0.0, 1.0), np.linspace(-2, 2, 11).tolist()), learned=False
            ),
            Peaks((1, 0), ((-1.0, 0.2, 0.5, 1.0, 3.0), (-2.0, 0.0, 1.5)), learned=False),
            ds.Dense(8, "silu"),
            ds.Dense(1),
        ],
    ),
    "neuron": ds.Network(5, [ds.Dense(1, bias=False)], loss="poisson"),
    "wide": ds.Network(
        5, [ds.Dense(257, "softplus"), ds.Dense(64, "selu"), ds.Dense(1)], loss="absolute_error"
    ),
    "leaky": ds.Network(5, [ds.Dense(3, ds.LeakyRelu(0.2)), ds.Dense(1)]),
}
