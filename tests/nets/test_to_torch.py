"""``network.to_torch``: a module with the same outputs, gradients and parameter names."""

import sys

import numpy as np
import pytest

import downslope as ds
from random_networks import INPUTS, LEVELS, NETWORKS

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(30, INPUTS))
X[:, [1, 3]] = DRAW.integers(0, LEVELS, (30, 2))
NUMERIC = ds.Network(
    INPUTS,
    [
        ds.Periodic((0,), 3),
        ds.Sinh((2,)),
        ds.Products((0, 2), (2, 1)),
        ds.PiecewiseLinear((2,), [[-1, 0, 1]]),
        ds.Peaks((1,), [[0, 1]]),
        ds.Dense(2),
    ],
)
OWN = ds.Network(
    INPUTS, [ds.Dense(3, lambda z: ds.ops.where(z > 0, ds.ops.clip(z, 0, 1), z / 2)), ds.Dense(1)]
)


@pytest.mark.parametrize("net", [*NETWORKS.values(), NUMERIC, OWN], ids=[*NETWORKS, "numeric", "own"])
def test_a_module_has_the_same_outputs_and_names(net):
    values = net.initial_parameters(1)
    module = net.to_torch(values).eval()
    assert {name: tuple(p.shape) for name, p in module.named_parameters()} == dict(net.graph().shapes)
    wanted = ds.predict(net, X, parameters=values)
    with torch.no_grad():
        found = module(torch.tensor(X)).numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


def test_gradients_flow_and_equal_ours():
    net = NETWORKS["residual"]
    values, y = net.initial_parameters(1), DRAW.normal(size=(30, 2))
    module = net.to_torch(values)
    loss = ((module(torch.tensor(X)) - torch.tensor(y)) ** 2).mean()
    loss.backward()
    plain = ds.Network(net.inputs, net.layers, net.loss)  # without penalties
    wanted = ds.gradient(plain, X, y, parameters=values)
    for name, parameter in module.named_parameters():
        np.testing.assert_allclose(parameter.grad.numpy(), wanted[name], rtol=1e-10, atol=1e-12)


def test_an_ensemble_float32_and_logits():
    net = ds.Network(INPUTS, [ds.Dense(4, "tanh"), ds.Dense(3)], loss="cross_entropy")
    pair = ds.Ensemble([net, net], shares=(0.25, 0.75), temperature=2.0)
    values = pair.initial_parameters(2, np.float32)
    module = pair.to_torch(values).eval()
    assert next(module.parameters()).dtype == torch.float32
    with torch.no_grad():
        found = module(torch.tensor(X)).numpy()
    np.testing.assert_allclose(found, ds.predict(pair, X.astype(np.float32), parameters=values), atol=1e-6)
    single = net.to_torch(net.initial_parameters(0)).eval()
    probabilities = torch.softmax(single.output(torch.tensor(X)), 1)
    assert torch.allclose(probabilities, single(torch.tensor(X)), rtol=1e-12)


def test_a_state_dict_is_loaded_and_the_module_pickles(tmp_path):
    net = NETWORKS["dropout"]
    module = net.to_torch(net.initial_parameters(1))
    torch.save(module.state_dict(), tmp_path / "state.pt")
    other = net.to_torch(net.initial_parameters(2))
    other.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    x = torch.tensor(X)
    assert torch.equal(module.eval()(x), other.eval()(x))
    torch.manual_seed(0)
    assert not torch.equal(module.train()(x), module(x))  # dropout is drawn anew
    parameters = {name: value.detach().numpy() for name, value in module.named_parameters()}
    predicted = ds.predict(net, X, parameters=parameters)
    np.testing.assert_allclose(predicted, module.eval()(x).detach().numpy(), rtol=1e-12, atol=1e-12)


def test_without_torch_or_parameters_it_says_what_to_do(monkeypatch):
    net = NETWORKS["neuron"]
    with pytest.raises(ds.DownslopeError, match="parameters"):
        net.to_torch({})
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "downslope.nets._torch_module", raising=False)
    with pytest.raises(ds.DownslopeError, match="pip install torch"):
        net.to_torch(net.initial_parameters())
