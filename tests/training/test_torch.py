"""PyTorch as the oracle: activations and losses, values and first derivatives; a whole deep network."""

import itertools

import numpy as np
import pytest

from downslope.engines import evaluate
from downslope.graph import BATCH, gradient, input_, make, parameter

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
F = torch.nn.functional

ACTIVATIONS = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    "softplus": lambda z: F.softplus(z, threshold=1e9),
    "mish": F.mish,
}
LOSSES = {
    "squared_error": lambda z, y: (z - y) ** 2,
    "absolute_error": lambda z, y: (z - y).abs(),
    "huber": lambda z, y: F.huber_loss(z, y, reduction="none"),
    "quantile": lambda z, y: torch.maximum(0.5 * (y - z), -0.5 * (y - z)),
    "binary_cross_entropy": lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="none"),
    "poisson": lambda z, y: F.poisson_nll_loss(z, y, reduction="none"),
}


def summed(node):
    return make("sum", node, axes=None, keepdims=False)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(name):
    z = np.linspace(-30, 30, 601)
    leaf = input_("z", (BATCH,))
    node = make(name, leaf)
    value, slope = evaluate([node, *gradient(summed(node), [leaf])], {"z": z})
    t = torch.tensor(z, requires_grad=True)
    expected = ACTIVATIONS[name](t)
    expected.sum().backward()
    np.testing.assert_allclose(value, expected.detach().numpy(), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(slope, t.grad.numpy(), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("name", LOSSES)
def test_loss(name):
    rng = np.random.default_rng(0)
    z, y = rng.normal(0, 3, 200), rng.integers(0, 2, 200).astype(float)
    leaf = input_("z", (BATCH,))
    node = make(name, leaf, input_("y", (BATCH,)))
    value, slope = evaluate([node, *gradient(summed(node), [leaf])], {"z": z, "y": y})
    t = torch.tensor(z, requires_grad=True)
    expected = LOSSES[name](t, torch.tensor(y))
    expected.sum().backward()
    np.testing.assert_allclose(value, expected.detach().numpy(), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(slope, t.grad.numpy(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("scale", [1.0, 400.0])
def test_cross_entropy(scale):
    rng = np.random.default_rng(0)
    z, y = scale * rng.normal(0, 3, (50, 4)), rng.integers(0, 4, 50)
    leaf = input_("z", (BATCH, 4))
    node = make("cross_entropy", leaf, input_("y", (BATCH,)))
    value, slope = evaluate([node, *gradient(summed(node), [leaf])], {"z": z, "y": y.astype(float)})
    t = torch.tensor(z, requires_grad=True)
    expected = F.cross_entropy(t, torch.tensor(y), reduction="none")
    expected.sum().backward()
    np.testing.assert_allclose(value, expected.detach().numpy(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(slope, t.grad.numpy(), rtol=1e-10, atol=1e-15)


def test_six_layers_of_1024_sigmoid_neurons_every_parameter():
    rng = np.random.default_rng(0)
    widths = [16, *[1024] * 6, 1]
    h, values = input_("x", (BATCH, 16)), {"x": rng.normal(size=(8, 16)), "y": rng.normal(size=(8, 1))}
    leaves = []
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(widths), 1):
        w, b = parameter(f"w{layer}", (fan_out, fan_in)), parameter(f"b{layer}", (fan_out,))
        values[w.name] = rng.normal(0, (2 / (fan_in + fan_out)) ** 0.5 * 4, w.shape)
        values[b.name] = rng.normal(size=b.shape)
        leaves += [w, b]
        h = h @ w.T + b
        h = make("sigmoid", h) if layer < len(widths) - 1 else h
    error = summed(make("squared_error", h, input_("y", (BATCH, 1)))) / make("rows", h)
    slopes = evaluate(gradient(error, leaves), values)

    tensors = {k: torch.tensor(v, requires_grad=k[0] in "wb") for k, v in values.items()}
    out = tensors["x"]
    for layer in range(1, len(widths)):
        out = F.linear(out, tensors[f"w{layer}"], tensors[f"b{layer}"])
        out = torch.sigmoid(out) if layer < len(widths) - 1 else out
    F.mse_loss(out, tensors["y"]).backward()
    compared = 0
    for leaf, slope in zip(leaves, slopes, strict=True):
        expected = tensors[leaf.name].grad.numpy()
        assert np.linalg.norm(slope - expected) <= 1e-10 * np.linalg.norm(expected)
        compared += slope.size
    assert compared == sum(v.size for k, v in values.items() if k[0] in "wb")
