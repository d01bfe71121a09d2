"""``predict``: the network's own node, on either engine, at parameters that have to be the network's."""

import numpy as np
import pytest

import downslope as ds
from downslope.engines import evaluate
from engine_names import ENGINES
from random_networks import NETWORKS, data_for


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", NETWORKS)
def test_every_network(name, engine, monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_ENGINE", engine)
    network = NETWORKS[name]
    x, _, _, parameters = data_for(network, 35)
    (expected,) = evaluate([network.graph().prediction], {**parameters, "x": x})
    np.testing.assert_allclose(
        ds.predict(network, x, parameters=parameters), expected, rtol=1e-12, atol=1e-14
    )
    single = ds.predict(network, x.astype(np.float32), parameters=parameters)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, expected, rtol=1e-4, atol=1e-5)


def test_classes_get_probabilities_and_counts_get_rates():
    weight = {"layer1.weight": [[1.0], [3.0]]}
    classes = ds.Network(1, [ds.Dense(2, bias=False)], loss="cross_entropy")
    counts = ds.Network(1, [ds.Dense(2, bias=False)], loss="poisson")
    e = np.exp([1.0, 3.0])
    np.testing.assert_allclose(ds.predict(classes, [[1.0]], parameters=weight)[0], e / e.sum(), rtol=1e-14)
    np.testing.assert_allclose(ds.predict(counts, [[1.0]], parameters=weight)[0], e, rtol=1e-14)


def test_a_run_and_whole_numbers_will_do():
    net = ds.Network(1, [ds.Dense(1, bias=False)])
    run = ds.descend(net, [[1.0], [2.0]], [2.0, 4.0], start=[0.0], learning_rate=0.1, steps=60)
    found = ds.predict(net, [[3], [10]], parameters=run)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, [[6.0], [20.0]], rtol=1e-12)


@pytest.mark.parametrize("rows", [0, 1, 5000])
def test_any_number_of_rows(rows, monkeypatch):
    network = NETWORKS["embeddings"]
    from downslope.training import _predict

    monkeypatch.setattr(_predict._prediction(network), "rows_at_once", 64)
    x, _, _, parameters = data_for(network, rows)
    (expected,) = evaluate([network.graph().prediction], {**parameters, "x": x})
    found = ds.predict(network, x, parameters=parameters)
    assert found.shape == (rows, 2)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_what_comes_back_is_the_callers_own():
    net = ds.Network(1, [ds.Dense(1, bias=False)])
    first = ds.predict(net, [[3.0]], parameters={"layer1.weight": [[2.0]]})
    ds.predict(net, [[3.0]], parameters={"layer1.weight": [[5.0]]})
    assert first.tolist() == [[6.0]]
    first[0, 0] = 1.0


NET = ds.Network(2, [ds.Embedding((1,), (3,), (1,)), ds.Dense(1, bias=False)])
AT = {"layer1.column1": [[1.0], [2.0], [3.0]], "layer2.weight": [[1.0, 1.0]]}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"x": [1.0, 2.0]}, r"x needs the shape \(rows, 2\), not \(2,\)"),
        ({"x": [["a", "b"]]}, "x holds text such as 'a'"),
        ({"x": [[1.0, np.nan]]}, r"x\[0, 1\] is nan; fill in a number or leave the row out"),
        ({"x": [[1.0, 0.0], [1.0, 3.0]]}, r"x\[1, 1\] is 3, and layer1.column1 has vectors for .* 0 to 2"),
        ({"x": [[1.0, 0.5]]}, r"x\[0, 1\] is 0.5"),
        ({"x": [[1.0, -1.0]]}, r"x\[0, 1\] is -1"),
        ({"parameters": [1.0]}, r"parameters needs a flat list of 5 numbers, .* not the shape \(1,\)"),
        (
            {"parameters": {**AT, "w": 1.0}},
            "parameters names a parameter 'w' that the network lacks; the network has layer1.column1",
        ),
        ({"parameters": {}}, r"parameters lacks layer1\.column1; the network has"),
        (
            {"parameters": {**AT, "layer2.weight": [1.0]}},
            r"parameters\['layer2.weight'\] needs the shape \(1, 2\), not \(1,\)",
        ),
        ({"parameters": {**AT, "layer2.weight": [["a", "b"]]}}, r"parameters\['layer2.weight'\] holds text"),
    ],
)
def test_what_does_not_fit_is_said(changed, message):
    given = {"x": [[1.0, 2.0]], "parameters": AT, **changed}
    with pytest.raises(ds.DownslopeError, match=message):
        ds.predict(NET, given["x"], parameters=given["parameters"])


def test_levels_that_an_embedding_has_not_are_refused_in_training_too():
    with pytest.raises(ds.DownslopeError, match=r"x\[0, 1\] is 3"):
        ds.descend(NET, [[1.0, 3.0]], [1.0])


def test_layers_given_as_lists_are_networks_like_others():
    lists = ds.Network(2, [ds.Embedding([1], [3], [1]), ds.Residual([ds.Dense(2)]), ds.Dense(1)])
    tuples = ds.Network(2, [ds.Embedding((1,), (3,), (1,)), ds.Residual((ds.Dense(2),)), ds.Dense(1)])
    assert lists == tuples
    assert hash(lists) == hash(tuples)
