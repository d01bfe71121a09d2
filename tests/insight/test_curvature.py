"""H·v against differences of the gradient, against what is known of H, and between the engines."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import downslope as ds
from downslope.engines import evaluate
from downslope.graph import gradient
from downslope.insight.diagnosis.measured import least_curvature
from random_networks import NETWORKS, SMOOTH, data_for, direction_for, flat, networks
from thorough import examples


def difference(network, x, y, parameters, vector, weights, step=1e-6):
    """(g(w + hv) − g(w − hv)) / 2h"""
    graph = network.graph()
    slopes = gradient(graph.error, list(graph.parameters.values()))
    given_rows = {"x": x, "y": y, "row_weights": weights}
    sides = []
    for side in (step, -step):
        moved = {name: w + side * vector[name] for name, w in parameters.items()}
        found = evaluate(slopes, {**given_rows, **moved})
        sides.append(flat(dict(zip(parameters, found, strict=True))))
    return (sides[0] - sides[1]) / (2 * step)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_and_loss(name):
    network = NETWORKS[name]
    x, y, weights, parameters = data_for(network, 35)
    vector = direction_for(parameters)
    found = ds.hessian_vector_product(
        network, x, y, parameters=parameters, vector=vector, row_weights=weights
    )
    assert {name: v.shape for name, v in found.items()} == {n: v.shape for n, v in parameters.items()}
    expected = difference(network, x, y, parameters, vector, weights)
    np.testing.assert_allclose(flat(found), expected, rtol=1e-5, atol=1e-7 * np.abs(expected).max() + 1e-9)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_engines_agree(name, monkeypatch):
    network = NETWORKS[name]
    x, y, _, parameters = data_for(network, 70)
    vector = direction_for(parameters)
    settings = {"parameters": parameters, "vector": vector}
    native = flat(ds.hessian_vector_product(network, x, y, **settings))
    single = ds.hessian_vector_product(network, x.astype(np.float32), y, **settings)
    monkeypatch.setenv("DOWNSLOPE_ENGINE", "reference")
    reference = flat(ds.hessian_vector_product(network, x, y, **settings))
    size = np.abs(reference).max() + 1e-30
    assert np.abs(native - reference).max() <= 1e-12 * size
    assert all(v.dtype == np.float32 for v in single.values())
    assert np.abs(flat(single) - reference).max() <= 2e-5 * size


@settings(max_examples=examples(40), deadline=None, derandomize=True)
@given(networks(SMOOTH), st.integers(1, 40), st.integers(0, 100))
def test_any_smooth_network(network, rows, seed):
    x, y, weights, parameters = data_for(network, rows, seed)
    u, v = direction_for(parameters, 1), direction_for(parameters, 2)

    def times(vector):
        found = ds.hessian_vector_product(
            network, x, y, parameters=parameters, vector=vector, row_weights=weights
        )
        return flat(found)

    hu, hv = times(u), times(v)
    size = np.linalg.norm(hu) * np.linalg.norm(flat(v)) + np.linalg.norm(hv) * np.linalg.norm(flat(u))
    assert abs(flat(v) @ hu - flat(u) @ hv) <= 1e-11 * size + 1e-14  # H is symmetric
    both = times({name: 2 * u[name] - 3 * v[name] for name in u})
    np.testing.assert_allclose(both, 2 * hu - 3 * hv, atol=1e-10 * (np.abs(hu) + np.abs(hv)).max() + 1e-14)


def test_a_linear_network_has_the_hessian_of_its_forecast():
    net = ds.Network(3, [ds.Dense(1, bias=False)], l2=0.2)
    x, y = np.random.default_rng(0).normal(size=(12, 3)), np.ones(12)
    told = ds.forecast(net, x, y)
    for size, direction in zip(told.eigenvalues, told.directions, strict=True):
        vector = {"layer1.weight": direction[None, :]}
        found = ds.hessian_vector_product(net, x, y, parameters=vector, vector=vector)
        np.testing.assert_allclose(found["layer1.weight"][0], size * direction, atol=1e-12)


def test_an_error_without_curvature():
    net = ds.Network(2, [ds.Dense(1)], loss="absolute_error")
    parameters = net.initial_parameters()
    found = ds.hessian_vector_product(net, [[1.0, 2.0]], [9.0], parameters=parameters, vector=parameters)
    assert {name: v.tolist() for name, v in found.items()} == {
        "layer1.weight": [[0.0, 0.0]],
        "layer1.bias": [0.0],
    }
    found["layer1.weight"][0, 1] = 5.0  # the caller's own
    assert found["layer1.weight"].tolist() == [[0.0, 5.0]]


def test_rows_beyond_what_is_evaluated_at_once(monkeypatch):
    network = NETWORKS["residual"]
    x, y, weights, parameters = data_for(network, 300)
    weights[:100] = 0.0
    settings = {"parameters": parameters, "vector": direction_for(parameters), "row_weights": weights}
    whole = flat(ds.hessian_vector_product(network, x, y, **settings))
    from downslope.insight.gradients import _hessian

    monkeypatch.setattr(_hessian._program(network), "rows_at_once", 70)
    parts = flat(ds.hessian_vector_product(network, x, y, **settings))
    np.testing.assert_allclose(parts, whole, rtol=1e-11, atol=1e-13)


def test_what_does_not_fit_is_said():
    net = ds.Network(2, [ds.Dense(1)])
    at = net.initial_parameters()
    with pytest.raises(ds.DownslopeError, match=r"vector lacks layer1\.bias"):
        ds.hessian_vector_product(
            net, [[1, 2]], [1], parameters=at, vector={"layer1.weight": at["layer1.weight"]}
        )
    with pytest.raises(
        ds.DownslopeError, match=r"vector\['layer1.bias'\] needs the shape \(1,\), not \(2,\)"
    ):
        ds.hessian_vector_product(net, [[1, 2]], [1], parameters=at, vector={**at, "layer1.bias": [1.0, 2.0]})


def test_the_least_curvature_is_that_of_the_whole_hessian():
    """Of 13 parameters, whose Hessian is formed column by column."""
    network = ds.Network(2, [ds.Dense(3, "tanh"), ds.Dense(1)])
    random = np.random.default_rng(0)
    x = random.standard_normal((40, 2))
    rows = {"x": x, "y": x[:, :1] * x[:, 1:], "row_weights": np.ones(40)}
    at = network.initial_parameters(3, np.dtype(float))
    columns = []
    for unit in np.eye(sum(value.size for value in at.values())):
        parts = np.split(unit, np.cumsum([value.size for value in at.values()])[:-1])
        vector = {name: part.reshape(at[name].shape) for name, part in zip(at, parts, strict=True)}
        product = ds.hessian_vector_product(network, x, rows["y"], parameters=at, vector=vector)
        columns.append(flat(product))
    expected = np.linalg.eigvalsh(np.array(columns))[0]
    assert expected < 0
    assert least_curvature(network, at, rows) == pytest.approx(expected, rel=1e-6)
