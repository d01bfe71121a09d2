"""The size of each row's own gradient against that gradient itself, formed for one row at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import downslope as ds
from downslope.engines import evaluate
from downslope.graph import gradient, input_, make, parameter, row_gradient_norms, topological
from engine_names import ENGINES
from random_networks import NETWORKS, data_for, flat, networks
from thorough import examples


def one_by_one(network, x, y, parameters):
    """Each row's gradient is formed as a batch of its own, and measured."""
    graph = network.graph()
    slopes = gradient(graph.data_error, list(graph.parameters.values()))
    norms = []
    for n in range(len(x)):
        row = {"x": x[n : n + 1], "y": y[n : n + 1], "row_weights": np.ones(1)}
        norms.append(np.linalg.norm(flat(dict(enumerate(evaluate(slopes, {**parameters, **row}))))))
    return np.array(norms)


def test_a_case_worked_by_hand():
    # z = 2·3 + 1 = 7, δ = −2(y − z) = 4: ∂E/∂w = δx = 12, ∂E/∂b = δ = 4
    at = {"layer1.weight": [[2.0]], "layer1.bias": [1.0]}
    net = ds.Network(1, [ds.Dense(1)])
    (norm,) = ds.gradient_norms(net, [[3.0]], [5.0], parameters=at)
    assert norm == pytest.approx((12**2 + 4**2) ** 0.5, rel=1e-15)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_and_loss(name, engine, monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_ENGINE", engine)
    network = NETWORKS[name]
    x, y, weights, parameters = data_for(network, 35)
    expected = one_by_one(network, x, y, parameters)
    np.testing.assert_allclose(
        ds.gradient_norms(network, x, y, parameters=parameters), expected, rtol=1e-11, atol=1e-13
    )
    weighted = ds.gradient_norms(network, x, y, parameters=parameters, row_weights=weights)
    np.testing.assert_allclose(weighted, weights * expected, rtol=1e-11, atol=1e-13)


@settings(max_examples=examples(60), deadline=None, derandomize=True)
@given(networks(), st.integers(1, 40), st.integers(0, 100))
def test_any_network(network, rows, seed):
    x, y, _, parameters = data_for(network, rows, seed)
    expected = one_by_one(network, x, y, parameters)
    found = ds.gradient_norms(network, x, y, parameters=parameters)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)


def test_rows_beyond_what_is_evaluated_at_once(monkeypatch):
    network = NETWORKS["residual"]
    x, y, _, parameters = data_for(network, 3000)
    whole = ds.gradient_norms(network, x, y, parameters=parameters)
    from downslope.insight.gradients import _row_norms

    monkeypatch.setattr(_row_norms._program(network), "rows_at_once", 1001)
    np.testing.assert_allclose(ds.gradient_norms(network, x, y, parameters=parameters), whole, rtol=1e-14)


def test_float32_stays_float32_and_a_run_will_do():
    network = NETWORKS["layer norm"]
    x, y, _, parameters = data_for(network, 20, dtype=np.float32)
    run = ds.descend(network, x, y, start=parameters, steps=1, learning_rate=1e-9)
    found = ds.gradient_norms(network, x, y, parameters=run)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, one_by_one(network, x, y, run.parameters), rtol=1e-4)


def test_no_gradient_of_a_row_is_formed():
    network = ds.Network(7, [ds.Dense(13, "tanh"), ds.Dense(11)])
    graph = network.graph()
    weights = [p for p in graph.parameters.values() if len(p.shape) == 2]
    formed = [
        node
        for node in topological([row_gradient_norms(graph.errors, weights)])
        if node.shape in [w.shape for w in weights] and node not in weights
    ]
    assert formed == []


def rows_of(z):
    return make("sum", make("square", z), axes=(1,), keepdims=False)


X, W, V = input_("x", ("n", 3)), parameter("w", (3, 3)), parameter("v", (3,))
POINT = {
    "x": np.array([[1.0, 2.0, 3.0], [0.5, -1.0, 4.0]]),
    "w": np.arange(9.0).reshape(3, 3) / 9,
    "v": np.array([1.0, -2.0, 0.5]),
    "c": np.array(3.0),
}


@pytest.mark.parametrize(
    ("z", "w"),
    [
        (X @ W, W),
        (X @ (2.0 * W).T, W),
        (X @ (W / 3.0), W),
        (X @ (-W), W),
        (X @ (input_("c", ()) * W.T), W),
        (X + V, V),
        (X * V / 2.0, V),
        (X * parameter("c", ()), parameter("c", ())),
        (X, W),
    ],
)
def test_gradients_that_are_scaled_or_turned(z, w):
    (found,) = evaluate([row_gradient_norms(rows_of(z), [w])], POINT)
    (slope,) = gradient(make("sum", rows_of(z), axes=None, keepdims=False), [w])
    for n in range(2):
        (own,) = evaluate([slope], {**POINT, "x": POINT["x"][n : n + 1]})
        assert found[n] == pytest.approx(np.linalg.norm(own), rel=1e-14)


@pytest.mark.parametrize(
    ("errors", "message"),
    [
        (rows_of(X @ W @ W), r"the gradient by w is <add \(3, 3\)>, .* use the parameter once"),
        (rows_of(X @ (W * W)), r"the gradient by w is <\w+ \(3, 3\)>"),
        (rows_of(X @ W + make("sum", X, axes=(0,), keepdims=False)), r"<sum \(3\)> joins the rows"),
        (X @ W, r"the shape \(n,\), not \('n', 3\)"),
    ],
)
def test_what_cannot_be_read_off_is_said(errors, message):
    with pytest.raises(ds.DownslopeError, match=message):
        row_gradient_norms(errors, [W])


def test_what_does_not_fit_is_said():
    net = ds.Network(2, [ds.Dense(1)])
    with pytest.raises(ds.DownslopeError, match=r"parameters lacks layer1\.bias"):
        ds.gradient_norms(net, [[1.0, 2.0]], [1.0], parameters={"layer1.weight": [[1.0, 1.0]]})
