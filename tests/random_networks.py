"""Networks of every kind of layer and loss for property tests, and data that suits them."""

import numpy as np
from hypothesis import strategies as st

import downslope as ds
from downslope.nets import ACTIVATIONS, LOSSES

INPUTS, LEVELS = 4, 3
SMOOTH = ("sigmoid", "tanh", "gelu", "silu", "softplus", "mish")

LAYERS = {
    "neuron": [ds.Dense(1, bias=False)],
    "no bias": [ds.Dense(4, "tanh", bias=False), ds.Dense(2)],
    "layer norm": [ds.Dense(5, "sigmoid"), ds.LayerNorm(), ds.Dense(2)],
    "activations apart": [ds.Dense(5), ds.LayerNorm(), ds.Activation("tanh"), ds.Dense(2)],
    "norm first": [ds.LayerNorm(), ds.Dense(3)],
    "residual": [
        ds.Dense(4, "tanh"),
        ds.Residual((ds.Dense(3, "silu"), ds.LayerNorm(), ds.Dense(4))),
        ds.Dense(2),
    ],
    "dropout": [ds.Dense(6, "softplus"), ds.Dropout(0.4), ds.Dense(2)],
    "embeddings": [ds.Embedding((1, 3), (LEVELS, LEVELS), (2, 3)), ds.Dense(4, "gelu"), ds.Dense(2)],
    **{name: [ds.Dense(4, name), ds.Dense(3, name), ds.Dense(2)] for name in ACTIVATIONS},
}
NETWORKS = {
    **{name: ds.Network(INPUTS, layers, l1=0.01, l2=0.1) for name, layers in LAYERS.items()},
    **{
        str(loss): ds.Network(INPUTS, [ds.Dense(4, "tanh"), ds.Dense(3)], loss=loss)
        for loss in (*LOSSES, ds.Huber(0.3), ds.Quantile(0.3))
    },
    "levels": ds.Network(INPUTS, [ds.Dense(4, "tanh"), ds.Dense(3)], loss=ds.Quantile((0.1, 0.5, 0.8))),
}


@st.composite
def networks(draw, activations=tuple(ACTIVATIONS)):
    """A network of any layers; with smooth activations only, the loss is smooth too."""
    smooth = activations == SMOOTH
    losses = [loss for loss in LOSSES if not (smooth and loss in ("absolute_error", "huber", "quantile"))]
    loss = draw(st.sampled_from(losses))
    layers, width = [], INPUTS
    if draw(st.booleans()):
        layers.append(ds.Embedding((1,), (LEVELS,), (draw(st.integers(1, 3)),)))
        width = INPUTS - 1 + layers[0].sizes[0]
    kinds = st.sampled_from(["dense", "norm", "residual", "dropout"])
    for kind in draw(st.lists(kinds, max_size=4)):
        activation, units = draw(st.sampled_from(("identity", *activations))), draw(st.integers(1, 6))
        dense = ds.Dense(units, activation, bias=draw(st.booleans()))
        if kind == "dense":
            layers.append(dense)
            width = units
        elif kind == "norm" and width > 2:  # two values that are normalised are ±1: a step, not a slope
            layers.append(ds.LayerNorm())
        elif kind == "residual":
            layers.append(ds.Residual((dense, ds.Dense(width, activation))))
        else:
            layers.append(ds.Dropout(0.3))
    layers.append(ds.Dense(draw(st.integers(2 if loss == "cross_entropy" else 1, 3))))
    return ds.Network(INPUTS, layers, loss=loss, l1=draw(st.sampled_from([0.0, 0.1])), l2=0.01)


def data_for(network, rows, seed=0, dtype=np.float64):
    """x, y, row weights and parameters at which no value is special."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, INPUTS))
    x[:, 1], x[:, 3] = rng.integers(0, LEVELS, rows), rng.integers(0, LEVELS, rows)
    shape = tuple(rows if d == "n" else d for d in network.graph().y.shape)
    classed = network.loss in ("cross_entropy", "binary_cross_entropy", "poisson")
    y = rng.integers(0, 2, shape) if classed else rng.normal(size=shape)
    start = network.initial_parameters(seed).items()
    parameters = {name: (v + rng.normal(0, 0.3, v.shape)).astype(dtype) for name, v in start}
    return x.astype(dtype), y.astype(dtype), rng.uniform(0.5, 2, rows).astype(dtype), parameters


def direction_for(parameters, seed=0):
    """A number for each parameter."""
    rng = np.random.default_rng(seed + 99)
    return {name: rng.normal(size=v.shape).astype(v.dtype) for name, v in parameters.items()}


def flat(named):
    """All numbers of some arrays in one vector."""
    return np.concatenate([np.ravel(v) for v in named.values()])
