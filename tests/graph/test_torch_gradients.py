"""PyTorch as the oracle: the gradient, every row's own by vmap(grad), H·v by forward over reverse mode."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_torch import ACTIVATIONS, LOSSES, F, torch  # which skips where there is no PyTorch

import downslope as ds
from random_networks import NETWORKS, SMOOTH, data_for, direction_for, flat, networks
from thorough import examples

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning"),
]


class InTorch:
    """A network written again, for one row, in the functions of PyTorch."""

    def __init__(self, network):
        self.network = network

    def output(self, parameters, x):
        self.layer = 0
        return self.through(self.network.layers, parameters, x)

    def through(self, layers, parameters, h):
        for layer in layers:
            h = getattr(self, type(layer).__name__.lower())(layer, parameters, h)
        return h

    def dense(self, layer, parameters, h):
        self.layer += 1
        z = F.linear(h, parameters[f"layer{self.layer}.weight"], parameters.get(f"layer{self.layer}.bias"))
        return ACTIVATIONS.get(layer.activation, lambda z: z)(z)

    def activation(self, layer, parameters, h):
        self.layer += 1
        return ACTIVATIONS[layer.activation](h)

    def dropout(self, layer, parameters, h):
        return h

    def layernorm(self, layer, parameters, h):
        self.layer += 1
        scale, shift = (parameters[f"layer{self.layer}.{kind}"] for kind in ("scale", "shift"))
        return F.layer_norm(h, h.shape, scale, shift, eps=layer.epsilon)

    def residual(self, layer, parameters, h):
        return h + self.through(layer.layers, parameters, h)

    def embedding(self, layer, parameters, h):
        self.layer += 1
        rest = [i for i in range(len(h)) if i not in layer.columns]
        tables = [(c, parameters[f"layer{self.layer}.column{c}"]) for c in layer.columns]
        return torch.cat([h[rest], *(F.embedding(h[c].long(), table) for c, table in tables)])

    def error(self, parameters, x, y):
        z, loss = self.output(parameters, x), self.network.loss
        name = self.network.loss_function.name
        if loss == "cross_entropy":
            return F.cross_entropy(z, y.long())
        if name == "huber":
            delta = self.network.loss_function.delta  # PyTorch has no forward mode of its huber_loss
            return delta * F.smooth_l1_loss(z, y, beta=delta)
        if name == "quantile":
            level = torch.as_tensor(self.network.loss_function.level, dtype=z.dtype)
            return torch.maximum(level * (y - z), (level - 1) * (y - z)).mean()
        return LOSSES[loss](z, y).mean()

    def total(self, parameters, x, y, weights):
        errors = torch.func.vmap(self.error, (None, 0, 0))(parameters, x, y)
        weighed = [v for name, v in parameters.items() if name.endswith("weight") or ".column" in name]
        return (
            (errors * weights).sum() / weights.sum()
            + self.network.l1 * sum(v.abs().sum() for v in weighed)
            + self.network.l2 / 2 * sum((v**2).sum() for v in weighed)
        )


def tensors(named):
    return {name: torch.tensor(v) for name, v in named.items()}


def check_norms(network, rows, seed=0):
    x, y, weights, parameters = data_for(network, rows, seed)
    own = torch.func.vmap(torch.func.grad(InTorch(network).error), (None, 0, 0))
    slopes = own(tensors(parameters), torch.tensor(x), torch.tensor(y))
    expected = torch.cat([g.reshape(rows, -1) for g in slopes.values()], dim=1).norm(dim=1).numpy()
    found = ds.gradient_norms(network, x, y, parameters=parameters, row_weights=weights)
    np.testing.assert_allclose(found, weights * expected, rtol=1e-9, atol=1e-11)


def check_gradient(network, rows, seed=0):
    x, y, weights, parameters = data_for(network, rows, seed)
    data = [torch.tensor(v) for v in (x, y, weights)]
    slopes = torch.func.grad(InTorch(network).total)(tensors(parameters), *data)
    found = ds.gradient(network, x, y, parameters=parameters, row_weights=weights)
    assert list(found) == list(parameters)
    for name, expected in slopes.items():
        np.testing.assert_allclose(found[name], expected.numpy(), rtol=1e-9, atol=1e-12)


def check_product(network, rows, seed=0):
    x, y, weights, parameters = data_for(network, rows, seed)
    vector = direction_for(parameters, seed)
    data = [torch.tensor(v) for v in (x, y, weights)]
    slope = torch.func.grad(lambda p: InTorch(network).total(p, *data))
    _, turned = torch.func.jvp(slope, (tensors(parameters),), (tensors(vector),))
    expected = flat({name: turned[name].numpy() for name in parameters})
    found = ds.hessian_vector_product(
        network, x, y, parameters=parameters, vector=vector, row_weights=weights
    )
    np.testing.assert_allclose(flat(found), expected, rtol=1e-8, atol=1e-10 * np.abs(expected).max() + 1e-13)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_and_loss(name):
    check_gradient(NETWORKS[name], 35)
    check_norms(NETWORKS[name], 35)
    check_product(NETWORKS[name], 35)


@settings(max_examples=examples(30), deadline=None, derandomize=True)
@given(networks(), st.integers(1, 40), st.integers(0, 100))
def test_norms_and_gradients_of_any_network(network, rows, seed):
    check_gradient(network, rows, seed)
    check_norms(network, rows, seed)


@settings(max_examples=examples(30), deadline=None, derandomize=True)
@given(networks(SMOOTH), st.integers(1, 40), st.integers(0, 100))
def test_products_of_any_smooth_network(network, rows, seed):
    check_product(network, rows, seed)
