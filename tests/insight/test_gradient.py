"""∂E/∂w against central differences of what is predicted, between the engines, and at any kind of point."""

import numpy as np
import pytest

import downslope as ds
from random_networks import NETWORKS, data_for, flat


def error(network, x, y, parameters, weights):
    """E of rows, from a descent of no step but one: the loss before the first update."""
    return ds.descend(
        network, x, y, start=parameters, row_weights=weights, steps=1, learning_rate=1e-12
    ).losses[0]


def moved(parameters, name, index, by):
    value = parameters[name].copy()
    value[index] += by
    return parameters | {name: value}


@pytest.mark.parametrize("name", NETWORKS)
def test_central_differences(name):
    network = NETWORKS[name]
    if name == "dropout":
        network = ds.Network(4, [layer for layer in network.layers if not isinstance(layer, ds.Dropout)])
    x, y, weights, parameters = data_for(network, 12)
    found = ds.gradient(network, x, y, parameters=parameters, row_weights=weights)
    assert {name: g.shape for name, g in found.items()} == {n: v.shape for n, v in parameters.items()}
    h = 1e-5
    for parameter, value in parameters.items():
        for index in list(np.ndindex(value.shape))[::3]:
            ahead, behind = (
                error(network, x, y, moved(parameters, parameter, index, side), weights) for side in (h, -h)
            )
            assert found[parameter][index] == pytest.approx((ahead - behind) / (2 * h), rel=2e-4, abs=2e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_engines_agree(name, monkeypatch):
    network = NETWORKS[name]
    x, y, weights, parameters = data_for(network, 70)
    point = {"parameters": parameters, "row_weights": weights}
    native = flat(ds.gradient(network, x, y, **point))
    single = ds.gradient(network, x.astype(np.float32), y, **point)
    monkeypatch.setenv("DOWNSLOPE_ENGINE", "reference")
    reference = flat(ds.gradient(network, x, y, **point))
    size = np.abs(reference).max()
    assert np.abs(native - reference).max() <= 1e-12 * size
    assert all(g.dtype == np.float32 for g in single.values())
    assert np.abs(flat(single) - reference).max() <= 1e-5 * size


def test_a_step_of_descent_goes_along_it():
    network = NETWORKS["tanh"]
    x, y, weights, parameters = data_for(network, 40)
    step = ds.descend(network, x, y, start=parameters, row_weights=weights, steps=1, learning_rate=0.5)
    found = ds.gradient(network, x, y, parameters=parameters, row_weights=weights)
    for name, value in parameters.items():
        np.testing.assert_allclose(step.parameters[name], value - 0.5 * found[name], rtol=1e-12, atol=1e-14)


def test_an_ensemble_has_the_mean_of_its_members_gradients():
    one, two = (ds.Network(4, [ds.Dense(units, "tanh"), ds.Dense(2)]) for units in (3, 5))
    pair = ds.Ensemble([one, two])
    x, y, _, _ = data_for(one, 30)
    weights = np.random.default_rng(1).uniform(0, 2, (30, 2))
    parameters = pair.initial_parameters(3)
    found = ds.gradient(pair, x, y, parameters=parameters, row_weights=weights)
    assert list(found) == list(parameters)
    for member, network in enumerate((one, two)):
        own = ds.gradient(
            network, x, y, parameters=pair.of_member(member, parameters), row_weights=weights[:, member]
        )
        for name, part in own.items():
            np.testing.assert_allclose(found[pair.prefix(member) + name], part / 2, rtol=1e-12)


def test_the_point_is_given_in_any_form():
    network = ds.Network(2, [ds.Dense(3, "tanh"), ds.Dense(1)])
    x, y = np.random.default_rng(0).normal(size=(20, 2)), np.arange(20.0)
    run = ds.descend(network, x, y, steps=5)
    expected = ds.gradient(network, x, y, parameters=run.parameters)
    for point in (run, flat(run.parameters), flat(run.parameters).tolist()):
        found = ds.gradient(network, x, y, parameters=point)
        assert all(np.array_equal(found[name], expected[name]) for name in expected)
